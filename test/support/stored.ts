/** All that stands on a disk: each file as it is, and each database as LevelDB itself reads it, with no code of ours between. */
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { Level } from "level";

/** @param at the path of a file or of a database, from the folder on. */
export type Stored = { readonly at: string; readonly bytes: Buffer };

/** Databases must be closed by whoever they belong to. Files come before them: opening one changes its files. */
export async function storedIn(folder: string): Promise<Stored[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => ({ at: relative(folder, path), bytes: await readFile(path) })),
  );
  const databases = paths.filter((path) => basename(path) === "CURRENT").map(dirname);
  const contents = await Promise.all(
    databases.map(async (path) => ({ at: relative(folder, path), bytes: await contentOf(path) })),
  );
  return [...files, ...contents];
}

/** Every key with its value, one after the other. */
async function contentOf(path: string): Promise<Buffer> {
  const encodings = { keyEncoding: "buffer", valueEncoding: "buffer" } as const;
  await using level = new Level<Buffer, Buffer>(path, { ...encodings, createIfMissing: false });
  return Buffer.concat((await level.iterator().all()).flat());
}
