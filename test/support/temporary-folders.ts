import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new empty folder for one test, gone when its `describe` is over. Call it inside the `describe`. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = [];
  before(function () {
    // A hook that is added as the tests begin comes after all that are written down:
    // whatever they stop has stopped writing.
    this.test!.parent!.afterAll("remove the folders", async () => {
      for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
    });
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "tallystick-"));
    made.push(folder);
    return folder;
  };
}
