/**
 * A note in a database's folder while it is used and its tables are not checked yet. LevelDB ends the
 * process at some damaged blocks; a process that ended so would be started, and end, for ever. Whoever
 * finds the note of a run that came neither to the end of its checks nor to an orderly close checks the
 * tables before LevelDB sees them.
 */
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** LevelDB leaves files alone whose names it does not know. */
const FILE_NAME = "UNCHECKED";

export async function isUnchecked(folder: string): Promise<boolean> {
  return await stat(join(folder, FILE_NAME)).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

/** Not synced: it tells of processes that ended, not of machines. */
export async function noteUnchecked(folder: string): Promise<void> {
  await writeFile(join(folder, FILE_NAME), "", { mode: 0o600 });
}

export async function noteChecked(folder: string): Promise<void> {
  await rm(join(folder, FILE_NAME), { force: true });
}
