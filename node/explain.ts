/** Why a record is where it is, and what comes next, in plain words for the people who ask. */
import { isRefusalCode, refusalCodes } from "../protocol/refusal.ts";
import type { MemberId, Outpoint } from "../protocol/output.ts";
import type { RecordStatus } from "./api/schema.ts";
import type { EventRow } from "./store/history-rows.ts";

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

export function explain(facts: Facts): string[] {
  const doubleSpends = facts.doubleSpends ?? [];
  // What a double spend comes to says more than the rule that turned the record down.
  const isLost = facts.status.code === "spent" && doubleSpends.length > 0;
  return isLost ? [...doubleSpends] : [...explainStatus(facts), ...doubleSpends];
}

function explainStatus({ status, event, openCycle, missing }: Facts): string[] {
  switch (status.state) {
    case "unknown":
      return [
        "This node has never seen it.",
        "If a device made it, let that device, or the one it paid, sync with any gateway of the network.",
      ];
    case "pending":
      return [
        ...whyPending(status, missing),
        "It settles whenever it can apply: records do not expire.",
      ];
    case "applied":
      return [whereApplied(status, event), whetherSettled(status, openCycle)];
    case "refused":
      return [whyRefused(status, event), remedyOf(status.code)];
  }
}

function whyPending({ code, detail }: RecordStatus, missing: MissingCoin | undefined): string[] {
  if (code === undefined) return ["It is checked and waits to be put into a batch."];
  const vouched = missing === undefined ? [] : whoVouched(missing);
  return [`It waits: ${detail ?? code}.`, remedyOf(code), ...vouched];
}

/** Nodes never see receipts: the payee's device has it. */
function whoVouched({ outpoint, member }: MissingCoin): string[] {
  const unmade = `No record or deposit that is known here has made coin ${outpoint}.`;
  if (member === undefined)
    return [
      unmade,
      "The payer's key is enrolled with no member: its coins were never on the ledger.",
    ];
  return [
    unmade,
    `If the payee was shown a receipt for it, member ${member} signed that, with which the payer's key is enrolled. If the coin never comes, the receipt is false, and member ${member} pays what it was good for: the payee's bank opens a case with it.`,
  ];
}

function whereApplied({ seq, cycle }: RecordStatus, event: EventRow | undefined): string {
  const batch = event?.member === undefined ? "" : ` by a batch of member ${event.member}`;
  const block = event === undefined ? "" : ` in block ${event.place.blockNumber}`;
  return `It applied at event ${seq}${block}${batch}, in cycle ${cycle}: its coins have changed hands.`;
}

function whetherSettled({ settled, cycle }: RecordStatus, openCycle: number): string {
  if (settled === true) return `Cycle ${cycle} has settled: reserves have moved between the banks.`;
  if (cycle === openCycle)
    return `Cycle ${cycle} is still open: reserves move once it closes and settles.`;
  return `Cycle ${cycle} is closed: reserves move once a quorum has signed its checkpoint.`;
}

function whyRefused({ seq, code, detail }: RecordStatus, event: EventRow | undefined): string {
  const when =
    seq === undefined
      ? "It"
      : `Sequenced at event ${seq}${event === undefined ? "" : ` in block ${event.place.blockNumber}`}, it`;
  return `${when} did not apply (${code}): ${detail ?? "no reason is kept"}. Nothing changed by it.`;
}

function remedyOf(code: string | undefined): string {
  return code !== undefined && isRefusalCode(code) ? refusalCodes[code].remedy : "";
}
