/** A network as its contracts know it, read at one time: who is in it, what it holds, how far it is. */
import type { MemberEntry, NetworkParameters, ObserverEntry } from "../../node/chain/members.ts";
import type { SettlementEntry } from "../../node/chain/reader.ts";
import { toHex } from "../../protocol/bytes.ts";
import { memberStatus } from "../../protocol/rules.ts";
import { type Report, tableLines, timeText } from "../report.ts";
import type { AdminSession } from "./session.ts";

export async function networkStatus(session: AdminSession): Promise<Report> {
  const { reader } = session.client;
  const [{ members, observers }, settlement, parameters] = await Promise.all([
    reader.directory(),
    reader.settlement(),
    reader.parameters(),
  ]);
  const tokens = await Promise.all(members.map(({ operator }) => reader.tokensOf(operator)));
  const { networkId, chainId } = session.network;
  return {
    lines: [
      `network ${networkId} on chain ${chainId}, event ${settlement.seq}, block ${settlement.blockNumber}`,
      "",
      ...memberLines(session, members, settlement, tokens),
      "",
      ...observerLines(observers),
      ...cycleLines(session, settlement),
      "",
      ...parameterLines(parameters),
    ],
    data: {
      networkId,
      chainId,
      members: members.map((member, i) => ({
        ...memberData(member),
        ...settlement.accounts[i]!,
        tokens: tokens[i]!,
      })),
      observers,
      settlement,
      parameters,
    },
  };
}

export function parameterLines(parameters: NetworkParameters): string[] {
  return Object.entries(parameters).map(([name, value]) => `${name.padEnd(16)} ${value}`);
}

function memberLines(
  session: AdminSession,
  members: readonly MemberEntry[],
  { accounts }: SettlementEntry,
  tokens: readonly bigint[],
): string[] {
  const money = (amount: bigint) => session.format(amount);
  const head = [
    "member",
    "name",
    "status",
    "reserve",
    "quota",
    "withdrawable",
    "tokens",
    "guarantee",
    "batches",
  ];
  const rows = members.map((entry, i) => {
    const { reserve, withdrawable, batches } = accounts[i]!;
    return [
      String(entry.member),
      entry.name,
      statusName(entry.status),
      money(reserve),
      money(entry.quota),
      money(withdrawable),
      money(tokens[i]!),
      guaranteeText(session, entry),
      String(batches),
    ];
  });
  return tableLines(head, rows);
}

function guaranteeText(session: AdminSession, { guarantee }: MemberEntry): string {
  const { current, next, fromS } = guarantee;
  if (current === next || fromS * 1000 <= Date.now()) return session.format(next);
  return `${session.format(current)}, ${session.format(next)} from ${timeText(fromS * 1000)}`;
}

function observerLines(observers: readonly ObserverEntry[]): string[] {
  return observers.map(({ name, peerId }) => `observer ${name}, ${peerId}`);
}

function cycleLines(session: AdminSession, settlement: SettlementEntry): string[] {
  const { openCycle, settledCycle, cycles, owed, tokens } = settlement;
  const settled = cycles.find(({ cycle }) => cycle === settledCycle);
  const supply =
    settled === undefined || settledCycle === 0
      ? ""
      : `, supply then ${session.format(settled.supply)}`;
  return [
    `cycle ${openCycle} is open, ${settledCycle} is the last settled${supply}`,
    `reserves owed ${session.format(owed)}, held ${session.format(tokens)}`,
  ];
}

function memberData(member: MemberEntry): object {
  const { issuer, treasury, intake, ...rest } = member;
  return {
    ...rest,
    status: statusName(member.status),
    issuer: toHex(issuer),
    treasury: toHex(treasury),
    intake: toHex(intake),
  };
}

function statusName(status: number): string {
  const found = Object.entries(memberStatus).find(([, value]) => value === status);
  return found?.[0] ?? String(status);
}
