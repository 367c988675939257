/** Why a member does not endorse a batch: the leaves that are not what an endorsement says of them. */
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal, type RefusalCode } from "../../protocol/refusal.ts";

export class Objection extends Refusal {
  /** Hashes of the leaves objected to, as many as an answer holds; none if it is about the batch as such. */
  readonly leaves: readonly Hex[];

  constructor(code: RefusalCode, detail: string, leaves: readonly Hex[]) {
    super(code, detail);
    this.name = "Objection";
    this.leaves = leaves.slice(0, limits.objectionsMax);
  }
}
