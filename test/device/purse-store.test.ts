/** Both stores of a purse, by one suite. */
import { FilePurseStore } from "../../device/file-store.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { testPurseStore } from "./support/purse-store.suite.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";

testPurseStore("memory", async () => new MemoryPurseStore());

describe("in a folder", () => {
  const folders = temporaryFolders();
  let folder: string;

  testPurseStore(
    "file",
    async () => {
      folder = await folders();
      return FilePurseStore.open(folder);
    },
    async (store) => {
      await store.close();
      return FilePurseStore.open(folder);
    },
  );
});
