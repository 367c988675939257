/**
 * Where sender and courier meet: a folder that both reach, with a file for each parcel, `<id>.parcel`, and one for
 * each answer, `<id>.answer`. Files are strangers' bytes: what is longer than a parcel is not read.
 */
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../node/service/durable-file.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type Kind = "parcel" | "answer";
/** `bytes` is undefined for what is no file, or longer than a parcel. */
export type FolderFile = { readonly name: string; readonly bytes: Uint8Array | undefined };

/** An id, a key and a tag stand around what is sealed. */
const LENGTH_MAX = limits.parcelBytesMax + 128;

/** One after the other, in the order of their names. @throws Refusal `bad-configuration` if there is no such folder. */
export async function* filesIn(dir: string, kind: Kind): AsyncGenerator<FolderFile> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    throw unusable(dir, "read", error);
  });
  for (const name of names.filter((each) => each.endsWith(`.${kind}`)).toSorted()) {
    yield { name, bytes: await readShort(join(dir, name)) };
  }
}

/** The answer to a parcel, if a courier has left it. */
export function readAnswer(dir: string, id: Hex): Promise<Uint8Array | undefined> {
  return readShort(pathOf(dir, id, "answer"));
}

/** @throws Refusal `bad-configuration` if it cannot be written. */
export async function writeFileIn(
  dir: string,
  id: Hex,
  kind: Kind,
  bytes: Uint8Array,
): Promise<void> {
  await replaceFile(pathOf(dir, id, kind), bytes, 0o644).catch((error: NodeJS.ErrnoException) => {
    throw unusable(dir, "written", error);
  });
}

/** Takes away what has done its work, so that nobody carries it again. */
export async function removeFilesOf(dir: string, id: Hex): Promise<void> {
  for (const kind of ["parcel", "answer"] as const) {
    await rm(pathOf(dir, id, kind), { force: true });
  }
}

function pathOf(dir: string, id: Hex, kind: Kind): string {
  return join(dir, `${id.slice(2)}.${kind}`);
}

/** Undefined for what is not there, is no file, or is too long. */
async function readShort(path: string): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, "r");
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > LENGTH_MAX) return undefined;
    return new Uint8Array(await file.readFile());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(path, "read", error as NodeJS.ErrnoException);
  }
}

function unusable(path: string, use: string, { code }: NodeJS.ErrnoException): Refusal {
  return new Refusal("bad-configuration", `${path} cannot be ${use} (${code})`);
}
