/**
 * The ledger: a pure fold over the log of events. One event and the leaves it sequences, over the state
 * as it was, give one change. There is no other way in.
 */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { type Deposit, depositOutpoint } from "../../protocol/deposit.ts";
import { isIssuedBy, type SignedEnrolment } from "../../protocol/enrolment.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import {
  lock,
  type MemberId,
  type Outpoint,
  joinOutpoint,
  type Output,
} from "../../protocol/output.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import {
  checkRecord,
  type History,
  type LedgerView,
  type Member,
  replacementOutpoint,
} from "../../protocol/rules.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { makeMember } from "../../protocol/state-entry.ts";
import { Change } from "./change.ts";
import type {
  AwardedEvent,
  CycleClosedEvent,
  DepositedEvent,
  LedgerEvent,
  MemberChangedEvent,
  ProtocolEvent,
  RestitutedEvent,
  RevokedEvent,
  SequencedEvent,
  SettledEvent,
} from "./event.ts";
import type { LedgerState } from "./state.ts";

/** The version of the rules that this software folds. */
export const PROTOCOL_VERSION = 1;

/** The log cannot be folded: the node stops, since going on would be guessing. */
export class FoldError extends Error {
  constructor(seq: number, problem: string) {
    super(`event ${seq} cannot be folded: ${problem}`);
    this.name = "FoldError";
  }
}

/** A leaf as the fold takes it. */
export type SequencedLeaf = {
  readonly hash: Hex;
} & (
  | {
      readonly id: Hex;
      /** Decoded [R1]; its own signature holds [R2], checked here or by the quorum that endorsed it. */
      readonly leaf: SignedRecord | SignedEnrolment;
    }
  | { readonly id: undefined; readonly refusal: Refusal }
);

export type FoldContext = {
  readonly networkId: Uint8Array;
  /** For the issuer's signature on enrolments, which no earlier check replaces. */
  readonly verifier: Verifier;
};

/**
 * Works out what `event` does to `state`, which stays as it is.
 * @param leaves the leaves of a `sequenced` event in their order, none for others.
 * @param history for the reasons of what does not apply.
 * @throws FoldError on a gap in `seq`, or an event that contradicts the state; Refusal
 *   `unsupported-version` where later software folds it.
 */
export function fold(
  context: FoldContext,
  state: LedgerState,
  event: LedgerEvent,
  leaves: readonly SequencedLeaf[],
  history: History,
): Change {
  if (event.seq !== state.seq + 1)
    throw new FoldError(event.seq, `event ${state.seq + 1} comes next`);
  if (event.kind !== "protocol") checkVersion(event.seq, state.parameters.version);
  const change = new Change(state, history, event.seq);
  switch (event.kind) {
    case "protocol":
      foldProtocol(change, event);
      break;
    case "member-changed":
      foldMember(change, event);
      break;
    case "deposited":
      foldDeposit(context, change, event);
      break;
    case "sequenced":
      foldLeaves(context, change, event, leaves);
      break;
    case "restituted":
      foldRestitution(context, change, event);
      break;
    case "awarded":
      foldAward(context, change, event);
      break;
    case "revoked":
      foldRevocation(change, event);
      break;
    case "cycle-closed":
      foldBoundary(change, event);
      break;
    case "settled":
      foldSettlement(change, event);
      break;
  }
  return change;
}

/** Also asked of the state: the log may not have begun, and a store may be of later software. */
function checkVersion(seq: number, version: number): void {
  if (version === PROTOCOL_VERSION) return;
  throw new Refusal(
    "unsupported-version",
    `event ${seq} is under version ${version} of the rules, this software folds ${PROTOCOL_VERSION}`,
  );
}

function foldProtocol(change: Change, event: ProtocolEvent): void {
  checkVersion(event.seq, event.version);
  const { version, reclaimDelayS } = event;
  change.parameters = { ...change.parameters, version, reclaimDelayS };
}

function foldMember(change: Change, event: MemberChangedEvent): void {
  const { member: id, status, issuer, treasury } = event;
  const known = change.member(id);
  const present = toHex(treasury);
  const past = known === undefined ? [] : [...known.pastTreasuries, known.treasury];
  const pastTreasuries = past.filter((key) => toHex(key) !== present);
  change.members.set(id, makeMember({ status, issuer, treasury, pastTreasuries }));
  if (known === undefined) change.reserves.set(id, 0n);
}

function foldDeposit(context: FoldContext, change: Change, event: DepositedEvent): void {
  const { treasury } = knownMember(change, event.seq, event.member);
  makeDepositCoin(context, change, event.seq, ownerOf(treasury), event.member, event.amount);
}

function foldAward(context: FoldContext, change: Change, event: AwardedEvent): void {
  makeDepositCoin(context, change, event.seq, toHex(event.owner), event.custodian, event.amount);
}

function makeDepositCoin(
  context: FoldContext,
  change: Change,
  seq: number,
  owner: Owner,
  custodian: MemberId,
  amount: bigint,
): void {
  const deposit: Deposit = { seq, output: { lock: lock.key, owner, custodian, amount } };
  makeBackedCoin(change, seq, depositOutpoint(context.networkId, deposit), deposit.output);
}

function foldRestitution(context: FoldContext, change: Change, event: RestitutedEvent): void {
  const { seq, member: custodian, amount, timeS } = event;
  const outpoint = replacementOutpoint(
    context.networkId,
    toHex(event.outpoint),
    toHex(event.loser),
  );
  const owner = toHex(event.owner);
  makeBackedCoin(change, seq, outpoint, { lock: lock.replacement, owner, custodian, amount });
  change.restituted.set(outpoint, timeS);
}

