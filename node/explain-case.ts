/** A case in plain words: what is asked of whom, who may do what until when, and what silence decides. */
import { type Currency, formatAmount } from "../protocol/money.ts";
import type { Language } from "../protocol/refusal-words.ts";
import type { CaseEntry } from "./chain/disputes.ts";
import type { ExplainWords } from "./words/en.ts";
import { words } from "./words/words.ts";

export type CaseContext = {
  readonly currency: Currency;
  /** What each step of a case has, in seconds. */
  readonly claimPeriodS: number;
  /** Milliseconds. */
  readonly now: number;
};

type CaseWords = ExplainWords["case"];

export function explainCase(
  entry: CaseEntry,
  context: CaseContext,
  language: Language = "en",
): string[] {
  const say = words[language].case;
  const { kind, claimant, accused, amount } = entry;
  const asked = formatAmount(amount, context.currency);
  return [say.asks(claimant, asked, accused, say[kind](accused)), whatComes(entry, context, say)];
}

function whatComes(
  { caseId, kind, status, claimant, accused, deadlineS }: CaseEntry,
  { claimPeriodS, now }: CaseContext,
  say: CaseWords,
): string {
  const isOver = now > deadlineS * 1000;
  const isDoubleSpend = kind === "double-spend";
  const until = timeOf(deadlineS);
  switch (status) {
    case "opened":
      return isOver
        ? say.unanswered(accused, until, isDoubleSpend, timeOf(deadlineS + claimPeriodS))
        : say.mayAnswer(accused, until, isDoubleSpend, claimPeriodS);
    case "answered":
      return isOver ? say.unruled(until) : say.answered(until);
    case "ruled":
      return say.ruled(accused);
    case "enforced":
      return say.enforced(accused);
    case "dismissed":
      return say.dismissed(claimant);
    case "lapsed":
      return say.lapsed;
    case "none":
      return say.none(caseId);
  }
}

function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
