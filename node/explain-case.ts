/** A case in plain words: what is asked of whom, who may do what until when, and what silence decides. */
import { type Currency, formatAmount } from "../protocol/money.ts";
import type { CaseEntry } from "./chain/disputes.ts";

export type CaseContext = {
  readonly currency: Currency;
  /** What each step of a case has, in seconds. */
  readonly claimPeriodS: number;
  /** Milliseconds. */
  readonly now: number;
};

export function explainCase(entry: CaseEntry, context: CaseContext): string[] {
  return [whatIsAsked(entry, context), whatComes(entry, context)];
}

function whatIsAsked(
  { kind, claimant, accused, amount }: CaseEntry,
  { currency }: CaseContext,
): string {
  const subject = {
    "double-spend": `a coin of member ${accused}'s that two records name, and for which no report is paid`,
    "false-receipt": `a receipt that member ${accused} signed for a coin which is not there`,
    "false-certificate": `a certificate that member ${accused} signed for a key which is not enrolled`,
  }[kind];
  return `Member ${claimant} asks ${formatAmount(amount, currency)} of the bond of member ${accused}, for ${subject}.`;
}

function whatComes(
  { caseId, kind, status, claimant, accused, deadlineS }: CaseEntry,
  { claimPeriodS, now }: CaseContext,
): string {
  const isOver = now > deadlineS * 1000;
  const until = timeOf(deadlineS);
  const ruledUntil = timeOf(deadlineS + claimPeriodS);
  switch (status) {
    case "opened":
      return isOver
        ? `Member ${accused} has not answered until ${until}. ${ruling(kind, `until ${ruledUntil}`)} After that the case lapses.`
        : `Member ${accused} may answer until ${until}. If it says nothing, this follows: ${ruling(kind, `within ${days(claimPeriodS)} from then`)}`;
    case "answered":
      return isOver
        ? `It is answered, and no regulator ruled until ${until}: anyone may let it lapse, and it can be opened again.`
        : `It is answered. A regulator rules until ${until}; after that the case lapses, and can be opened again.`;
    case "ruled":
      return `It is ruled for the claimant: anyone may have it enforced, and the bond of member ${accused} pays.`;
    case "enforced":
      return `It is enforced: the bond of member ${accused} has paid, or pays in its turn.`;
    case "dismissed":
      return `It is ruled against member ${claimant}: nothing is paid by it, and member ${claimant} can open no other on the same.`;
    case "lapsed":
      return "It has ended undecided, with nothing paid by it: it can be opened again.";
    case "none":
      return `There is no case ${caseId}.`;
  }
}

/** What becomes of a case that nobody answers. */
function ruling(kind: CaseEntry["kind"], when: string): string {
  return kind === "double-spend"
    ? `A regulator rules ${when}.`
    : `Anyone may have the case ruled for the claimant, if the bond can spare the amount and rival claims leave room for it; otherwise a regulator rules ${when}.`;
}

function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function days(seconds: number): string {
  return seconds < 172_800 ? `${seconds} seconds` : `${Math.floor(seconds / 86_400)} days`;
}
