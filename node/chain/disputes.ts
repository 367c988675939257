/** Bonds, double spends and cases in our words and units: what is said to Disputes, and what it says. */
import { p256 } from "@noble/curves/nist.js";
import type { Result } from "ethers";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";

/** The proof that a coin was spent twice: what a node holds once the winner's cycle is settled. */
export type DoubleSpendProof = {
  /** What made the coin: a record's body, or a deposit's bytes. */
  readonly parent: Uint8Array;
  /** Which of its outputs. */
  readonly index: number;
  /** The losing record. */
  readonly loser: { readonly bytes: Uint8Array; readonly signer: Uint8Array };
  /** The body of the record that took the coin. */
  readonly winner: Uint8Array;
  /** The cycle in which the winner was applied, its place in it from 0, and the path to the root. */
  readonly cycle: number;
  readonly position: number;
  readonly path: readonly Uint8Array[];
};

/** A receipt or certificate, and the issuer key that its member has or had. */
export type SignedPromise = { readonly bytes: Uint8Array; readonly issuer: Uint8Array };

/** A coin to be made by a ruling. */
export type Award = {
  readonly owner: Owner;
  readonly custodian: MemberId;
  readonly amount: Amount;
};

/** What a bond has to pay: the coin once more for a losing record, or an award. */
export type Debt = {
  readonly owner: Owner;
  readonly custodian: MemberId;
  readonly amount: Amount;
  /** Absent for an award. */
  readonly restitution?: { readonly id: Hex; readonly index: number; readonly loser: Hex };
};

/** A member's bond. */
export type BondEntry = {
  readonly member: MemberId;
  readonly amount: Amount;
  /** What is never released. */
  readonly minimum: Amount;
  /** Sum of the debts that wait. */
  readonly queued: Amount;
  readonly fines: Amount;
  /** Sum of what open cases ask. */
  readonly claimed: Amount;
  readonly leaving: Amount;
  readonly leavesAtS: number;
};

/** What became of a coin for a losing record, by the contract's numbers. */
export const pairStates = ["none", "queued", "restituted"] as const;
export type PairState = (typeof pairStates)[number];

export const caseKinds = ["double-spend", "false-receipt", "false-certificate"] as const;
export const caseStatuses = [
  "none",
  "opened",
  "answered",
  "ruled",
  "enforced",
  "dismissed",
  "lapsed",
] as const;

/** Whether nothing comes after it: it was paid, refused, or left undecided. */
export function isCaseEnded(status: CaseEntry["status"]): boolean {
  return status === "enforced" || status === "dismissed" || status === "lapsed";
}

export type CaseEntry = {
  readonly caseId: number;
  readonly kind: (typeof caseKinds)[number];
  readonly status: (typeof caseStatuses)[number];
  readonly claimant: MemberId;
  readonly accused: MemberId;
  readonly amount: Amount;
  /** Last second in which it can be answered (opened) or ruled on (answered). */
  readonly deadlineS: number;
  /** SHA-256 of what each side puts forward; zero for nothing. */
  readonly argument: Hex;
  readonly answer: Hex;
  readonly debts: readonly Debt[];
};

const ZERO = `0x${"00".repeat(32)}`;

export function doubleSpendFor(proof: DoubleSpendProof) {
  return {
    parent: toHex(proof.parent),
    index: proof.index,
    loser: toHex(proof.loser.bytes),
    y: yOf(proof.loser.signer),
    winner: toHex(proof.winner),
    cycle: proof.cycle,
    position: proof.position,
    path: proof.path.map(toHex),
  };
}

export function promiseFor({ bytes, issuer }: SignedPromise) {
  return { statement: toHex(bytes), issuer: toHex(issuer), y: yOf(issuer) };
}

export function awardsFor(awards: readonly Award[]) {
  return awards.map(({ owner, custodian, amount }) => ({ owner, member: custodian, amount }));
}

export function debtOf(row: Result): Debt {
  const owed: Debt = {
    owner: row["owner"],
    custodian: Number(row["member"]),
    amount: row["amount"],
  };
  if (row["loser"] === ZERO) return owed;
  return {
    ...owed,
    restitution: { id: row["id"], index: Number(row["index"]), loser: row["loser"] },
  };
}

export function bondOf(member: MemberId, minimum: Amount, row: Result): BondEntry {
  return {
    member,
    minimum,
    amount: row["amount"],
    queued: row["queued"],
    fines: row["fines"],
    claimed: row["claimed"],
    leaving: row["leaving"],
    leavesAtS: Number(row["leavesAt"]),
  };
}

export function caseOf(caseId: number, row: Result): CaseEntry {
  return {
    caseId,
    kind: caseKinds[Number(row["kind"])]!,
    status: caseStatuses[Number(row["status"])]!,
    claimant: Number(row["claimant"]),
    accused: Number(row["accused"]),
    amount: row["amount"],
    deadlineS: Number(row["deadline"]),
    argument: row["argument"],
    answer: row["answer"],
    debts: (row["debts"] as Result[]).map(debtOf),
  };
}

/** The other coordinate of a compressed key. Contracts verify with both; the key is on the curve. */
function yOf(key: Uint8Array): Hex {
  return toHex(p256.Point.fromBytes(key).toBytes(false).subarray(33));
}
