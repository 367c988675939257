/** Folders that are gone after the suite. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "mocha";

export function temporaryFolders(): { make(): Promise<string> } {
  const made: string[] = [];
  after(async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true });
  });
  return {
    async make() {
      const folder = await mkdtemp(join(tmpdir(), "tallystick-device-"));
      made.push(folder);
      return folder;
    },
  };
}
