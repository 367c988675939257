/** Why a record is where it is, and what comes next, in plain words for the people who ask. */
import { isRefusalCode, refusalCodes } from "../protocol/refusal.ts";
import type { RecordStatus } from "./api/schema.ts";
import type { EventRow } from "./store/history-rows.ts";

/** What is known of a record beside its status. */
export type Facts = {
  readonly status: RecordStatus;
  /** The event that sequenced it last. */
  readonly event?: EventRow | undefined;
  readonly openCycle: number;
  /** Sentences on the double spends that it, or a record it comes from, is part of. */
  readonly doubleSpends?: readonly string[] | undefined;
};

export function explain(facts: Facts): string[] {
  const doubleSpends = facts.doubleSpends ?? [];
  // What a double spend comes to says more than the rule that turned the record down.
  const isLost = facts.status.code === "spent" && doubleSpends.length > 0;
  return isLost ? [...doubleSpends] : [...explainStatus(facts), ...doubleSpends];
}

function explainStatus({ status, event, openCycle }: Facts): string[] {
  switch (status.state) {
    case "unknown":
      return [
        "This node has never seen it.",
        "If a device made it, let that device, or the one it paid, sync with any gateway of the network.",
      ];
    case "pending":
      return [...whyPending(status), "It settles whenever it can apply: records do not expire."];
    case "applied":
      return [whereApplied(status, event), whetherSettled(status, openCycle)];
    case "refused":
      return [whyRefused(status, event), remedyOf(status.code)];
  }
}

function whyPending({ code, detail }: RecordStatus): string[] {
  if (code === undefined) return ["It is checked and waits to be put into a batch."];
  return [`It waits: ${detail ?? code}.`, remedyOf(code)];
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
