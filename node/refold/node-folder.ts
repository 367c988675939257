/** Batches out of the data folder of a node that is stopped, for an auditor beside it. It changes nothing in it. */
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { nodeFolder } from "../databases.ts";
import { DataFolder } from "../service/data-folder.ts";
import { LeafStore } from "../store/leaf-store.ts";
import { ledgerFiles } from "../store/ledger-store.ts";
import type { BatchSource } from "./batch-source.ts";

export type OpenNodeFolder = { readonly batches: BatchSource } & AsyncDisposable;

/** @throws Refusal `in-use` while the node runs; `wrong-folder`, `wrong-network`. */
export async function openNodeFolder(path: string, networkId: Hex): Promise<OpenNodeFolder> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await DataFolder.open(path, { ...nodeFolder, networkId }));
  const files = await folder.openStore("leaves", ledgerFiles);
  stack.defer(() => files.close());
  const leaves = new LeafStore(files);
  const open = stack.move();
  return {
    batches: async (root) => {
      const whole = await leaves.getWhole(root);
      if (whole === undefined)
        throw new Refusal("not-found", `${path} does not hold the batch with root ${root}`);
      return whole.leaves;
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
