/** Why a record is where it is, and what comes next, in plain words for the people who ask. */
import type { MemberId, Outpoint } from "../protocol/output.ts";
import { isRefusalCode, type RefusalCode } from "../protocol/refusal.ts";
import type { Language } from "../protocol/refusal-words.ts";
import type { RecordStatus } from "./api/schema.ts";
import type { EventRow } from "./store/history-rows.ts";
import type { ExplainWords } from "./words/en.ts";
import { words } from "./words/words.ts";

/** A coin that a record spends, and that nothing here has made. */
export type MissingCoin = {
  readonly outpoint: Outpoint;
  /** With which the payer's key is enrolled: devices take a receipt of no other for its coins. */
  readonly member: MemberId | undefined;
};

/** What is known of a record beside its status. */
export type Facts = {
  readonly status: RecordStatus;
  /** The event that sequenced it last. */
  readonly event?: EventRow | undefined;
  readonly openCycle: number;
  readonly missing?: MissingCoin | undefined;
  /** Sentences on the double spends that it, or a record it comes from, is part of. */
  readonly doubleSpends?: readonly string[] | undefined;
};

export function explain(facts: Facts, language: Language = "en"): string[] {
  const doubleSpends = facts.doubleSpends ?? [];
  // What a double spend comes to says more than the rule that turned the record down.
  const isLost = facts.status.code === "spent" && doubleSpends.length > 0;
  return isLost
    ? [...doubleSpends]
    : [...explainStatus(facts, words[language].record), ...doubleSpends];
}

type RecordWords = ExplainWords["record"];

function explainStatus({ status, event, openCycle, missing }: Facts, say: RecordWords): string[] {
  switch (status.state) {
    case "unknown":
      return [say.neverSeen, say.letSync];
    case "pending":
      return [...whyPending(status, missing, say), say.settlesWhenever];
    case "applied":
      return [
        say.applied(status.seq, event?.place.blockNumber, event?.member, status.cycle),
        whetherSettled(status, openCycle, say),
      ];
    case "refused": {
      const { seq, code, detail } = status;
      return [
        say.refused(seq, event?.place.blockNumber, code, detail),
        remedyOf(knownCode(code), say),
      ];
    }
  }
}

function whyPending(
  { code, detail }: RecordStatus,
  missing: MissingCoin | undefined,
  say: RecordWords,
): string[] {
  if (code === undefined) return [say.waitsForBatch];
  const known = knownCode(code);
  const vouched = missing === undefined ? [] : whoVouched(missing, say);
  return [say.waits(known, detail ?? code), remedyOf(known, say), ...vouched];
}

/** Nodes never see receipts: the payee's device has it. */
function whoVouched({ outpoint, member }: MissingCoin, say: RecordWords): string[] {
  const who = member === undefined ? say.unknownPayer : say.whoVouched(member);
  return [say.unmade(outpoint), who];
}

function whetherSettled(
  { settled, cycle }: RecordStatus,
  openCycle: number,
  say: RecordWords,
): string {
  if (settled === true) return say.settled(cycle);
  return cycle === openCycle ? say.cycleOpen(cycle) : say.cycleClosed(cycle);
}

function knownCode(code: string | undefined): RefusalCode | undefined {
  return code !== undefined && isRefusalCode(code) ? code : undefined;
}

function remedyOf(code: RefusalCode | undefined, say: RecordWords): string {
  return code === undefined ? "" : say.remedy(code);
}
