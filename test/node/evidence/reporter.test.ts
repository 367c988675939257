/** Which conflicts are reported, when and by whom; the contract that pays is played by a book of answers. */
import assert from "node:assert/strict";
import { AppliedProofs } from "../../../node/evidence/applied-proofs.ts";
import {
  type ContractRefusal,
  type DisputesDesk,
  Reporter,
} from "../../../node/evidence/reporter.ts";
import { turnOf } from "../../../node/evidence/turns.ts";
import type { DoubleSpendProof, PairState } from "../../../node/chain/disputes.ts";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { appliedRootOf } from "../../../protocol/checkpoint.ts";
import { hashLeaf, isIncluded } from "../../../protocol/merkle.ts";
import type { MemberId, Outpoint } from "../../../protocol/output.ts";
import type { NodeSigner } from "../../../protocol/p256-node.ts";
import type { SignedRecord } from "../../../protocol/record.ts";
import {
  type Coin,
  idOf,
  keyOf,
  networkId,
  pay,
  reclaim,
  spend,
} from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { Rig, SELF } from "./support/rig.ts";

/** What a contract would keep and answer: what was reported to it, and why it says no. */
class Desk implements DisputesDesk {
  readonly reported: DoubleSpendProof[] = [];
  readonly asked: DoubleSpendProof[] = [];
  objection: (proof: DoubleSpendProof) => ContractRefusal | undefined = () => undefined;
  state: PairState = "none";
  /** Where it is another one than that. */
  readonly states = new Map<Outpoint, PairState>();
  left = 10_000n;
  spare = 10_000n;

  async pairState(outpoint: Outpoint): Promise<PairState> {
    return this.states.get(outpoint) ?? this.state;
  }
  async leftOf(): Promise<bigint> {
    return this.left;
  }
  async spareOf(): Promise<bigint> {
    return this.spare;
  }
  async objectionTo(proof: DoubleSpendProof): Promise<ContractRefusal | undefined> {
    this.asked.push(proof);
    return this.objection(proof);
  }
  async report(proof: DoubleSpendProof): Promise<ContractRefusal | undefined> {
    this.reported.push(proof);
    return undefined;
  }
}

