/** A double spend in plain words, for each party: what happened, what it will get or must do, and when. */
import { type Currency, formatAmount } from "../protocol/money.ts";
import type { Language } from "../protocol/refusal-words.ts";
import type { Conflict } from "./evidence/conflict.ts";
import type { ExplainWords } from "./words/en.ts";
import { words } from "./words/words.ts";

/** What the sentences need to know beside the conflict. */
export type ConflictContext = {
  readonly currency: Currency;
  readonly openCycle: number;
  /** Fine for a double spend, in percent of the amount. */
  readonly penaltyPercent: number;
  readonly reclaimDelayS: number;
  /** Whether the network has a contract that pays. */
  readonly canPay: boolean;
  /** Whether the coin was of its custodian's own vault: no customer has signed, and no guarantee bounds it. */
  readonly isVault: boolean;
};

/** Who reads it. */
export type Party = "loser" | "winner" | "custodian" | "owner" | "descendant";

type ConflictWords = ExplainWords["conflict"];

export function explainConflict(
  party: Party,
  conflict: Conflict,
  context: ConflictContext,
  language: Language = "en",
): string[] {
  const say = words[language].conflict;
  const { outpoint, lostId } = conflict.spend;
  switch (party) {
    case "loser":
      return [whatHappened(conflict, context, say), whatComes(conflict, context, say)];
    case "winner":
      return [say.alsoNamed(short(outpoint), lostId), say.stands];
    case "custodian":
      return [whatHappened(conflict, context, say), ...whatTheBankPays(conflict, context, say)];
    case "owner":
      return [whatHappened(conflict, context, say), whatTheKeyFaces(conflict, context, say)];
    case "descendant":
      return [say.waitsFor(lostId), whatComes(conflict, context, say), say.rightAfter];
  }
}

function whatHappened(
  { spend, winner }: Conflict,
  { currency }: ConflictContext,
  say: ConflictWords,
): string {
  const { outpoint, amount, won, wonId, lostId, custodian } = spend;
  const reclaimBy = won.kind === "spend" ? undefined : custodian;
  const sum = formatAmount(amount, currency);
  return say.happened(short(outpoint), sum, wonId, reclaimBy, winner.seq, winner.cycle, lostId);
}

function whatComes(
  conflict: Conflict,
  { openCycle, canPay, reclaimDelayS }: ConflictContext,
  say: ConflictWords,
): string {
  const { spend, winner, standing } = conflict;
  const member = spend.custodian;
  switch (standing.stage) {
    case "waiting":
      return standing.code !== "unsettled" && standing.code !== "found"
        ? say.hindered(standing.detail)
        : say.waiting(member, winner.cycle, winner.cycle === openCycle);
    case "due":
      return canPay ? say.due(member, winner.cycle) : say.unpaid;
    case "refused":
      return whyRefused(conflict, say);
    case "queued":
      return say.queued(member);
    case "restituted":
      return say.restituted(member, reclaimDelayS);
    case "paid":
      return say.paid;
    case "reclaimed":
      return say.reclaimed(member, reclaimDelayS);
    case "void":
      return say.void(standing.code, standing.detail);
  }
}

function whyRefused({ spend, standing }: Conflict, say: ConflictWords): string {
  switch (standing.code) {
    case "DisputesAboveGuarantee":
      return say.aboveGuarantee(spend.custodian);
    case "DisputesBondNeeded":
      return say.bondNeeded(spend.custodian);
    case "DisputesTooLate":
      return say.tooLate;
    case "DisputesPairTaken":
      return say.pairTaken;
    default:
      return say.notNow(standing.detail);
  }
}

function whatTheBankPays(
  { spend, standing }: Conflict,
  context: ConflictContext,
  say: ConflictWords,
): string[] {
  const money = (amount: bigint) => formatAmount(amount, context.currency);
  const { custodian, amount, won } = spend;
  if (standing.stage === "void") return [say.paysNothing(custodian)];
  const paid = say.pays(custodian, money(amount));
  if (won.kind === "reclaim") return [paid, say.noFine(custodian)];
  const fine = (amount * BigInt(context.penaltyPercent)) / 100n;
  return [paid, say.fine(money(fine), context.isVault)];
}

function whatTheKeyFaces(
  { spend, standing }: Conflict,
  { isVault }: ConflictContext,
  say: ConflictWords,
): string {
  const { owner, custodian, won } = spend;
  if (won.kind === "reclaim") return say.signedOnce(owner);
  const isRevoked = ["queued", "restituted", "paid", "reclaimed"].includes(standing.stage);
  return say.signedBoth(owner, isVault ? custodian : undefined, isRevoked);
}

/** Enough of a name to find it by. */
function short(name: string): string {
  return `${name.slice(0, 10)}…${name.slice(-4)}`;
}
