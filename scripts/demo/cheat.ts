/**
 * Somebody who has a purse twice. The purse of the demo is software: whoever owns the machine can read its
 * key and its rows, and then no check of its own helps. What a secure element would never give away is taken
 * here from the files; the copy is an unchanged purse over what was taken.
 */
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { FilePurseStore } from "../../device/file-store.ts";
import { decodeJournal } from "../../device/journal.ts";
import { isRefusal } from "../../protocol/refusal.ts";

const KEY = "key.json";
const STORE = "purse";
const JOURNAL = join(STORE, "purse.journal");

/** Copies a device's folder as a file manager would. @throws Error if the copy opens: it must be refused. */
export async function copyPlainly(from: string, to: string): Promise<void> {
  await mkdir(join(to, STORE), { recursive: true, mode: 0o700 });
  for (const name of [KEY, JOURNAL]) await copyFile(join(from, name), join(to, name));
  try {
    const store = await FilePurseStore.open(join(to, STORE));
    await store.close();
  } catch (error) {
    if (isRefusal(error, "wrong-folder")) return;
    throw error;
  }
  throw new Error(`${to} is a plain copy of a purse, and opened`);
}

/** Takes the rows out of a device's journal, and writes them into one that is the copy's own. */
export async function forgeCopy(from: string, to: string): Promise<void> {
  const { writes } = decodeJournal(new Uint8Array(await readFile(join(from, JOURNAL))));
  await rm(join(to, STORE), { recursive: true, force: true });
  await mkdir(to, { recursive: true, mode: 0o700 });
  await copyFile(join(from, KEY), join(to, KEY));
  const store = await FilePurseStore.open(join(to, STORE));
  for (const changes of writes) await store.write(changes);
  await store.close();
}
