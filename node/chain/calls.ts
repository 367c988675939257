/** All that is ever said to the contracts, on one screen. Who may say it stands in the contracts' interfaces. */
import type { BatchHeader } from "../../protocol/batch.ts";
import { concat, type Hex, toHex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { MemberStatus } from "../../protocol/rules.ts";
import type { DisclosureEntry, EpochEntry } from "./audit-log.ts";
import type { ContractCall, ContractName } from "./contracts.ts";
import {
  type Award,
  awardsFor,
  type DoubleSpendProof,
  doubleSpendFor,
  promiseFor,
  type SignedPromise,
} from "./disputes.ts";
import {
  type Admission,
  admissionFor,
  keysFor,
  type MemberKeys,
  type MemberProfile,
  type NetworkParameters,
  type ObserverEntry,
  parametersFor,
  type Peer,
  peerFor,
  profileFor,
} from "./members.ts";

/** What a regulator asks for. */
export type DisclosureRequest = Pick<
  DisclosureEntry,
  "epoch" | "subject" | "legalBasis" | "requesterKey" | "untilS"
>;

const call = (
  contract: ContractName,
  method: string,
  ...args: readonly unknown[]
): ContractCall => ({ contract, method, args });

// Anyone: a quorum's signatures authorise it. They are 65 bytes each, ascending by signer.
export const sequence = (
  { member, number, count, root }: BatchHeader,
  signatures: readonly Uint8Array[],
) => call("settlement", "sequence", member, number, count, root, toHex(concat(...signatures)));
export const settle = (checkpoint: Checkpoint, signatures: readonly Uint8Array[]) =>
  call("settlement", "settle", checkpoint, toHex(concat(...signatures)));

// A member's operator.
export const closeCycle = () => call("settlement", "closeCycle");
export const approve = (spender: Hex, amount: Amount) => call("token", "approve", spender, amount);
export const deposit = (member: MemberId, amount: Amount) =>
  call("settlement", "deposit", member, amount);
export const withdraw = () => call("settlement", "withdraw");
export const revoke = (owners: readonly Owner[]) => call("registry", "revoke", owners);
export const rotateKeys = (keys: MemberKeys) => call("registry", "rotateKeys", keysFor(keys));
export const setPeer = (peer: Peer) => call("registry", "setPeer", peerFor(peer));

export const depositBond = (member: MemberId, amount: Amount) =>
  call("disputes", "depositBond", member, amount);
export const requestRelease = (amount: Amount) => call("disputes", "requestRelease", amount);
export const releaseBond = () => call("disputes", "releaseBond");

// A member's operator, on what devices did.
export const report = (proof: DoubleSpendProof) =>
  call("disputes", "report", doubleSpendFor(proof));
export const openDoubleSpend = (proof: DoubleSpendProof, argument: Hex) =>
  call("disputes", "openDoubleSpend", doubleSpendFor(proof), argument);
export const openFalseReceipt = (receipt: SignedPromise, awards: readonly Award[], argument: Hex) =>
  call("disputes", "openFalseReceipt", promiseFor(receipt), awardsFor(awards), argument);
export const openFalseCertificate = (
  certificate: SignedPromise,
  awards: readonly Award[],
  argument: Hex,
) => call("disputes", "openFalseCertificate", promiseFor(certificate), awardsFor(awards), argument);
export const answerCase = (caseId: number, answer: Hex) =>
  call("disputes", "answer", caseId, answer);

// Anyone, once the time has come.
/** At most `max` debts. */
export const payQueue = (member: MemberId, max: number) =>
  call("disputes", "payQueue", member, max);
export const ruleUnanswered = (caseId: number) => call("disputes", "ruleUnanswered", caseId);
export const lapse = (caseId: number) => call("disputes", "lapse", caseId);
export const enforce = (caseId: number) => call("disputes", "enforce", caseId);

// A holder of a share of the audit key.
export const approveDisclosure = (id: number) => call("auditLog", "approve", id);

// A regulator.
export const requestDisclosure = (asked: DisclosureRequest) =>
  call(
    "auditLog",
    "request",
    asked.epoch,
    asked.subject,
    asked.legalBasis,
    toHex(asked.requesterKey),
    asked.untilS,
  );
export const ruleCase = (caseId: number, isUpheld: boolean) =>
  call("disputes", "rule", caseId, isUpheld);

// The authority, after its delay.
export const admit = (member: MemberId, admission: Admission) =>
  call("registry", "admit", member, admissionFor(admission));
export const setStatus = (member: MemberId, status: MemberStatus) =>
  call("registry", "setStatus", member, status);
export const setOperator = (member: MemberId, operator: Hex) =>
  call("registry", "setOperator", member, operator);
export const setProfile = (member: MemberId, profile: MemberProfile) =>
  call("registry", "setProfile", member, profileFor(profile));
export const setQuota = (member: MemberId, quota: Amount) =>
  call("registry", "setQuota", member, quota);
export const setGuarantee = (member: MemberId, guarantee: Amount) =>
  call("registry", "setGuarantee", member, guarantee);
export const replaceKeys = (member: MemberId, keys: MemberKeys) =>
  call("registry", "replaceKeys", member, keysFor(keys));
export const replacePeer = (member: MemberId, peer: Peer) =>
  call("registry", "replacePeer", member, peerFor(peer));
export const admitObserver = (observer: ObserverEntry) =>
  call("registry", "admitObserver", observer.name, peerFor(observer));
export const removeObserver = (peerId: string) => call("registry", "removeObserver", peerId);
export const setParameters = (parameters: NetworkParameters) =>
  call("registry", "setParameters", parametersFor(parameters));
export const setWriter = (writer: Hex, allowed: boolean) =>
  call("registry", "setWriter", writer, allowed);
export const setArbiter = (arbiter: Hex, allowed: boolean) =>
  call("settlement", "setArbiter", arbiter, allowed);
export const setParticipant = (account: Hex, allowed: boolean) =>
  call("token", "setParticipant", account, allowed);
export const addEpoch = ({ epoch, publicKey, transcript, threshold, holders }: EpochEntry) =>
  call("auditLog", "addEpoch", epoch, publicKey, transcript, threshold, holders);
export const replaceHolder = (epoch: number, number: number, account: Hex) =>
  call("auditLog", "replaceHolder", epoch, number, account);
export const collectFines = (to: Hex) => call("disputes", "collectFines", to);
export const mint = (to: Hex, amount: Amount) => call("token", "mint", to, amount);
export const burn = (from: Hex, amount: Amount) => call("token", "burn", from, amount);

// The AccessManager: who may call what, and announced calls.
export const multicall = (calls: readonly Hex[]) => call("accessManager", "multicall", calls);
export const labelRole = (role: number, label: string) =>
  call("accessManager", "labelRole", role, label);
export const setTargetFunctionRole = (target: Hex, selectors: readonly Hex[], role: number) =>
  call("accessManager", "setTargetFunctionRole", target, selectors, role);
export const grantRole = (role: number, account: Hex, delayS: number) =>
  call("accessManager", "grantRole", role, account, delayS);
export const renounceRole = (role: number, own: Hex) =>
  call("accessManager", "renounceRole", role, own);
export const schedule = (target: Hex, data: Hex) =>
  call("accessManager", "schedule", target, data, 0);
export const execute = (target: Hex, data: Hex) => call("accessManager", "execute", target, data);
