/**
 * Netting: what members owe each other over a cycle is one position each, and no member can owe more than it
 * has. Payments are folded by the ledger, and the positions that it comes to are settled by the contract.
 * Cycles settle in their order alone, so that no cap depends on which of them settles first.
 *
 * The first replays what mojaloop/project#3482 tells of: a participant pays on, in a second window, what it
 * received in a first one that has not settled; settling one window without the other then leaves it beyond
 * its net debit cap.
 */
import { expect } from "chai";
import { boundaryOf } from "../../node/checkpoints/checkpoint-of.ts";
import { type Checkpoint, checkpointDigest, type Position } from "../../protocol/checkpoint.ts";
import {
  type Consortium,
  quorum,
  settle,
  settlementForm,
  sign,
} from "../../scripts/bench/consortium.ts";
import { TestLedger } from "../support/ledger.ts";
import { type Coin, coinsOf, pay, spend } from "../support/ledger-parts.ts";
import { checkpoint, closeCycle, deposit, useConsortium } from "./support/deployment.ts";

const MEMBERS = [1, 2, 3, 4];

describe("netting", () => {
  const load = useConsortium();

  it("lets a member pay on what it received in a cycle that has not settled, to the last unit and no further, and settles cycles in their order alone, so that none passes its cap [N-15]", async () => {
    const { consortium, ledger, vaults } = await fundedWith(await load(), [100_000n, 100_000n]);
    const { settlement } = consortium;
    const received = await transfer(ledger, 1, 2, [vaults[0]!], 10_000n);
    const cycle1 = await close(consortium, ledger);
    // All that member 2 has, received or its own; a unit more has no coin, and no coin pays twice.
    const all = [vaults[1]!, received];
    ledger.refuse("unbalanced", await drawn(ledger, 2, 1, all, 110_001n));
    await transfer(ledger, 2, 1, all, 110_000n);
    ledger.refuse("spent", await drawn(ledger, 2, 3, [received], 10_000n));
    const cycle2 = await close(consortium, ledger);
    expect(cycle1).to.deep.equal([position(1, -10_000n), position(2, 10_000n)]);
    expect(cycle2).to.deep.equal([position(1, 110_000n), position(2, -110_000n)]);

    // The second window first: by its own number, or as though it were the first.
    const early = await checkpoint(consortium, cycle2, { number: 2 });
    await expect(settle(consortium, early))
      .to.be.revertedWithCustomError(settlement, "SettlementCheckpointNotNext")
      .withArgs(2, 1);
    await expect(settle(consortium, await checkpoint(consortium, cycle2)))
      .to.be.revertedWithCustomError(settlement, "SettlementSumOutOfRange")
      .withArgs(2, -10_000n);
    expect(await reserves(consortium)).to.deep.equal([100_000n, 100_000n, 0n, 0n]);

    await settle(consortium, await checkpoint(consortium, cycle1));
    expect(await reserves(consortium)).to.deep.equal([90_000n, 110_000n, 0n, 0n]);
    await settle(consortium, await checkpoint(consortium, cycle2));
    expect(await reserves(consortium)).to.deep.equal([200_000n, 0n, 0n, 0n]);
    expect(MEMBERS.map((member) => ledger.state.custodyOf(member))).to.deep.equal(
      await reserves(consortium),
    );
  });

  it("changes no balance when settling fails, however late it does, and settles when it is tried again [N-15]", async () => {
    const { consortium, ledger, vaults } = await fundedWith(await load(), [500n, 500n, 500n]);
    const { settlement, token, members, domain } = consortium;
    await transfer(ledger, 1, 2, [vaults[0]!], 300n);
    const positions = await close(consortium, ledger);
    const good = await checkpoint(consortium, positions);
    const before = await balances(consortium);
    const fails = async (statement: Checkpoint, error: string, signers = quorum(members)) => {
      const signatures = sign(checkpointDigest(domain, statement), signers);
      await expect(
        settlement.settle(settlementForm(statement), signatures),
      ).to.be.revertedWithCustomError(settlement, error);
      expect(await balances(consortium)).to.deep.equal(before);
    };

    await fails(good, "QuorumNotReached", quorum(members).slice(1));
    // The rows of members 1 and 2 are good, and moved before the third is seen to be short.
    const short = [...positions, position(3, -501n), position(4, 501n)];
    await fails({ ...good, positions: short }, "SettlementSumOutOfRange");
    const uneven = [...positions, position(3, -1n)];
    await fails({ ...good, positions: uneven }, "SettlementDeltaNotZero");
    await fails({ ...good, supply: good.supply - 1n }, "SettlementSupplyMismatch");

    await settle(consortium, good);
    expect(await reserves(consortium)).to.deep.equal([200n, 800n, 500n, 0n]);
    expect(await token.balanceOf(await settlement.getAddress())).to.equal(1_500n);
  });

  it("leaves nothing gridlocked: members that hold nothing pay each other around a ring with what one of them has, and owe nothing at its end [N-15]", async () => {
    const { consortium, ledger, vaults } = await fundedWith(await load(), [100n]);
    let coin = vaults[0]!;
    for (const from of [...MEMBERS, ...MEMBERS]) {
      coin = await transfer(ledger, from, (from % 4) + 1, [coin], 100n);
    }
    const positions = await close(consortium, ledger);
    expect(positions).to.deep.equal([]);
    await settle(consortium, await checkpoint(consortium, positions));
    expect(await reserves(consortium)).to.deep.equal([100n, 0n, 0n, 0n]);
  });
});