describe("the reporter of double spends", () => {
  let rig: Rig;
  let desk: Desk;
  let reporter: Reporter;
  let [anna, bert, dora] = [keyOf("anna"), keyOf("bert"), keyOf("dora")];
  let coin: Coin;

  beforeEach(async () => {
    rig = await Rig.open();
    desk = new Desk();
    [anna, bert, dora] = [
      await rig.enrol("anna", 1),
      await rig.enrol("bert", 2),
      await rig.enrol("dora", 3),
    ];
    [coin] = (await rig.load(anna, 1, 500n)) as [Coin];
  });

  afterEach(async () => {
    await reporter.stop();
    await rig[Symbol.asyncDispose]();
  });

  function start(active: readonly MemberId[] = [SELF], turnMs = 20): void {
    const { replica, book, pool } = rig.now;
    reporter = new Reporter(
      {
        networkId,
        member: SELF,
        replica,
        book,
        proofs: new AppliedProofs((cycle) => replica.store.appliedIn(cycle)),
        pool,
        directory: { activeMembers: () => [...active] },
        desk,
        logger: rig.logger,
        onLocal: () => undefined,
        onFailure: (error) => rig.logger.error({ err: error }, "a database failed"),
      },
      { turnMs },
    );
    replica.onFolded((folded) => reporter.folded(folded));
    reporter.start();
  }

  function paying(
    to: NodeSigner,
    member: number,
    from = [coin],
    amount = 500n,
  ): Promise<SignedRecord> {
    return spend({ signer: anna, inputs: from, outputs: [pay(to, member, amount)] });
  }

  async function settleCycle(): Promise<void> {
    await rig.closeCycle();
    await rig.settle();
  }

  async function reaches(stage: string, count = 1): Promise<void> {
    await until(`${count} conflicts are ${stage}`, async () => {
      const stages = await rig.stages();
      return stages.filter((each) => each === stage).length === count;
    });
  }

  /** Long enough for a wrong report to be made. */
  async function forAWhile(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  it("waits until the winner's cycle has settled, and then shows the bytes and the way to the root", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    const cycle = rig.now.replica.state.parameters.openCycle;
    await rig.sequence(2, winner);
    await rig.submit(loser);
    start();
    await reaches("waiting");
    await rig.closeCycle();
    await forAWhile();
    assert.equal(desk.reported.length, 0);
    await rig.settle();
    await until("it is reported", () => desk.reported.length > 0);
    const proof = desk.reported[0]!;
    assert.deepEqual(toHex(proof.loser.bytes), toHex(loser.bytes));
    assert.equal(toHex(proof.winner), toHex(winner.body));
    assert.equal(proof.cycle, cycle);
    const applied = await rig.now.replica.store.appliedIn(cycle);
    const leaf = hashLeaf(fromHex(idOf(winner)));
    const { position, path } = proof;
    assert.ok(isIncluded(leaf, position, applied.length, path, appliedRootOf(applied)));
  });

  it("hands the loser in again when its coin exists once more, and is done when it has applied", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.sequence(2, winner, loser);
    await settleCycle();
    start();
    await until("it is reported", () => desk.reported.length > 0);
    await rig.restitute(coin, loser);
    await reaches("restituted");
    await until("the loser may go out", () => rig.now.pool.readyCount === 1);
    await rig.sequence(1, loser);
    await reaches("paid");
    const before = desk.reported.length;
    await settleCycle();
    await forAWhile();
    assert.equal(desk.reported.length, before);
  });

  it("does not report a loser that could not apply anyway [R4, R5, R6]", async () => {
    const winner = await paying(bert, 2);
    const unbalanced = await paying(dora, 3, [coin], 501n);
    const nobody = await paying(keyOf("nobody"), 3);
    const missing: Coin = { outpoint: `0x${"ff".repeat(32)}00`, output: coin.output };
    const early = await paying(dora, 3, [coin, missing], 1_000n);
    await rig.sequence(2, winner, unbalanced, nobody, early);
    await settleCycle();
    start();
    await reaches("void");
    await reaches("waiting", 2);
    await forAWhile();
    assert.equal(desk.reported.length, 0);
    const codes = (await rig.conflicts()).map(({ standing }) => standing.code);
    assert.deepEqual(new Set(codes), new Set(["unbalanced", "unknown-recipient", "unknown-coin"]));
    await rig.enrol("nobody", 3);
    await until("the one that can apply by now is reported", () => desk.reported.length === 1);
  });

  it("reports no coin of a record that lost two, while one of them would not be paid", async () => {
    const [a, b] = (await rig.load(anna, 1, 100n, 200n)) as [Coin, Coin];
    const winners = [await paying(bert, 2, [a], 100n), await paying(bert, 2, [b], 200n)];
    const loser = await paying(dora, 3, [a, b], 300n);
    await rig.sequence(2, ...winners, loser);
    await settleCycle();
    desk.objection = ({ winner }) =>
      toHex(winner) === toHex(winners[1]!.body)
        ? { name: "DisputesBadSignature", detail: "bad" }
        : undefined;
    start();
    await reaches("refused", 2);
    assert.equal(desk.reported.length, 0);
    desk.objection = () => undefined;
    // Each alone is within what is left, both together are not.
    desk.left = 299n;
    await settleCycle();
    await until("they are refused together", async () =>
      (await rig.conflicts()).every(({ standing }) => standing.code === "DisputesAboveGuarantee"),
    );
    assert.equal(desk.reported.length, 0);
    desk.left = 300n;
    await settleCycle();
    await until("both are reported", () => {
      const shown = new Set(desk.reported.map(({ winner }) => toHex(winner)));
      return shown.size === 2;
    });
  });

  it("reports the second coin of a record that lost two, though another member has reported the first and that is not folded yet", async () => {
    const [a, b] = (await rig.load(anna, 1, 100n, 200n)) as [Coin, Coin];
    const winners = [await paying(bert, 2, [a], 100n), await paying(bert, 2, [b], 200n)];
    const loser = await paying(dora, 3, [a, b], 300n);
    await rig.sequence(2, ...winners, loser);
    await settleCycle();
    const isFirst = ({ winner }: DoubleSpendProof) => toHex(winner) === toHex(winners[0]!.body);
    desk.states.set(a.outpoint, "restituted");
    desk.objection = (proof) =>
      isFirst(proof) ? { name: "DisputesPairTaken", detail: "taken" } : undefined;
    // What is left of the guarantee has paid for the first.
    desk.left = 200n;
    start();
    await until("the second is reported", () => desk.reported.length > 0);
    assert.equal(desk.reported.some(isFirst), false);
    assert.deepEqual(await rig.stages(), ["due", "due"]);
  });

  it("reports no coin of a record that lost two to its bank's reclaim, while the bond cannot spare both", async () => {
    const coins = await rig.load(anna, 1, 100n, 200n);
    const owner = fromHex(coin.output.owner);
    await rig.take({ kind: "revoked", member: 1, owner, timeS: rig.timeS });
    rig.timeS += 14 * 24 * 3600;
    const treasury = keyOf("treasury of 1");
    const outputs = [pay(treasury, 1, 300n)];
    const winner = await reclaim({ signer: treasury, inputs: coins, outputs });
    await rig.sequence(1, winner);
    await rig.submit(await paying(dora, 3, coins, 300n));
    await settleCycle();
    desk.spare = 299n;
    start();
    await reaches("refused", 2);
    const codes = (await rig.conflicts()).map(({ standing }) => standing.code);
    assert.deepEqual(new Set(codes), new Set(["DisputesBondNeeded"]));
    assert.equal(desk.reported.length, 0);
    desk.spare = 300n;
    await until("both are reported", () => {
      return new Set(desk.reported.map(({ index }) => index)).size === 2;
    });
  });

  it("asks again about what the contract refused, and says what waits for a bond", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.sequence(2, winner, loser);
    await settleCycle();
    desk.objection = () => ({ name: "DisputesAboveGuarantee", detail: "above" });
    start();
    await reaches("refused");
    desk.objection = () => undefined;
    await until("it is reported", () => desk.reported.length > 0);
    desk.state = "queued";
    await reaches("queued");
  });

  it("lets the others go first in their turn, each conflict in an order of its own", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.sequence(2, winner);
    await rig.submit(loser, false);
    await settleCycle();
    const active = [1, 2, 3, 4];
    const turns = (isOurs: boolean) => async () => {
      const [conflict] = await rig.conflicts();
      return active.map((member) => turnOf(member, active, { ...conflict!, isOurs }));
    };
    const numbers = (from: number) => new Set([0, 1, 2, 3].map((rank) => from + rank));
    assert.deepEqual(new Set(await turns(true)()), numbers(0));
    assert.deepEqual(new Set(await turns(false)()), numbers(4));
    start(active, 100);
    await reaches("due");
    await forAWhile();
    assert.equal(desk.reported.length, 0);
    await until("its turn has come", () => desk.reported.length > 0);
  });

  it("goes on after a restart where it was, with a loser that was never sequenced", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.sequence(2, winner);
    await rig.submit(loser);
    start();
    await reaches("waiting");
    await reporter.stop();
    await rig.crash();
    await settleCycle();
    start();
    await until("it is reported", () => desk.reported.length > 0);
    assert.equal(toHex(desk.reported[0]!.loser.bytes), toHex(loser.bytes));
  });
});
