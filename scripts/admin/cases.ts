/** Cases as the contract keeps them, and who may do what about each. */
import { lapse, ruleUnanswered } from "../../node/chain/calls.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import type { BondEntry, CaseEntry } from "../../node/chain/disputes.ts";
import { explainCase } from "../../node/explain-case.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { type Report, tableLines, timeText } from "../report.ts";
import type { Claim } from "./claim.ts";
import type { AdminSession } from "./session.ts";

/** Cases read at a time. */
const PAGE = 16;
const NOTHING = /^0x0+$/;

/** @throws Refusal `not-found`. */
export async function readCase({ client }: AdminSession, caseId: number): Promise<CaseEntry> {
  const entry = await client.reader.case(caseId);
  if (entry === undefined) throw new Refusal("not-found", `no case ${caseId} was ever opened`);
  return entry;
}

/** @param isAll whether those that have ended are told too. */
export async function casesReport(session: AdminSession, isAll: boolean): Promise<Report> {
  const all = await readAll(session);
  const cases = isAll ? all : all.filter(({ status }) => !isEnded(status));
  const head = ["case", "about", "status", "claimant", "accused", "amount", "until"];
  const rows = cases.map(({ caseId, kind, status, claimant, accused, amount, deadlineS }) => [
    String(caseId),
    kind,
    status,
    String(claimant),
    String(accused),
    session.format(amount),
    deadlineS === 0 ? "" : timeText(deadlineS * 1000),
  ]);
  const none = isAll ? "No case was ever opened." : "No case is open; --all tells of those before.";
  return { lines: rows.length === 0 ? [none] : tableLines(head, rows), data: { cases } };
}

export async function caseReport(session: AdminSession, caseId: number): Promise<Report> {
  const entry = await readCase(session, caseId);
  const { currency } = session.network;
  const { claimPeriodS } = session.client.parameters;
  const sentences = explainCase(entry, { currency, claimPeriodS, now: Date.now() });
  const debts = entry.debts.map(
    ({ amount, owner, custodian, restitution }) =>
      `  ${session.format(amount)} to ${owner} with member ${custodian}${restitution === undefined ? "" : `, for record ${restitution.loser}`}`,
  );
  const lines = [
    `Case ${caseId}, ${entry.kind}, ${entry.status}`,
    ...sentences,
    "It asks for",
    ...debts,
    `SHA-256 of what the claimant puts forward: ${hashText(entry.argument)}`,
    `SHA-256 of the answer: ${hashText(entry.answer)}`,
  ];
  return { lines, data: { ...entry, sentences } };
}

/**
 * What anyone may do about a case whose time has passed.
 * @param canSpare whether the bond of the accused holds what the case asks beside all else that it is needed for.
 * @throws Refusal `conflict` while somebody may still act.
 */
export function closingOf(
  { caseId, kind, status, deadlineS }: CaseEntry,
  { nowMs, claimPeriodS, canSpare }: ClosingTerms,
): Claim {
  const isPast = (seconds: number) => nowMs > seconds * 1000;
  const isPromise = kind !== "double-spend";
  if (status === "opened" && isPromise && canSpare && isPast(deadlineS))
    return closing("rule for the claimant, as nobody has answered", ruleUnanswered(caseId));
  const lapses = status === "opened" ? deadlineS + claimPeriodS : deadlineS;
  if ((status === "opened" || status === "answered") && isPast(lapses))
    return closing("let it lapse, as nobody has ruled", lapse(caseId));
  throw new Refusal(
    "conflict",
    `case ${caseId} is ${status}, and somebody may still act: admin case show ${caseId} says who`,
  );
}

export type ClosingTerms = {
  readonly nowMs: number;
  readonly claimPeriodS: number;
  readonly canSpare: boolean;
};

/** Whether a bond holds all that it is needed for, open cases included. */
export function canSpare({ amount, minimum, queued, fines, claimed }: BondEntry): boolean {
  return amount >= minimum + queued + fines + claimed;
}

function closing(says: string, call: ContractCall): Claim {
  return { says, call };
}

async function readAll(session: AdminSession): Promise<CaseEntry[]> {
  const count = await session.client.reader.caseCount();
  const cases: CaseEntry[] = [];
  for (let first = 1; first <= count; first += PAGE) {
    const ids = Array.from({ length: Math.min(PAGE, count + 1 - first) }, (_, i) => first + i);
    cases.push(...(await Promise.all(ids.map((caseId) => readCase(session, caseId)))));
  }
  return cases;
}

function isEnded(status: CaseEntry["status"]): boolean {
  return status === "enforced" || status === "dismissed";
}

function hashText(hash: Hex): string {
  return NOTHING.test(hash) ? "none" : hash;
}