/** A coin that no record made, and the reserve that backs it. */
function makeBackedCoin(change: Change, seq: number, outpoint: Outpoint, output: Output): void {
  knownMember(change, seq, output.custodian);
  if (output.amount === 0n) throw new FoldError(seq, "a coin of nothing");
  if (change.coin(outpoint) !== undefined) throw new FoldError(seq, `${outpoint} stands already`);
  change.makeCoin(outpoint, output);
  change.addReserve(output.custodian, output.amount);
}

function knownMember(change: Change, seq: number, id: MemberId): Member {
  const member = change.member(id);
  if (member === undefined) throw new FoldError(seq, `member ${id} is unknown`);
  return member;
}

/** A repeated revocation keeps the first time. */
function foldRevocation(change: Change, event: RevokedEvent): void {
  knownMember(change, event.seq, event.member);
  const owner = toHex(event.owner);
  if (change.revokedAtS(event.member, owner) === undefined)
    change.revoke(event.member, owner, event.timeS);
}

function foldBoundary(change: Change, event: CycleClosedEvent): void {
  const { openCycle } = change.parameters;
  if (event.cycle !== openCycle)
    throw new FoldError(event.seq, `cycle ${openCycle} is the open one`);
  change.parameters = { ...change.parameters, openCycle: openCycle + 1 };
  change.boundarySupply = change.supply();
  change.inflow = 0n;
}

function foldSettlement(change: Change, event: SettledEvent): void {
  const { settledCycle, openCycle } = change.parameters;
  const cycle = settledCycle + 1;
  if (event.cycle !== cycle || cycle >= openCycle) {
    throw new FoldError(event.seq, `cycle ${event.cycle} cannot settle after ${settledCycle}`);
  }
  for (const member of change.memberIds()) {
    const { delta, burns } = change.window(cycle, member);
    if (delta === 0n && burns === 0n) continue;
    change.reserves.set(member, change.reserveOf(member) + delta - burns);
    change.dropWindow(cycle, member);
  }
  change.parameters = { ...change.parameters, settledCycle: cycle };
}

/** What comes to each member's custody, or leaves it: most of it cancels out within a batch. */
type Moves = Map<MemberId, bigint>;

/** A leaf applies whole or changes nothing; one that does not apply leaves its reason and no other trace. */
function foldLeaves(
  context: FoldContext,
  change: Change,
  event: SequencedEvent,
  leaves: readonly SequencedLeaf[],
): void {
  if (leaves.length !== event.count) {
    throw new FoldError(event.seq, `${leaves.length} leaves where ${event.count} were sequenced`);
  }
  const moves: Moves = new Map();
  for (const sequenced of leaves) {
    const { hash: leafHash, id } = sequenced;
    try {
      if (sequenced.id === undefined) throw sequenced.refusal;
      applyLeaf(context, change, event, sequenced.leaf, sequenced.id, moves);
      change.outcomes.push({ leafHash, id, code: "applied", detail: "" });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      change.outcomes.push({ leafHash, id, code: error.code, detail: error.message });
    }
  }
  for (const [member, amount] of moves) if (amount !== 0n) change.transfer(member, amount);
}

function applyLeaf(
  context: FoldContext,
  change: Change,
  event: SequencedEvent,
  leaf: SignedRecord | SignedEnrolment,
  id: Hex,
  moves: Moves,
): void {
  if (leaf.kind === "enrolment") {
    const owner = checkEnrolment(context, leaf, change);
    change.enrolled.set(owner, leaf.member);
    change.enrolments.set(owner, id);
  } else {
    applyRecord(context, change, event, leaf, id, moves);
  }
}

/** @throws Refusal `unknown-member`, `bad-signature`, `already-enrolled`. */
function checkEnrolment(
  { networkId, verifier }: FoldContext,
  enrolment: SignedEnrolment,
  view: LedgerView,
): Owner {
  const member = view.member(enrolment.member);
  if (member === undefined)
    throw new Refusal("unknown-member", `member ${enrolment.member} is unknown`);
  if (!isIssuedBy(networkId, enrolment, member.issuer, verifier)) {
    throw new Refusal(
      "bad-signature",
      `not signed by the present issuer key of member ${enrolment.member}`,
    );
  }
  const owner = ownerOf(enrolment.deviceKey);
  const custodian = view.custodianOf(owner);
  if (custodian !== undefined) {
    throw new Refusal("already-enrolled", `${owner} is enrolled with member ${custodian}`);
  }
  return owner;
}

function applyRecord(
  context: FoldContext,
  change: Change,
  event: SequencedEvent,
  record: SignedRecord,
  id: Hex,
  moves: Moves,
): void {
  const taken = checkRecord(context.networkId, record, id, event.timeS, change, change);
  for (const { outpoint, output } of taken) {
    change.takeCoin(outpoint, output, id);
    move(moves, output.custodian, -output.amount);
  }
  for (const [index, output] of record.outputs.entries()) {
    if (output.lock === lock.burn) change.burn(output.custodian, output.amount);
    else change.makeCoin(joinOutpoint(id, index), output);
    move(moves, output.custodian, output.amount);
  }
  change.recordApplied(
    id,
    taken.some(({ output }) => output.lock === lock.replacement),
  );
}

function move(moves: Moves, member: MemberId, amount: bigint): void {
  moves.set(member, (moves.get(member) ?? 0n) + amount);
}
