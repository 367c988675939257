/**
 * The identities that money keeps, checked after every event over what the event is about to do. One
 * that fails is our own bug or a damaged store: the node stops before it stores anything.
 *
 * C_m is the sum of coins with custodian m; D_m[k] and W_m[k] its transfers and burns in cycle k.
 */
import type { MemberId } from "../../protocol/output.ts";
import type { Parameters, Window } from "../../protocol/state-entry.ts";

/** What the identities are about: a state, or a change over one. */
export interface Accounting {
  readonly parameters: Parameters;
  readonly inflow: bigint;
  readonly boundarySupply: bigint;
  memberIds(): readonly MemberId[];
  window(cycle: number, member: MemberId): Window;
  reserveOf(member: MemberId): bigint;
  custodyOf(member: MemberId): bigint;
}

export class IdentityError extends Error {
  readonly identity: string;

  constructor(identity: string, left: bigint, right: bigint) {
    super(`identity ${identity} fails: ${left} is not ${right}`);
    this.name = "IdentityError";
    this.identity = identity;
  }
}

/** The ledger's side of each identity, for showing beside the chain's. */
export type Sums = {
  /** Σ C_m + Σ Σ W_m[k] over unsettled cycles. */
  readonly coinsAndBurns: bigint;
  /** Σ reserveOf[m]. */
  readonly reserves: bigint;
  readonly supply: bigint;
};

/** @throws IdentityError naming the identity that fails. */
export function checkIdentities(ledger: Accounting): Sums {
  const members = ledger.memberIds();
  const { settledCycle, openCycle } = ledger.parameters;
  let supply = 0n;
  let reserves = 0n;
  let burns = 0n;
  for (const member of members) {
    const custody = ledger.custodyOf(member);
    const reserve = ledger.reserveOf(member);
    if (custody < 0n) throw new IdentityError(`C_${member} >= 0`, custody, 0n);
    if (reserve < 0n) throw new IdentityError(`reserveOf[${member}] >= 0`, reserve, 0n);
    let moved = 0n;
    let burnt = 0n;
    for (let cycle = settledCycle + 1; cycle <= openCycle; cycle++) {
      const window = ledger.window(cycle, member);
      moved += window.delta;
      burnt += window.burns;
    }
    equal(`I2 of member ${member}`, custody + burnt, reserve + moved);
    supply += custody;
    reserves += reserve;
    burns += burnt;
  }
  equal("I1", supply + burns, reserves);
  for (let cycle = settledCycle + 1; cycle <= openCycle; cycle++) {
    equal(
      `I3 of cycle ${cycle}`,
      sum(members, (member) => ledger.window(cycle, member).delta),
      0n,
    );
  }
  const burntSince = sum(members, (member) => ledger.window(openCycle, member).burns);
  equal("I4", supply, ledger.boundarySupply + ledger.inflow - burntSince);
  return { coinsAndBurns: supply + burns, reserves, supply };
}

function equal(identity: string, left: bigint, right: bigint): void {
  if (left !== right) throw new IdentityError(identity, left, right);
}

function sum(members: readonly MemberId[], of: (member: MemberId) => bigint): bigint {
  return members.reduce((total, member) => total + of(member), 0n);
}
