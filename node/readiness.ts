/** What /readyz of a node says, from the moment it listens: whether it can do its work, and if not, what it waits for. */
import type { ChainClient } from "./chain/chain-client.ts";
import type { LeafSource } from "./leaf-source.ts";
import type { Replica } from "./replica.ts";
import type { ReadinessChecks } from "./service/health.ts";

/** What there is once the ledger is open. */
export type Books = {
  readonly replica: Pick<Replica, "state">;
  readonly source: Pick<LeafSource, "missing">;
};

/** @param books undefined while the node starts. */
export function readinessOf(
  chain: Pick<ChainClient, "state">,
  books: () => Books | undefined,
): ReadinessChecks {
  return {
    chain: () => (chain.state.kind === "following" ? undefined : chain.state.kind),
    leaves: () => {
      const root = books()?.source.missing;
      return root === undefined ? undefined : `bytes of batch ${root} are missing`;
    },
    ledger: () => {
      const seq = books()?.replica.state.seq;
      if (seq === undefined) return "it is not open yet";
      return seq > 0 ? undefined : "nothing is folded yet";
    },
  };
}
