/**
 * The rules of a record, R3 to R6, over a read-only view of the ledger. R1 and R2 are the record's own
 * (record.ts): who holds a decoded record whose signature was checked has them behind it.
 *
 * A rule that does not hold throws a refusal. Whether a record applies is consensus; the code is advice.
 * The order of the rules is the order of precedence, so that every node says the same.
 */
import { sha256 } from "#sha256";
import { concat, equalBytes, fromHex, type Hex } from "./bytes.ts";
import { type Owner, OWNER_LENGTH, ownerOf } from "./key.ts";
import { digest } from "./message.ts";
import { lock, type MemberId, type Outpoint, outpointOf, type Output } from "./output.ts";
import type { SignedRecord } from "./record.ts";
import { Refusal } from "./refusal.ts";

export const memberStatus = { active: 1, suspended: 2, removed: 3 } as const;

export type MemberStatus = (typeof memberStatus)[keyof typeof memberStatus];

/** A member's row, which never disappears. */
export type Member = {
  readonly status: MemberStatus;
  readonly issuer: Uint8Array;
  readonly treasury: Uint8Array;
  /** Treasury keys it had, oldest first, the present one excluded. */
  readonly pastTreasuries: readonly Uint8Array[];
  /** Owners of all treasury keys it has or had, the present one first. */
  readonly treasuryOwners: readonly Owner[];
};

/** What the rules read of the state. */
export interface LedgerView {
  readonly reclaimDelayS: number;
  coin(outpoint: Outpoint): Output | undefined;
  /** Block time at which a standing replacement coin was made. */
  restitutedAtS(outpoint: Outpoint): number | undefined;
  /** The member with which a device key is enrolled. */
  custodianOf(owner: Owner): MemberId | undefined;
  /** Block time at which the member first revoked the owner. */
  revokedAtS(member: MemberId, owner: Owner): number | undefined;
  member(id: MemberId): Member | undefined;
}

/** What a node remembers beyond the state, to say why a record does not apply. */
export interface History {
  hasApplied(recordId: Hex): boolean;
  /** The record that took a coin. */
  spenderOf(outpoint: Outpoint): Hex | undefined;
}

/** A coin that a record takes: the one it names, or the replacement made for it. */
export type Taken = { readonly outpoint: Outpoint; readonly output: Output };

/** The coin that a restitution makes for the record `loser`: replacement(o, R). */
export function replacementOutpoint(
  networkId: Uint8Array,
  outpoint: Outpoint,
  loser: Hex,
): Outpoint {
  return outpointOf(digest("replacement", networkId, concat(fromHex(outpoint), fromHex(loser))), 0);
}

/**
 * Checks R3 to R6 and gives the coins that the record takes.
 * @param id the record's id. @param timeS block time of the event that sequences it.
 * @throws Refusal `duplicate`, `unknown-coin`, `spent`, `wrong-owner`, `wrong-preimage`,
 *   `not-reclaimable`, `unbalanced`, `unknown-recipient`.
 */
export function checkRecord(
  networkId: Uint8Array,
  record: SignedRecord,
  id: Hex,
  timeS: number,
  view: LedgerView,
  history: History,
): Taken[] {
  const taken = checkInputsStand(networkId, record, id, view, history); // R3
  const signer = ownerOf(record.signer);
  if (record.kind === "spend")
    checkSpend(taken, signer); // R4
  else if (record.kind === "claim") checkClaim(record, taken, view);
  else checkReclaim(record, taken, signer, timeS, view);
  checkBalance(record, taken); // R5
  checkRecipients(record, view); // R6
  return taken;
}

/** R3: every input stands, itself or as a replacement made for this record. */
function checkInputsStand(
  networkId: Uint8Array,
  record: SignedRecord,
  id: Hex,
  view: LedgerView,
  history: History,
): Taken[] {
  return record.inputs.map((outpoint) => {
    const output = view.coin(outpoint);
    const isReclaim = record.kind === "reclaim";
    if (output !== undefined && (isReclaim || output.lock !== lock.replacement))
      return { outpoint, output };
    if (!isReclaim) {
      const replacement = replacementOutpoint(networkId, outpoint, id);
      const made = view.coin(replacement);
      if (made !== undefined) return { outpoint: replacement, output: made };
    }
    throw whyLost(outpoint, id, history);
  });
}

