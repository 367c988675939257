/** A double spend in plain words, for each party: what happened, what it will get or must do, and when. */
import { type Currency, formatAmount } from "../protocol/money.ts";
import type { Conflict } from "./evidence/conflict.ts";

/** What the sentences need to know beside the conflict. */
export type ConflictContext = {
  readonly currency: Currency;
  readonly openCycle: number;
  /** Fine for a double spend, in percent of the amount. */
  readonly penaltyPercent: number;
  readonly reclaimDelayS: number;
  /** Whether the network has a contract that pays. */
  readonly canPay: boolean;
  /** Whether the coin was of its custodian's own vault: no customer has signed, and no guarantee bounds it. */
  readonly isVault: boolean;
};

/** Who reads it. */
export type Party = "loser" | "winner" | "custodian" | "owner" | "descendant";

export function explainConflict(
  party: Party,
  conflict: Conflict,
  context: ConflictContext,
): string[] {
  switch (party) {
    case "loser":
      return [whatHappened(conflict, context), whatComes(conflict, context)];
    case "winner":
      return [
        `Its coin ${short(conflict.spend.outpoint)} is also named by record ${conflict.spend.lostId}, which came later.`,
        "This record took the coin and stands: whoever it pays loses nothing.",
      ];
    case "custodian":
      return [whatHappened(conflict, context), ...whatTheBankPays(conflict, context)];
    case "owner":
      return [whatHappened(conflict, context), whatTheKeyFaces(conflict, context)];
    case "descendant":
      return [
        `It waits for record ${conflict.spend.lostId}, which lost a coin to another record.`,
        whatComes(conflict, context),
        "It applies right after that record does.",
      ];
  }
}

function whatHappened({ spend, winner }: Conflict, { currency }: ConflictContext): string {
  const coin = `Coin ${short(spend.outpoint)} of ${formatAmount(spend.amount, currency)}`;
  const by = spend.won.kind === "spend" ? "record" : `member ${spend.custodian}'s reclaim`;
  return `${coin} was spent twice: ${by} ${spend.wonId} took it first, at event ${winner.seq} in cycle ${winner.cycle}; record ${spend.lostId} came too late.`;
}

function whatComes(
  conflict: Conflict,
  { openCycle, canPay, reclaimDelayS }: ConflictContext,
): string {
  const { spend, winner, standing } = conflict;
  const bank = `member ${spend.custodian}`;
  switch (standing.stage) {
    case "waiting":
      if (standing.code !== "unsettled" && standing.code !== "found")
        return `It is reported as soon as nothing else is in its way; now it is this: ${standing.detail}.`;
      return `The coin is paid once more, to this record alone, from the bond of ${bank}, once cycle ${winner.cycle} has settled. ${
        winner.cycle === openCycle
          ? `Cycle ${winner.cycle} is still open.`
          : `Cycle ${winner.cycle} is closed and waits for a quorum of signatures.`
      } The members see to it; nobody else has to do anything.`;
    case "due":
      if (!canPay)
        return "This network has no contract yet that pays double spends. Keep the evidence.";
      return `Cycle ${winner.cycle} has settled: a member reports the double spend within seconds, and the coin is paid once more from the bond of ${bank}.`;
    case "refused":
      return whyRefused(conflict);
    case "queued":
      return `It is proven, and waits in the queue of ${bank}, whose bond is short. It is paid in its turn, oldest first, when ${bank} adds to the bond; until then ${bank} can take no deposits.`;
    case "restituted":
      return `The coin exists once more for this record, from the bond of ${bank}. The record is put into a batch again and applies within seconds; ${bank} can take the coin back after ${days(reclaimDelayS)}, if it never comes.`;
    case "paid":
      return "All that it lost was paid once more, and it has applied: its payees have their money.";
    case "reclaimed":
      return `The coin was paid once more, and the record did not come for it within ${days(reclaimDelayS)}: ${bank} took it back.`;
    case "void":
      return `It breaks a rule and could not apply with any coin (${standing.code}): ${standing.detail}. Nothing is paid for it.`;
  }
}

function whyRefused({ spend, standing }: Conflict): string {
  const bank = `member ${spend.custodian}`;
  switch (standing.code) {
    case "DisputesAboveGuarantee":
      return `What ${bank} guarantees for this device is used up. A member can open a case for the holder; it is asked again in case the guarantee rises.`;
    case "DisputesBondNeeded":
      return `${bank} took the coin back, and its bond is too small to pay for it besides what it is needed for. It is asked again in case ${bank} adds to the bond; a member can open a case for the holder.`;
    case "DisputesTooLate":
      return "The time to report it is over. A member can open a case for the holder.";
    case "DisputesPairTaken":
      return "The coin was already paid once more to the other record: no coin is paid to both.";
    default:
      return `The contract does not pay it now (${standing.detail}); it is asked again.`;
  }
}

function whatTheBankPays({ spend, standing }: Conflict, context: ConflictContext): string[] {
  const money = (amount: bigint) => formatAmount(amount, context.currency);
  const bank = `Member ${spend.custodian}`;
  if (standing.stage === "void")
    return [`${bank} pays nothing: the record that lost could not apply.`];
  const paid = `${bank} pays the coin, ${money(spend.amount)}, once more from its bond.`;
  if (spend.won.kind === "reclaim")
    return [
      paid,
      `${bank} took the coin back while its receipts vouched for it: that is no fraud, and there is no fine.`,
    ];
  const fine = (spend.amount * BigInt(context.penaltyPercent)) / 100n;
  const signer = context.isVault ? "its own treasury key" : "its customer's key";
  return [paid, `It pays a fine of ${money(fine)} too: ${signer} signed both records.`];
}

function whatTheKeyFaces({ spend, standing }: Conflict, { isVault }: ConflictContext): string {
  if (spend.won.kind === "reclaim")
    return `Key owner ${spend.owner} signed once, in time: nothing is held against it.`;
  const isRevoked = ["queued", "restituted", "paid", "reclaimed"].includes(standing.stage);
  const revoked = isRevoked ? "is revoked for it" : "is revoked once it is reported";
  const whose = isVault ? `, a treasury key of member ${spend.custodian},` : "";
  return `Key owner ${spend.owner}${whose} signed both records, which nobody else could, and ${revoked}.`;
}

/** Enough of a name to find it by. */
function short(name: string): string {
  return `${name.slice(0, 10)}…${name.slice(-4)}`;
}

function days(seconds: number): string {
  return seconds < 172_800 ? `${seconds} seconds` : `${Math.floor(seconds / 86_400)} days`;
}
