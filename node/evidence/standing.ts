/**
 * How far a conflict has come, by the ledger alone. A loser is worth reporting if every rule but R3 holds
 * for it and each of its inputs stands, or was lost like this one: then the coins that are made once more
 * let it apply whole. Otherwise paying one of them would help nobody.
 */
import type { Outpoint, Output } from "../../protocol/output.ts";
import { lock } from "../../protocol/output.ts";
import { isRefusal, refusalCodes } from "../../protocol/refusal.ts";
import { checkRecord, type History, type LedgerView } from "../../protocol/rules.ts";
import { type Conflict, replacementOf, type Standing } from "./conflict.ts";

/** What is asked of the ledger. */
export type LedgerNow = {
  readonly networkId: Uint8Array;
  readonly view: LedgerView;
  readonly history: History;
  readonly settledCycle: number;
};

/**
 * @param siblings the open conflicts of the same loser, this one among them.
 * @returns `due` where the contract has to be asked how it stands.
 */
export function standingOf(
  ledger: LedgerNow,
  conflict: Conflict,
  siblings: readonly Conflict[],
): Standing {
  const { spend, winner } = conflict;
  const { view, history, settledCycle } = ledger;
  if (history.hasApplied(spend.lostId)) return PAID;
  const replacement = replacementOf(spend);
  if (view.coin(replacement) !== undefined) return RESTITUTED;
  if (history.spenderOf(replacement) !== undefined) return RECLAIMED;
  const hindrance = hindranceOf(ledger, conflict, siblings);
  if (hindrance !== undefined) return hindrance;
  if (winner.cycle <= settledCycle) return DUE;
  return {
    stage: "waiting",
    code: "unsettled",
    detail: `cycle ${winner.cycle}, in which the other record applied, has not settled`,
  };
}

/** Why the loser would not apply even if all it lost were made once more. */
function hindranceOf(
  { networkId, view, history }: LedgerNow,
  { spend }: Conflict,
  siblings: readonly Conflict[],
): Standing | undefined {
  const made = new Map<Outpoint, Output>();
  for (const { spend: lost } of siblings) {
    const { owner, custodian, amount } = lost;
    made.set(lost.outpoint, { lock: lock.key, owner, custodian, amount });
  }
  try {
    checkRecord(networkId, spend.lost, spend.lostId, 0, restored(view, made), history);
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const stage = refusalCodes[error.code].retry ? "waiting" : "void";
    return { stage, code: error.code, detail: error.message };
  }
}

/** The ledger as it would be if these coins stood. */
function restored(view: LedgerView, made: ReadonlyMap<Outpoint, Output>): LedgerView {
  return {
    reclaimDelayS: view.reclaimDelayS,
    coin: (outpoint) => made.get(outpoint) ?? view.coin(outpoint),
    restitutedAtS: (outpoint) => view.restitutedAtS(outpoint),
    custodianOf: (owner) => view.custodianOf(owner),
    revokedAtS: (member, owner) => view.revokedAtS(member, owner),
    member: (id) => view.member(id),
  };
}

export const DUE: Standing = { stage: "due", code: "due", detail: "it can be reported" };
const RESTITUTED: Standing = {
  stage: "restituted",
  code: "restituted",
  detail: "the coin exists once more for this record",
};
const PAID: Standing = { stage: "paid", code: "applied", detail: "the record has applied" };
const RECLAIMED: Standing = {
  stage: "reclaimed",
  code: "reclaimed",
  detail: "the coin that was made once more was taken back: the record did not come in time",
};