function whyLost(outpoint: Outpoint, id: Hex, history: History): Refusal {
  if (history.hasApplied(id)) return new Refusal("duplicate", `record ${id} has already applied`);
  const spender = history.spenderOf(outpoint);
  if (spender === undefined) return new Refusal("unknown-coin", `no coin ${outpoint} is known yet`);
  return new Refusal("spent", `coin ${outpoint} was taken by record ${spender}`);
}

/** R4, spend: the owner of every coin signs; the locks are of a key. */
function checkSpend(taken: readonly Taken[], signer: Owner): void {
  for (const { outpoint, output } of taken) {
    if (output.lock === lock.claim || output.owner !== signer) {
      throw new Refusal("wrong-owner", `coin ${outpoint} is not the signer's to spend`);
    }
  }
}

/** R4, claim: the secret opens the coin, and the custodian's present treasury key signs. */
function checkClaim(record: SignedRecord, taken: readonly Taken[], view: LedgerView): void {
  const { outpoint, output } = taken[0]!;
  if (output.lock !== lock.claim)
    throw new Refusal("wrong-owner", `coin ${outpoint} has no claim on it`);
  const secret = fromHex(output.owner, OWNER_LENGTH);
  if (
    record.preimage === undefined ||
    !equalBytes(sha256(record.preimage).subarray(0, OWNER_LENGTH), secret)
  ) {
    throw new Refusal("wrong-preimage", `the secret does not open coin ${outpoint}`);
  }
  checkTreasurySigns(record, output.custodian, view);
}

/** R4, reclaim: the one custodian of all coins takes back what revoked owners left, after the delay. */
function checkReclaim(
  record: SignedRecord,
  taken: readonly Taken[],
  signer: Owner,
  timeS: number,
  view: LedgerView,
): void {
  const custodian = taken[0]!.output.custodian;
  if (taken.some(({ output }) => output.custodian !== custodian)) {
    throw new Refusal("wrong-owner", "the coins of a reclaim have one custodian");
  }
  checkTreasurySigns(record, custodian, view);
  for (const { outpoint, output } of taken) checkWaitedOut(outpoint, output, timeS, view);
  for (const output of record.outputs) {
    if (output.lock !== lock.key || output.owner !== signer) {
      throw new Refusal(
        "unknown-recipient",
        "a reclaim pays the custodian's present treasury key alone",
      );
    }
  }
}

function checkWaitedOut(outpoint: Outpoint, output: Output, timeS: number, view: LedgerView): void {
  const revoked = view.revokedAtS(output.custodian, output.owner);
  if (revoked === undefined) {
    throw new Refusal("not-reclaimable", `the owner of coin ${outpoint} is not revoked`);
  }
  const from = Math.max(revoked, view.restitutedAtS(outpoint) ?? 0) + view.reclaimDelayS;
  if (timeS < from)
    throw new Refusal("not-reclaimable", `coin ${outpoint} can be reclaimed from ${from} s on`);
}

function checkTreasurySigns(record: SignedRecord, custodian: MemberId, view: LedgerView): void {
  const treasury = view.member(custodian)?.treasury;
  if (treasury === undefined || !equalBytes(record.signer, treasury)) {
    throw new Refusal("wrong-owner", `only the treasury key of member ${custodian} may sign this`);
  }
}

/** R5: inputs and outputs have equal sums, which may be above 2^64. */
function checkBalance(record: SignedRecord, taken: readonly Taken[]): void {
  let balance = 0n;
  for (const { output } of taken) balance += output.amount;
  for (const output of record.outputs) balance -= output.amount;
  if (balance !== 0n) throw new Refusal("unbalanced", `inputs less outputs leave ${balance}`);
}

/** R6: every output goes to someone the ledger knows. */
function checkRecipients(record: SignedRecord, view: LedgerView): void {
  for (const output of record.outputs) {
    if (!isRecipient(record, output, view)) {
      throw new Refusal(
        "unknown-recipient",
        `member ${output.custodian} has no such recipient as ${output.owner}`,
      );
    }
  }
}

function isRecipient(record: SignedRecord, output: Output, view: LedgerView): boolean {
  const member = view.member(output.custodian);
  if (member === undefined) return false;
  switch (output.lock) {
    case lock.key:
      return (
        view.custodianOf(output.owner) === output.custodian ||
        member.treasuryOwners.includes(output.owner)
      );
    case lock.claim:
      return true;
    case lock.burn:
      return equalBytes(record.signer, member.treasury);
    default:
      return false;
  }
}
