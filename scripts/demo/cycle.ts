/** Closing a cycle of settlement, and waiting for what only the whole consortium can do. */
import { closeCycle } from "../../node/chain/calls.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Devnet } from "../devnet/network.ts";
import { until } from "./patience.ts";
import { nodes } from "./stage.ts";

/** A member closes the cycle, as its operator may at any time; the nodes do the rest. */
export async function closeAndSettle(devnet: Devnet, cycle: number): Promise<void> {
  await using chain = await devnet.chainOf(1);
  await chain.start();
  await until("the cycle can be closed", () =>
    chain.send(closeCycle()).then(
      () => true,
      (error: Error) => {
        // The contract says that it is too soon.
        if (error.message.startsWith("SettlementCycleTooShort")) return false;
        throw error;
      },
    ),
  );
  await onAllNodes(
    `knows that cycle ${cycle} has settled`,
    async (node) => (await devnet.client(node).status()).settledCycle >= cycle,
  );
}

/** Until each node has applied all of the records. */
export async function untilApplied(devnet: Devnet, records: readonly Hex[]): Promise<void> {
  await onAllNodes("has applied the records", async (node) =>
    (await devnet.client(node).statuses(records)).every(({ state }) => state === "applied"),
  );
}

/** Until it is so on each node. @param what follows "node 1", to be said if it does not come to be. */
export async function onAllNodes(
  what: string,
  isSo: (node: number) => Promise<boolean>,
): Promise<void> {
  await Promise.all(nodes.map((node) => until(`node ${node} ${what}`, () => isSo(node))));
}
