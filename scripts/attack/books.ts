/**
 * What an attack cost, and what it may cost at most. The losses are read from the contracts and from the
 * ledger; the bounds follow from the policy that the registry holds, and from nothing the attack did but
 * which devices cheated, with how much, and what was promised falsely.
 */
import type { ContractReader } from "../../node/chain/reader.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Cheat, Trial } from "./attack.ts";

/** The network's rules about double spends. */
export type Policy = {
  /** What each member pays for one device at most. */
  readonly guarantees: ReadonlyMap<MemberId, Amount>;
  /** The fine, in percent of what is paid. */
  readonly penaltyPercent: number;
};

/** What belongs to whom at one moment, in minor units. */
export type Books = {
  /** Each member's bond, less what waits to be paid from it. */
  readonly bonds: ReadonlyMap<MemberId, Amount>;
  /** What the contracts owe and do not have. */
  readonly shortfall: Amount;
};

export const parties = ["payees", "bank", "others", "authority"] as const;
export type Party = (typeof parties)[number];

/** Of one party: what it lost, and the most it may lose. */
export type Loss = { readonly loss: Amount; readonly bound: Amount };
export type Losses = Readonly<Record<Party, Loss>>;

export async function readPolicy(reader: ContractReader): Promise<Policy> {
  const [{ penaltyPercent }, { members }] = await Promise.all([
    reader.parameters(),
    reader.directory(),
  ]);
  const guarantees = new Map<MemberId, Amount>();
  for (const { member } of members) {
    const [inForce] = await reader.read("registry", "guaranteeOf", [member]);
    guarantees.set(member, inForce);
  }
  return { guarantees, penaltyPercent };
}

export async function readBooks(reader: ContractReader, policy: Policy): Promise<Books> {
  const members = [...policy.guarantees.keys()];
  const entries = await Promise.all(members.map((member) => reader.bond(member)));
  const { owed, tokens } = await reader.settlement();
  return {
    bonds: new Map(
      entries.map(({ member, amount, queued, fines }) => [member, amount - queued - fines]),
    ),
    shortfall: owed > tokens ? owed - tokens : 0n,
  };
}

/**
 * @param missing what honest people have less on the ledger than is theirs.
 * The *bank* of the table is every member whose device cheated or who promised falsely.
 */
export function lossesOf(
  policy: Policy,
  { cheats, promises = [], rulings = [] }: Pick<Trial, "cheats" | "promises" | "rulings">,
  before: Books,
  after: Books,
  missing: Amount,
): Losses {
  const guilty = new Set([...cheats, ...promises].map(({ bank }) => bank));
  const fallen = (isGuilty: boolean) =>
    sum(
      [...before.bonds]
        .filter(([member]) => guilty.has(member) === isGuilty)
        .map(([member, bond]) => positive(bond - after.bonds.get(member)!)),
    );
  const guaranteeOf = (bank: MemberId) => policy.guarantees.get(bank) ?? 0n;
  const withFine = (amount: Amount) => (amount * BigInt(100 + policy.penaltyPercent)) / 100n;
  const devices = cheats.map(({ bank, lost }) => withFine(least(lost, guaranteeOf(bank))));
  const promised = promises.map(({ amount }) => amount);
  const ruled = rulings.map(({ amount }) => withFine(amount));
  const beyond = cheats.map((cheat) => beyondGuarantee(cheat, guaranteeOf(cheat.bank)));
  const beyondPromise = promises.map(({ amount, taken }) => positive(taken - amount));
  return {
    payees: { loss: missing, bound: sum([...beyond, ...beyondPromise]) },
    bank: { loss: fallen(true), bound: sum([...devices, ...promised, ...ruled]) },
    others: { loss: fallen(false), bound: 0n },
    authority: { loss: positive(after.shortfall - before.shortfall), bound: 0n },
  };
}

/** What no guarantee covers: whole payments, since none is paid in part. */
function beyondGuarantee({ losers, amount }: Cheat, guarantee: Amount): Amount {
  return positive(BigInt(losers) - guarantee / amount) * amount;
}

/** Whether no party lost more than it may. */
export function areWithin(losses: Losses): boolean {
  return parties.every((party) => losses[party].loss <= losses[party].bound);
}

export function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}
