/** What explains records, double spends and cases, in English. */
import { refusalCodes, type RefusalCode } from "../../protocol/refusal.ts";

const days = (seconds: number) =>
  seconds < 172_800 ? `${seconds} seconds` : `${Math.floor(seconds / 86_400)} days`;

const openCycle = (cycle: number, isOpen: boolean) =>
  isOpen
    ? `Cycle ${cycle} is still open.`
    : `Cycle ${cycle} is closed and waits for a quorum of signatures.`;

/** What becomes of a case that nobody answers. */
const ruling = (isDoubleSpend: boolean, when: string) =>
  isDoubleSpend
    ? `A regulator rules ${when}.`
    : `Anyone may have the case ruled for the claimant, if the bond can spare the amount and rival claims leave room for it; otherwise a regulator rules ${when}.`;

/** Of the same form in every language: texts, and functions of what stands in them. */
export type ExplainWords = typeof en;

export const en = {
  record: {
    neverSeen: "This node has never seen it.",
    letSync:
      "If a device made it, let that device, or the one it paid, sync with any gateway of the network.",
    settlesWhenever: "It settles whenever it can apply: records do not expire.",
    waitsForBatch: "It is checked and waits to be put into a batch.",
    waits: (_code: RefusalCode | undefined, detail: string) => `It waits: ${detail}.`,
    remedy: (code: RefusalCode) => refusalCodes[code].remedy,
    unmade: (outpoint: string) =>
      `No record or deposit that is known here has made coin ${outpoint}.`,
    unknownPayer: "The payer's key is enrolled with no member: its coins were never on the ledger.",
    whoVouched: (member: number) =>
      `If the payee was shown a receipt for it, member ${member} signed that, with which the payer's key is enrolled. If the coin never comes, the receipt is false, and member ${member} pays what it was good for: the payee's bank opens a case with it.`,
    applied: (
      seq: number | undefined,
      block: number | undefined,
      batchOf: number | undefined,
      cycle: number | undefined,
    ) =>
      `It applied at event ${seq}${block === undefined ? "" : ` in block ${block}`}${batchOf === undefined ? "" : ` by a batch of member ${batchOf}`}, in cycle ${cycle}: its coins have changed hands.`,
    settled: (cycle: number | undefined) =>
      `Cycle ${cycle} has settled: reserves have moved between the banks.`,
    cycleOpen: (cycle: number | undefined) =>
      `Cycle ${cycle} is still open: reserves move once it closes and settles.`,
    cycleClosed: (cycle: number | undefined) =>
      `Cycle ${cycle} is closed: reserves move once a quorum has signed its checkpoint.`,
    refused: (
      seq: number | undefined,
      block: number | undefined,
      code: string | undefined,
      detail: string | undefined,
    ) => {
      const place = block === undefined ? "" : ` in block ${block}`;
      const when = seq === undefined ? "It" : `Sequenced at event ${seq}${place}, it`;
      return `${when} did not apply (${code}): ${detail ?? "no reason is kept"}. Nothing changed by it.`;
    },
  },
  conflict: {
    alsoNamed: (coin: string, other: string) =>
      `Its coin ${coin} is also named by record ${other}, which came later.`,
    stands: "This record took the coin and stands: whoever it pays loses nothing.",
    waitsFor: (record: string) =>
      `It waits for record ${record}, which lost a coin to another record.`,
    rightAfter: "It applies right after that record does.",
    happened: (
      coin: string,
      amount: string,
      won: string,
      reclaimBy: number | undefined,
      seq: number,
      cycle: number,
      lost: string,
    ) =>
      `Coin ${coin} of ${amount} was spent twice: ${reclaimBy === undefined ? "record" : `member ${reclaimBy}'s reclaim`} ${won} took it first, at event ${seq} in cycle ${cycle}; record ${lost} came too late.`,
    hindered: (detail: string | undefined) =>
      `It is reported as soon as nothing else is in its way; now it is this: ${detail}.`,
    waiting: (member: number, cycle: number, isOpen: boolean) =>
      `The coin is paid once more, to this record alone, from the bond of member ${member}, once cycle ${cycle} has settled. ${openCycle(cycle, isOpen)} The members see to it; nobody else has to do anything.`,
    unpaid: "This network has no contract yet that pays double spends. Keep the evidence.",
    due: (member: number, cycle: number) =>
      `Cycle ${cycle} has settled: a member reports the double spend within seconds, and the coin is paid once more from the bond of member ${member}.`,
    queued: (member: number) =>
      `It is proven, and waits in the queue of member ${member}, whose bond is short. It is paid in its turn, oldest first, when member ${member} adds to the bond; until then member ${member} can take no deposits.`,
    restituted: (member: number, delayS: number) =>
      `The coin exists once more for this record, from the bond of member ${member}. The record is put into a batch again and applies within seconds; member ${member} can take the coin back after ${days(delayS)}, if it never comes.`,
    paid: "All that it lost was paid once more, and it has applied: its payees have their money.",
    reclaimed: (member: number, delayS: number) =>
      `The coin was paid once more, and the record did not come for it within ${days(delayS)}: member ${member} took it back.`,
    void: (code: string | undefined, detail: string | undefined) =>
      `It breaks a rule and could not apply with any coin (${code}): ${detail}. Nothing is paid for it.`,
    aboveGuarantee: (member: number) =>
      `What member ${member} guarantees for this device is used up. A member can open a case for the holder; it is asked again in case the guarantee rises.`,
    bondNeeded: (member: number) =>
      `Member ${member} took the coin back, and its bond is too small to pay for it besides what it is needed for. It is asked again in case member ${member} adds to the bond; a member can open a case for the holder.`,
    tooLate: "The time to report it is over. A member can open a case for the holder.",
    pairTaken: "The coin was already paid once more to the other record: no coin is paid to both.",
    notNow: (detail: string | undefined) =>
      `The contract does not pay it now (${detail}); it is asked again.`,
    paysNothing: (member: number) =>
      `Member ${member} pays nothing: the record that lost could not apply.`,
    pays: (member: number, amount: string) =>
      `Member ${member} pays the coin, ${amount}, once more from its bond.`,
    noFine: (member: number) =>
      `Member ${member} took the coin back while its receipts vouched for it: that is no fraud, and there is no fine.`,
    fine: (amount: string, isVault: boolean) =>
      `It pays a fine of ${amount} too: ${isVault ? "its own treasury key" : "its customer's key"} signed both records.`,
    signedOnce: (owner: string) =>
      `Key owner ${owner} signed once, in time: nothing is held against it.`,
    signedBoth: (owner: string, vaultOf: number | undefined, isRevoked: boolean) =>
      `Key owner ${owner}${vaultOf === undefined ? "" : `, a treasury key of member ${vaultOf},`} signed both records, which nobody else could, and ${isRevoked ? "is revoked for it" : "is revoked once it is reported"}.`,
  },
  case: {
    "double-spend": (accused: number) =>
      `a coin of member ${accused}'s that two records name, and for which no report is paid`,
    "false-receipt": (accused: number) =>
      `a receipt that member ${accused} signed for a coin which is not there`,
    "false-certificate": (accused: number) =>
      `a certificate that member ${accused} signed for a key which is not enrolled`,
    asks: (claimant: number, amount: string, accused: number, subject: string) =>
      `Member ${claimant} asks ${amount} of the bond of member ${accused}, for ${subject}.`,
    unanswered: (accused: number, until: string, isDoubleSpend: boolean, ruledUntil: string) =>
      `Member ${accused} has not answered until ${until}. ${ruling(isDoubleSpend, `until ${ruledUntil}`)} After that the case lapses.`,
    mayAnswer: (accused: number, until: string, isDoubleSpend: boolean, periodS: number) =>
      `Member ${accused} may answer until ${until}. If it says nothing, this follows: ${ruling(isDoubleSpend, `within ${days(periodS)} from then`)}`,
    unruled: (until: string) =>
      `It is answered, and no regulator ruled until ${until}: anyone may let it lapse, and it can be opened again.`,
    answered: (until: string) =>
      `It is answered. A regulator rules until ${until}; after that the case lapses, and can be opened again.`,
    ruled: (accused: number) =>
      `It is ruled for the claimant: anyone may have it enforced, and the bond of member ${accused} pays.`,
    enforced: (accused: number) =>
      `It is enforced: the bond of member ${accused} has paid, or pays in its turn.`,
    dismissed: (claimant: number) =>
      `It is ruled against member ${claimant}: nothing is paid by it, and member ${claimant} can open no other on the same.`,
    lapsed: "It has ended undecided, with nothing paid by it: it can be opened again.",
    none: (caseId: number) => `There is no case ${caseId}.`,
  },
};
