/** The store of a gateway that is one process: a folder of its own. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { describeStore } from "./conformance.ts";

describe("stores: Level", () => {
  const makeFolder = temporaryFolders();
  describeStore("Level", {
    make: async () => `level ${join(await makeFolder(), "data")}`,
    async flip(where, value) {
      const folder = join(where.replace("level ", ""), "gateway");
      for (const name of await readdir(folder)) {
        const bytes = await readFile(join(folder, name));
        const at = bytes.indexOf(value);
        if (at < 0) continue;
        bytes[at]! ^= 1;
        await writeFile(join(folder, name), bytes);
        return;
      }
      throw new Error("the value lies nowhere");
    },
  });
});
