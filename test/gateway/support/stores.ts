import { join } from "node:path";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

/** A new store for one test, closed after it. Call it inside a `describe`. */
export function testStores(): () => Promise<CheckedStore> {
  const opened: CheckedStore[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  const folder = temporaryFolders();
  return async () => {
    const store = await CheckedStore.open(join(await folder(), "store"), { create: true });
    opened.push(store);
    return store;
  };
}
