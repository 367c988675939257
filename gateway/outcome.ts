/** How a leaf ends: the ledger applied it, or it never will. */
import type { Hex } from "../protocol/bytes.ts";
import { isRefusalCode, Refusal, type RefusalCode, refusalCodes } from "../protocol/refusal.ts";
import type { HeldLeaf } from "./intake.ts";

export type Outcome = { readonly leaf: HeldLeaf } & (
  | {
      readonly state: "applied";
      /** The event that applied it. */
      readonly seq: number;
      /** The leaf that applied: another than ours if somebody else signed the same body. */
      readonly leafHash: Hex;
    }
  | { readonly state: "refused"; readonly reason: Refusal }
);

/** A leaf refused for these is on the ledger already, in this form or another. */
const alreadyThere: readonly RefusalCode[] = ["duplicate", "already-enrolled"];

/**
 * Whether a leaf that was refused for this is not tried again. `spent` is among them: only a restitution
 * could still let it apply, and the nodes keep both records for that.
 */
export function isFinal(code: RefusalCode): boolean {
  return code === "spent" || isHopeless(code);
}

/** Whether a leaf that was refused for this can never apply, whatever happens. */
export function isHopeless(code: RefusalCode): boolean {
  return !refusalCodes[code].retry && !alreadyThere.includes(code);
}

/** A node's code as the refusal it is; one that this software does not know is tried again. */
export function refusalFrom(code: string | undefined, detail = ""): Refusal {
  return code !== undefined && isRefusalCode(code)
    ? new Refusal(code, detail)
    : new Refusal("unavailable", `the node gave no reason that is known here: ${code} ${detail}`);
}
