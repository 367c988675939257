/** Why a member does not endorse a batch: the leaves that are not what an endorsement says of them. */
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal, type RefusalCode } from "../../protocol/refusal.ts";

/** Leaves named in one objection; the proposer learns of the others the next time. */
export const OBJECTIONS_MAX = 64;

export class Objection extends Refusal {
  /** Hashes of the leaves objected to; none if it is about the batch as such. */
  readonly leaves: readonly Hex[];

  constructor(code: RefusalCode, detail: string, leaves: readonly Hex[]) {
    super(code, detail);
    this.name = "Objection";
    this.leaves = leaves.slice(0, OBJECTIONS_MAX);
  }
}
