/** Money for whoever has a code, put together: how it is claimed here, and how it goes back. */
import type { Owner } from "../../protocol/key.ts";
import type { GatewayConfig } from "../config.ts";
import type { NodeWatch } from "../node-watch.ts";
import { RateLimits } from "../rate-limits.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store.ts";
import { Claims, type ClaimsParts } from "./claims.ts";
import { CodeTries } from "./code-tries.ts";
import { Unclaimed, type UnclaimedParts } from "./unclaimed.ts";

type Shared = "claiming" | "memberOfTreasury" | "checkNode";
type Ours = "codeTries" | "claimRates" | "recoveries" | "reclaimDelayMs" | "lifeMs" | "sweepMs";

export type ClaimingParts = Omit<ClaimsParts & UnclaimedParts, Shared | Ours> & {
  readonly store: Store;
};

/** Strangers, and as many members as a member's number can say. */
const NAMES_MAX = 65_537;

export function openClaims(
  parts: ClaimingParts,
  options: Pick<GatewayConfig, "accounts" | "claims" | "rates">,
  watch: NodeWatch,
) {
  const { store, clock } = parts;
  const { claimsPerS: perS, claimsBurst: burst } = options.rates;
  const claimRates = new RateLimits({ perS, burst, namesMax: NAMES_MAX }, clock);
  const shared = {
    ...parts,
    claiming: new Serial(),
    memberOfTreasury: (owner: Owner) => watch.memberOfTreasury(owner),
    checkNode: () => watch.checkCurrent(),
  };
  const { recoveries } = options.accounts;
  const reclaimDelayMs = () => watch.reclaimDelayMs();
  return {
    claimRates,
    claims: new Claims({ ...shared, claimRates, codeTries: new CodeTries(store, clock) }),
    unclaimed: new Unclaimed({ ...shared, ...options.claims, recoveries, reclaimDelayMs }),
  };
}
