/**
 * How fast an auditor folds a network's whole history again: from the chain and one node's bytes, every
 * signature checked and every checkpoint compared, while the nodes stand by.
 */
import { join } from "node:path";
import { Refold } from "../../node/refold/refold.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { MEMBERS } from "../devnet/blueprint.ts";
import type { Devnet } from "../devnet/network.ts";

export type RefoldRate = {
  readonly leaves: number;
  /** Settled checkpoints that were compared. */
  readonly checkpoints: number;
  readonly perSecond: number;
};

export async function measureRefold(devnet: Devnet): Promise<RefoldRate> {
  const [member] = MEMBERS;
  const node = devnet.client(member);
  await using chain = await devnet.chainOf(member);
  await chain.start();
  const logger = makeLogger({ name: "bench", level: "error" });
  const { network } = devnet;
  const parts = { network, chain, batches: node.batch.bind(node), logger };
  await using refold = await Refold.open(join(devnet.folder, "auditor"), parts);
  let [leaves, checkpoints] = [0, 0];
  const start = performance.now();
  await refold.run((progress) => {
    leaves = progress.leaves;
    if (progress.cycle !== undefined) checkpoints++;
  });
  return { leaves, checkpoints, perSecond: (leaves * 1000) / (performance.now() - start) };
}
