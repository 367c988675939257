/**
 * Small files that a crash leaves whole: the old one, the new one, or, where there was none, none.
 * The bytes are synced before they get their name, and the folder after.
 */
import { link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Puts `text` in the place of whatever is at `path`. */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  await withDraft(path, content, mode, (draft) => rename(draft, path));
}

/** @throws an error with code EEXIST if there is anything at `path`. */
export async function createFile(
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  await withDraft(path, content, mode, (draft) => link(draft, path));
}

export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** Whether `name` is what a crash may leave of writing the file called `of`. */
export function isDraft(name: string, of: string): boolean {
  return name.startsWith(`${of}.`) && name.endsWith(".draft");
}

async function withDraft(
  path: string,
  content: string | Uint8Array,
  mode: number,
  place: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  try {
    await writeSynced(draft, content, mode);
    await place(draft);
    await syncFolder(dirname(path));
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeSynced(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  await rm(path, { force: true });
  await using file = await open(path, "wx", mode);
  await file.writeFile(content);
  await file.sync();
}