/** Members with reserves in the contract, each a coin of its vault on the ledger. */
async function fundedWith(consortium: Consortium, amounts: readonly bigint[]) {
  const ledger = new TestLedger(...MEMBERS);
  const vaults: Coin[] = [];
  for (const [i, amount] of amounts.entries()) {
    await deposit(consortium, i + 1, amount);
    vaults.push(ledger.deposit(i + 1, amount));
  }
  return { consortium, ledger, vaults };
}

/** A payment from vault to vault, and what is left of the coins to the payer. */
function drawn(
  ledger: TestLedger,
  from: number,
  to: number,
  coins: readonly Coin[],
  amount: bigint,
) {
  const [signer, payee] = [from, to].map((member) => ledger.bank(member).treasury);
  const rest = coins.reduce((sum, { output }) => sum + output.amount, 0n) - amount;
  const change = rest > 0n ? [pay(signer!, from, rest)] : [];
  const outputs = [pay(payee!, to, amount), ...change];
  return spend({ signer: signer!, inputs: coins, outputs });
}

/** Has it applied. @returns the coin paid. */
async function transfer(...payment: Parameters<typeof drawn>): Promise<Coin> {
  const record = await drawn(...payment);
  payment[0].apply(record);
  return coinsOf(record)[0]!;
}

/** Closes the cycle on both sides. @returns the positions that the ledger comes to. */
async function close(consortium: Consortium, ledger: TestLedger): Promise<readonly Position[]> {
  const cycle = Number(await closeCycle(consortium));
  return boundaryOf(cycle, ledger.take({ kind: "cycle-closed", cycle })).positions;
}

function reserves({ settlement }: Consortium): Promise<bigint[]> {
  return Promise.all(MEMBERS.map(async (member) => await settlement.reserveOf(member)));
}

/** All that settling may change. */
async function balances(consortium: Consortium) {
  const { settlement } = consortium;
  const withdrawable = MEMBERS.map(async (member) => await settlement.withdrawable(member));
  const sums = [await reserves(consortium), await Promise.all(withdrawable)];
  return [...sums, await settlement.owed(), await settlement.settledCycle()];
}

function position(member: number, delta: bigint): Position {
  return { member, delta, withdrawn: 0n };
}
