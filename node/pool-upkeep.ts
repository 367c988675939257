/** What an event means for the leaves that wait: some are done, some may go out now. */
import type { Outpoint } from "../protocol/output.ts";
import type { Change } from "./ledger/change.ts";
import type { PendingPool } from "./pending-pool.ts";
import type { Folded } from "./replica.ts";

/** Why a leaf waits that another member, or another key of one, may let apply. */
const MEMBER_CODES = [
  "unknown-member",
  "unknown-recipient",
  "bad-signature",
  "wrong-owner",
] as const;

export function keepPool(pool: PendingPool, { placed: { event }, change }: Folded): void {
  const hashesOf = (isApplied: boolean) =>
    change.outcomes
      .filter(({ code }) => (code === "applied") === isApplied)
      .map(({ leafHash }) => leafHash);
  pool.applied(hashesOf(true));
  // One's own is tried again on the new state, and parked for its reason.
  pool.remove(hashesOf(false).filter((hash) => pool.get(hash)?.local === false));
  pool.arrived(madeCoins(change));
  pool.arrived(change.enrolled.keys());
  if (event.kind !== "member-changed") return;
  // A member or a key may be there now that was not.
  for (const code of MEMBER_CODES) pool.retry(code);
}

function* madeCoins({ coins }: Change): Generator<Outpoint> {
  for (const [outpoint, output] of coins) if (output !== null) yield outpoint;
}
