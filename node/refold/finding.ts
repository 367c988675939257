/** What a refold has found: each checkpoint beside the settled one, and the sums at the end beside the chain's. */
import type { Hex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { CycleEntry, SettlementEntry } from "../chain/reader.ts";
import type { LedgerState } from "../ledger/state.ts";

/** A cycle that was folded again and is, to the last root, what a quorum settled. */
export type CycleFinding = {
  readonly cycle: number;
  readonly seq: number;
  readonly applied: number;
  readonly supply: Amount;
  readonly stateRoot: Hex;
};

export type MemberFinding = {
  readonly member: MemberId;
  /** Its customers' coins and its vault's. */
  readonly coins: Amount;
  /** Burnt, and not settled yet. */
  readonly burnt: Amount;
  /** What moved to it from others, and is not settled yet. */
  readonly moved: Amount;
  /** What the contract holds for its coins: coins + burnt = reserve + moved. */
  readonly reserve: Amount;
};

export type Finding = {
  readonly seq: number;
  readonly blockNumber: number;
  /** Sum of all coins. */
  readonly supply: Amount;
  readonly members: readonly MemberFinding[];
};

/** @throws Refusal `conflict` naming what a quorum settled and this fold did not come to. */
export function checkSettled(own: Checkpoint, settled: CycleEntry): void {
  const pairs: [string, number | bigint | Hex, number | bigint | Hex][] = [
    ["event", own.seq, settled.boundary],
    ["count of records", own.applied, settled.applied],
    ["root of records", own.appliedRoot, settled.appliedRoot],
    ["supply", own.supply, settled.supply],
    ["state root", own.stateRoot, settled.stateRoot],
  ];
  for (const [what, found, claimed] of pairs) {
    if (found === claimed) continue;
    const text = `cycle ${own.number} was settled with ${what} ${claimed}; folded again it is ${found}`;
    throw new Refusal("conflict", text);
  }
}

/**
 * The ledger's sums beside the contracts', member by member.
 * @param chain as it stands after the state's last event.
 * @throws Refusal `conflict` naming the member whose coins its reserve does not cover to the last unit.
 */
export function findSums(state: LedgerState, chain: SettlementEntry): Finding {
  const { settledCycle, openCycle } = state.parameters;
  const members = chain.accounts.map(({ member, reserve }) => {
    let [burnt, moved] = [0n, 0n];
    for (let cycle = settledCycle + 1; cycle <= openCycle; cycle++) {
      const window = state.window(cycle, member);
      burnt += window.burns;
      moved += window.delta;
    }
    const coins = state.custodyOf(member);
    if (coins + burnt !== reserve + moved)
      throw new Refusal(
        "conflict",
        `member ${member} has coins of ${coins} and burns of ${burnt}, and reserves of ${reserve} with ${moved} moved to it`,
      );
    return { member, coins, burnt, moved, reserve };
  });
  if (chain.tokens < chain.owed)
    throw new Refusal("conflict", `the contract owes ${chain.owed} and holds ${chain.tokens}`);
  const supply = members.reduce((sum, { coins }) => sum + coins, 0n);
  return { seq: state.seq, blockNumber: chain.blockNumber, supply, members };
}
