/**
 * What a trace starts from, as people write it: what they have copied from somewhere is told by its length.
 *
 *     0x and 64 digits    a record, deposit, enrolment or conflict, by its id
 *     0x and 66 digits    a coin
 *     0x and 40 digits    the owner of a key
 *     batch:17            what event 17 sequenced; batch:0x… by the batch's root
 *     cycle:3             what a cycle applied
 *     case:2              what a case is about
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type TraceStart =
  | { readonly kind: "id"; readonly id: Hex }
  | { readonly kind: "coin"; readonly outpoint: Outpoint }
  | { readonly kind: "owner"; readonly owner: Owner }
  | { readonly kind: "batch"; readonly seq: number }
  | { readonly kind: "batch-root"; readonly root: Hex }
  | { readonly kind: "cycle"; readonly cycle: number }
  | { readonly kind: "case"; readonly caseId: number };

/** @throws Refusal `malformed`. */
export function parseStart(text: string): TraceStart {
  const lower = text.trim().toLowerCase();
  const [, hex] = /^0x([0-9a-f]+)$/.exec(lower) ?? [];
  if (hex?.length === 64) return { kind: "id", id: `0x${hex}` };
  if (hex?.length === 66) return { kind: "coin", outpoint: `0x${hex}` };
  if (hex?.length === 40) return { kind: "owner", owner: `0x${hex}` };
  const [, root] = /^batch:(0x[0-9a-f]{64})$/.exec(lower) ?? [];
  if (root !== undefined) return { kind: "batch-root", root: root as Hex };
  const [, name, digits] = /^(batch|cycle|case):(\d{1,15})$/.exec(lower) ?? [];
  const number = Number(digits);
  if (name === "batch") return { kind: "batch", seq: number };
  if (name === "cycle") return { kind: "cycle", cycle: number };
  if (name === "case") return { kind: "case", caseId: number };
  throw new Refusal(
    "malformed",
    `"${text.slice(0, 80)}" is nothing to trace: 0x and 64 digits (an id), 66 (a coin) or 40 (an owner), batch:17, cycle:3 or case:2`,
  );
}
