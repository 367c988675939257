/** What the holder of a record is told whose coin another record took: whether it is paid all the same, and when. */
import { limits } from "../protocol/limits.ts";
import { type Currency, formatAmount } from "../protocol/money.ts";
import type { ConflictRow, ConflictStage } from "../node/client.ts";

/** The order in which a conflict goes on: of several, the least advanced counts. */
const order: readonly ConflictStage[] = [
  "void",
  "refused",
  "waiting",
  "due",
  "queued",
  "restituted",
  "reclaimed",
  "paid",
];

/**
 * One sentence or two, short enough to travel to a device.
 * @param lost the coins that the record has lost, at least one.
 */
export function explainLoss(lost: readonly ConflictRow[], currency: Currency): string {
  const row = lost.toSorted((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage))[0]!;
  const amount = lost.reduce((sum, each) => sum + BigInt(each.amount), 0n);
  const money = formatAmount(amount, currency);
  const taker = row.winnerKind === "reclaim" ? "Its bank, reclaiming by record" : "Record";
  const text = `${taker} ${row.winner} took its coin first. ${whatComes(row, money)}`;
  return text.slice(0, limits.reasonMax);
}

function whatComes({ stage, cycle, custodian, code }: ConflictRow, money: string): string {
  const bank = `member ${custodian}`;
  switch (stage) {
    case "waiting":
      return `Keep it: ${money} is paid once more from the bond of ${bank}, by itself, when cycle ${cycle} has settled.`;
    case "due":
      return `Keep it: cycle ${cycle} has settled, and ${money} is paid once more from the bond of ${bank} within seconds.`;
    case "queued":
      return `It is proven. ${money} is paid in its turn, when ${bank} has added to its bond.`;
    case "restituted":
      return `${money} was paid once more from the bond of ${bank}: this record applies within seconds.`;
    case "paid":
      return `${money} was paid once more, and this record has applied.`;
    case "reclaimed":
      return `${money} was paid once more and not taken in time: ask ${bank} for it.`;
    case "refused":
      return `It is not paid by itself (${code}). Ask your bank to open a case: the record is the proof.`;
    case "void":
      return `It could not apply with any coin (${code}): nothing is paid for it.`;
  }
}
