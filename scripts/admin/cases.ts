/** Cases as the contract keeps them, and who may do what about each. */
import { lapse, ruleUnanswered } from "../../node/chain/calls.ts";
import type { ChainClient } from "../../node/chain/chain-client.ts";
import { type CaseEntry, isCaseEnded } from "../../node/chain/disputes.ts";
import { ChainRevert } from "../../node/chain/errors.ts";
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
  const cases = isAll ? all : all.filter(({ status }) => !isCaseEnded(status));
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
 * What anyone may do about a case whose time has passed, the better for the claimant first: whether a case that
 * nobody answered is ruled for it depends on the bond and on other claims too, and that the contract knows.
 * @throws Refusal `conflict` while somebody may still act.
 */
export function closingsOf(
  { caseId, kind, status, deadlineS }: CaseEntry,
  nowMs: number,
  claimPeriodS: number,
): Claim[] {
  const isPast = (seconds: number) => nowMs > seconds * 1000;
  const ruling = {
    says: "rule for the claimant, as nobody has answered",
    call: ruleUnanswered(caseId),
  };
  const lapsing = { says: "let it lapse, as nobody has ruled", call: lapse(caseId) };
  const isUnanswered = status === "opened" && kind !== "double-spend" && isPast(deadlineS);
  const lapses = status === "opened" ? deadlineS + claimPeriodS : deadlineS;
  const hasLapsed = (status === "opened" || status === "answered") && isPast(lapses);
  const closings = [...(isUnanswered ? [ruling] : []), ...(hasLapsed ? [lapsing] : [])];
  if (closings.length > 0) return closings;
  throw new Refusal(
    "conflict",
    `case ${caseId} is ${status}, and its time has not passed: admin case show ${caseId} says who may act`,
  );
}

/** The first that the contract takes now. @throws ChainRevert with what it says to the first, if it takes none. */
export async function firstTaken(
  client: Pick<ChainClient, "simulate">,
  closings: readonly Claim[],
): Promise<Claim> {
  let refusal: unknown;
  for (const closing of closings) {
    try {
      await client.simulate(closing.call);
      return closing;
    } catch (error) {
      if (!(error instanceof ChainRevert)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
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

function hashText(hash: Hex): string {
  return NOTHING.test(hash) ? "none" : hash;
}
