/** Bonds as the contract keeps them: what each holds, what waits for it, and what of it could leave. */
import type { BondEntry, Debt } from "../../node/chain/disputes.ts";
import type { MemberId } from "../../protocol/output.ts";
import { type Report, tableLines, timeText } from "../report.ts";
import type { AdminSession } from "./session.ts";

/** Debts of one queue that are told. */
const TOLD_MAX = 32;

/** @param member one, with what waits in its queue; all if absent. @throws Refusal `unknown-member`. */
export async function bondReport(session: AdminSession, member?: MemberId): Promise<Report> {
  const { reader } = session.client;
  if (member === undefined) {
    const { members } = await reader.directory();
    const bonds = await Promise.all(members.map((each) => reader.bond(each.member)));
    return { lines: bondTable(session, bonds), data: { bonds } };
  }
  await session.member(member);
  const [bond, debts] = await Promise.all([reader.bond(member), reader.queue(member, TOLD_MAX)]);
  const waiting = debts.map((debt) => `  ${debtLine(session, debt)}`);
  const lines = [
    ...bondTable(session, [bond]),
    ...(waiting.length === 0 ? [] : ["", "waits in its queue, oldest first", ...waiting]),
  ];
  return { lines, data: { ...bond, debts } };
}

function bondTable(session: AdminSession, bonds: readonly BondEntry[]): string[] {
  const money = (amount: bigint) => session.format(amount);
  const head = ["member", "bond", "minimum", "queued", "fines", "claimed", "leaving"];
  const rows = bonds.map(({ member, amount, minimum, queued, fines, claimed, ...bond }) => [
    String(member),
    ...[amount, minimum, queued, fines, claimed].map(money),
    leavingText(session, bond),
  ]);
  return tableLines(head, rows);
}

function leavingText(
  session: AdminSession,
  { leaving, leavesAtS }: Pick<BondEntry, "leaving" | "leavesAtS">,
): string {
  if (leaving === 0n) return "nothing";
  return `${session.format(leaving)} from ${timeText(leavesAtS * 1000)}`;
}

function debtLine(session: AdminSession, { amount, owner, custodian, restitution }: Debt): string {
  const what = restitution === undefined ? "an award" : `record ${restitution.loser}`;
  return `${session.format(amount)} to ${owner} with member ${custodian}, for ${what}`;
}
