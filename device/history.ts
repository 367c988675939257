/**
 * What the holder of a purse remembers: payments made and received, redemptions, money that came by the
 * bank. It outlives the records, which are forgotten once they have settled, and it is bounded: the oldest
 * entries that have settled make room.
 */
import { type Hex, toHex } from "../protocol/bytes.ts";
import { formatCode } from "../protocol/claim-code.ts";
import type { SignedCertificate } from "../protocol/certificate.ts";
import type { ConfirmationStatus } from "../protocol/confirmation.ts";
import type { Amount } from "../protocol/money.ts";
import type { Reason } from "../protocol/reason.ts";
import { type Holder, knowledgeOf } from "./holder.ts";
import type { Counterparty, Draft, PastRecord } from "./purse-tables.ts";

/** A record as its holder sees it. */
export type HistoryEntry = {
  /** The record's id. */
  readonly id: Hex;
  readonly kind: PastRecord["kind"];
  /** Milliseconds: the later of the host's clock and signed time. */
  readonly time: number;
  readonly amount: Amount;
  /** Absent where no other device took part. */
  readonly counterparty?: Counterparty | undefined;
  /** The request's. */
  readonly reference: string;
  /** What of it has gone back, as refunds and change. */
  readonly givenBack: Amount;
  readonly state: HistoryState;
  /** For a payment to a code: what the payee is given. Whoever has it and the password has the money. */
  readonly code?: string | undefined;
  /** Why the ledger does not take it, if it is refused. */
  readonly reason?: Reason | undefined;
};

/**
 * - `waiting`: made, and neither confirmed nor settled.
 * - `accepted`, `invalid`: what the payee says of it; the ledger has not spoken.
 * - `unverified`: received offline; the ledger has not spoken.
 * - `returned`: paid back whole, in the same exchange.
 * - `settled`: it has applied.
 * - `refused`: the ledger does not take it, as the own member's gateway says.
 */
export type HistoryState = "waiting" | ConfirmationStatus | "unverified" | "settled" | "refused";

/** Settled entries: two busy days of a till in some 700 KiB, twice that where each was paid to a shop. */
const SETTLED_MAX = 4096;

/** The entries, newest first. */
export function historyOf({ networkId }: Holder, draft: Draft): HistoryEntry[] {
  const rows = draft.rows("history").sort(([, a], [, b]) => b.number - a.number);
  return rows.map(([key, past]) => {
    const id = key as Hex;
    const { kind, time, amount, counterparty, reference, givenBack } = past;
    const state = historyState(draft, id, past);
    const reason = state === "refused" ? draft.get("records", id)?.reason : undefined;
    const code = past.code === undefined ? undefined : formatCode(networkId, past.code);
    return { id, kind, time, amount, counterparty, reference, givenBack, state, code, reason };
  });
}

export function historyState(draft: Draft, id: Hex, past: PastRecord): HistoryState {
  const { kind, answer, settled } = past;
  if (answer === "returned") return "returned";
  if (settled) return "settled";
  if (draft.get("records", id)?.reason !== undefined) return "refused";
  return kind === "received" ? "unverified" : (answer ?? "waiting");
}

/**
 * Enters a record. One that a sync has found before is no mere credit any more.
 * @returns whether it is new.
 */
export function remember(
  holder: Holder,
  draft: Draft,
  id: Hex,
  past: Omit<PastRecord, "time" | "givenBack" | "settled" | "number">,
): boolean {
  const found = draft.get("history", id);
  if (found !== undefined && found.kind !== "credited") return false;
  if (found === undefined) add(holder, draft, id, { ...past, settled: false });
  else draft.put("history", id, { ...found, ...past });
  return true;
}

/** Money that came by the bank, coin by coin: a load, or a payment whose message was lost. */
export function rememberCredit(holder: Holder, draft: Draft, id: Hex, amount: Amount): void {
  const found = draft.get("history", id);
  if (found?.kind === "credited") {
    draft.put("history", id, { ...found, amount: found.amount + amount });
  } else if (found === undefined) {
    add(holder, draft, id, { kind: "credited", amount, reference: "", settled: true });
  }
}

/** What the payee says of a payment. */
export function rememberAnswer(draft: Draft, id: Hex, answer: ConfirmationStatus): void {
  const past = draft.get("history", id);
  if (past !== undefined) draft.put("history", id, { ...past, answer });
}

export function rememberSettled(draft: Draft, id: Hex): void {
  const past = draft.get("history", id);
  if (past !== undefined && !past.settled) draft.put("history", id, { ...past, settled: true });
}

export function counterpartyOf({ deviceKey, label, bytes }: SignedCertificate): Counterparty {
  const named = { deviceKey: toHex(deviceKey), label };
  return label === "" ? named : { ...named, certificate: bytes };
}

function add(
  holder: Holder,
  draft: Draft,
  id: Hex,
  past: Omit<PastRecord, "time" | "givenBack" | "number">,
): void {
  const rows = draft.rows("history").sort(([, a], [, b]) => a.number - b.number);
  const settled = rows.filter(([, row]) => row.settled);
  for (const [oldest] of settled.slice(0, Math.max(0, settled.length - SETTLED_MAX + 1))) {
    draft.remove("history", oldest);
  }
  const number = 1 + (rows.at(-1)?.[1].number ?? 0);
  const time = knowledgeOf(holder, draft).now;
  draft.put("history", id, { ...past, time, givenBack: 0n, number });
}
