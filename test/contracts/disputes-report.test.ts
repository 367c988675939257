/** Double spends before the contract: what a report must prove, and what it leads to. */
import { expect } from "chai";
import { p256 } from "@noble/curves/nist.js";
import { ZeroHash } from "ethers";
import { decodeRecord, encodeRecord, type SignedRecord } from "../../protocol/record.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { hashLeaf, merkleRoot } from "../../protocol/merkle.ts";
import { message } from "../../protocol/message.ts";
import { lock } from "../../protocol/output.ts";
import { defaultParameters, settle, START } from "../../scripts/bench/consortium.ts";
import { checkpoint, closeCycle, settleCycle, useConsortium } from "./support/deployment.ts";
import {
  apply,
  type Accusation,
  type Coin,
  coinOf,
  device,
  idOf,
  networkOf,
  outputOf,
  proofOf,
  spend,
} from "../../scripts/bench/double-spends.ts";

const NONE = 0n;
const QUEUED = 1n;
const RESTITUTED = 2n;
const AMOUNT = 20_000n;
const FINE = 40_000n;
const BOND = 1_000_000n;

const cheat = device("cheat", 2);

describe("Disputes.report", () => {
  const load = useConsortium();

  /** A cheat spent a coin twice, the winner was applied, its bank has a bond. */
  async function cheated(bond = BOND) {
    const consortium = await load();
    const { disputes, members } = consortium;
    if (bond > 0n) await disputes.connect(members[1]!.operator).depositBond(2, bond);
    const coin = coinOf(consortium, cheat, AMOUNT, 1);
    const winner = spend(consortium, { name: "winner", coins: [coin], by: cheat });
    const loser = spend(consortium, { name: "loser", coins: [coin], by: cheat });
    const third = spend(consortium, { name: "third", coins: [coin], by: cheat });
    const stranger = spend(consortium, { name: "another", coins: [coin], by: cheat });
    const applied = await apply(consortium, [stranger, winner, third].slice(0, 2));
    const reporter = disputes.connect(members[2]!.operator);
    const accusation: Accusation = { coin, loser, winner, applied };
    const report = (change: Partial<Accusation> = {}) =>
      reporter.report(proofOf(consortium, { ...accusation, ...change }));
    const stateOf = async (record: SignedRecord) =>
      await disputes.stateOf(coin.outpoint.slice(0, 66), 0, idOf(consortium, record));
    return { consortium, accusation, report, reporter, third, stateOf, ...accusation };
  }

  it("pays the coin once more from the bond, revokes the device, and fines its bank [R-033] [R-165] [N-02] [N-12]", async () => {
    const { consortium, coin, loser, winner, report, stateOf } = await cheated();
    const { disputes, settlement, registry, connection } = consortium;
    const id = coin.outpoint.slice(0, 66);
    const seq = await registry.seq();
    const at = (await connection.networkHelpers.time.latest()) + 5;
    await connection.networkHelpers.time.setNextBlockTimestamp(at);
    const reported = report();
    await expect(reported)
      .to.emit(settlement, "Restituted")
      .withArgs(seq + 1n, id, 0, idOf(consortium, loser), cheat.owner, 2, AMOUNT, at);
    await expect(reported)
      .to.emit(registry, "Revoked")
      .withArgs(seq + 2n, 2, cheat.owner, at);
    await expect(reported)
      .to.emit(disputes, "DoubleSpendProven")
      .withArgs(idOf(consortium, loser), idOf(consortium, winner), FINE);
    expect((await disputes.bondOf(2)).amount).to.equal(BOND - AMOUNT - FINE);
    expect(await disputes.fines()).to.equal(FINE);
    expect(await disputes.coveredOf(cheat.owner)).to.equal(AMOUNT);
    expect(await settlement.reserveOf(2)).to.equal(AMOUNT);
    expect(await stateOf(loser)).to.equal(RESTITUTED);
    expect(await stateOf(winner)).to.equal(NONE);
  });

  it("takes a coin that a record made, at its index", async () => {
    const { consortium, reporter } = await cheated();
    const change = { lock: lock.key, owner: cheat.owner, custodian: 2, amount: 7n };
    const parent = spend(consortium, {
      name: "parent",
      coins: [coinOf(consortium, cheat, 10n, 9)],
      by: cheat,
      outputs: [{ ...change, amount: 3n }, change],
    });
    const coin = outputOf(consortium, parent, 1);
    const [winner, loser] = ["a", "b"].map((name) =>
      spend(consortium, { name, coins: [coin], by: cheat }),
    ) as [SignedRecord, SignedRecord];
    const applied = await apply(consortium, [winner]);
    await reporter.report(proofOf(consortium, { coin, loser, winner, applied }));
    expect(await consortium.settlement.reserveOf(2)).to.equal(7n);
  });

  it("pays every loser of a three-way conflict, and each once [R-165]", async () => {
    const { consortium, loser, third, report, stateOf } = await cheated();
    await report();
    await report({ loser: third });
    expect(await consortium.settlement.reserveOf(2)).to.equal(2n * AMOUNT);
    for (const record of [loser, third]) {
      expect(await stateOf(record)).to.equal(RESTITUTED);
      await expect(report({ loser: record }))
        .to.be.revertedWithCustomError(consortium.disputes, "DisputesPairTaken")
        .withArgs(idOf(consortium, record), RESTITUTED);
    }
    expect(await consortium.settlement.reserveOf(2)).to.equal(2n * AMOUNT);
  });

  it("is not turned round: who was restituted is no winner later (d)", async () => {
    const { consortium, loser, winner, report } = await cheated();
    await report();
    const applied = await apply(consortium, [loser]);
    await expect(report({ loser: winner, winner: loser, applied }))
      .to.be.revertedWithCustomError(consortium.disputes, "DisputesPairTaken")
      .withArgs(idOf(consortium, loser), RESTITUTED);
  });

  it("takes a vault coin that a bank loaded twice, over any guarantee (e)", async () => {
    const { consortium, reporter } = await cheated();
    const { disputes, members } = consortium;
    await disputes.connect(members[2]!.operator).depositBond(3, BOND);
    const treasury = device("treasury 3 0", 3);
    const coin = coinOf(consortium, treasury, START.guarantee + 1n, 5);
    const [winner, loser] = ["load", "again"].map((name) =>
      spend(consortium, { name, coins: [coin], by: treasury }),
    ) as [SignedRecord, SignedRecord];
    const applied = await apply(consortium, [winner]);
    await reporter.report(proofOf(consortium, { coin, loser, winner, applied }));
    expect(await disputes.coveredOf(treasury.owner)).to.equal(0n);
    expect((await disputes.bondOf(3)).amount).to.equal(BOND - 3n * (START.guarantee + 1n));
  });

  describe("where the winner is a reclaim", () => {
    async function reclaimed(amount = AMOUNT) {
      const parts = await cheated();
      const { consortium } = parts;
      const coin = coinOf(consortium, cheat, amount, 77);
      const bank = device("treasury 2 0", 2);
      const winner = spend(consortium, { kind: "reclaim", name: "r", coins: [coin], by: bank });
      const losers = ["p", "q"].map((name) =>
        spend(consortium, { name, coins: [coin], by: cheat }),
      );
      const applied = await apply(consortium, [winner]);
      const report = (loser: SignedRecord) => parts.report({ coin, loser, winner, applied });
      return { consortium, coin, report, first: losers[0]!, second: losers[1]! };
    }

    it("pays without fine or revocation, and over the guarantee: the bank vouched that it was unspent [N-06]", async () => {
      const { consortium, coin, report, first, second } = await reclaimed(START.guarantee + 1n);
      const { disputes, registry } = consortium;
      const reported = report(first);
      await expect(reported)
        .to.emit(disputes, "DoubleSpendProven")
        .withArgs(idOf(consortium, first), (winner: string) => winner !== ZeroHash, 0n);
      await expect(reported).not.to.emit(registry, "Revoked");
      expect((await disputes.bondOf(2)).amount).to.equal(BOND - START.guarantee - 1n);
      expect(await disputes.coveredOf(cheat.owner)).to.equal(0n);
      expect(await disputes.isReclaimReported(coin.outpoint.slice(0, 66), 0)).to.equal(true);
      await expect(report(second))
        .to.be.revertedWithCustomError(disputes, "DisputesAboveGuarantee")
        .withArgs(START.guarantee + 1n, START.guarantee);
    });

    it("counts the second loser of the coin, still without fine", async () => {
      const { consortium, report, first, second } = await reclaimed();
      await report(first);
      await report(second);
      const { disputes } = consortium;
      expect(await disputes.coveredOf(cheat.owner)).to.equal(AMOUNT);
      expect((await disputes.bondOf(2)).amount).to.equal(BOND - 2n * AMOUNT);
      expect(await disputes.fines()).to.equal(0n);
    });
  });

  describe("and the guarantee (e)", () => {
    it("covers a device to its last unit, over all its coins, and no further [N-12]", async () => {
      const { consortium, reporter } = await cheated();
      const { disputes, registry } = consortium;
      const amounts = [10_000n, START.guarantee - 10_000n, 1n];
      const coins = amounts.map((amount, i) => coinOf(consortium, cheat, amount, 100 + i));
      const records = (name: string) =>
        coins.map((coin) => spend(consortium, { name, coins: [coin], by: cheat }));
      const [winners, losers] = [records("w"), records("l")];
      const applied = await apply(consortium, winners);
      const report = (i: number) =>
        reporter.report(
          proofOf(consortium, {
            coin: coins[i]!,
            loser: losers[i]!,
            winner: winners[i]!,
            applied,
          }),
        );
      await report(0);
      await report(1);
      await expect(report(2))
        .to.be.revertedWithCustomError(disputes, "DisputesAboveGuarantee")
        .withArgs(START.guarantee + 1n, START.guarantee);
      expect(await disputes.coveredOf(cheat.owner)).to.equal(START.guarantee);
      await registry.setGuarantee(2, START.guarantee + 1n);
      await report(2);
    });

    it("stays at its height for the claim period when a lower one is announced", async () => {
      const { consortium, third, report } = await cheated();
      const { disputes, registry, connection } = consortium;
      await registry.setGuarantee(2, 0n);
      await report();
      await connection.networkHelpers.time.increase(defaultParameters.claimPeriod - 60);
      await report({ loser: third });
      expect(await disputes.coveredOf(cheat.owner)).to.equal(2n * AMOUNT);
      expect(await disputes.minimumOf(2)).to.equal(3n * START.guarantee);
      await connection.networkHelpers.time.increase(60);
      expect(await disputes.minimumOf(2)).to.equal(0n);
    });

    it("is still in force in the last second for what settled in the block of the announcement", async () => {
      const consortium = await load();
      const { disputes, registry, settlement, members, connection } = consortium;
      const { networkHelpers } = connection;
      const { time } = networkHelpers;
      const automine = (isOn: boolean) =>
        connection.provider.request({ method: "evm_setAutomine", params: [isOn] });
      await disputes.connect(members[1]!.operator).depositBond(2, BOND);
      const coin = coinOf(consortium, cheat, AMOUNT, 1);
      const [winner, loser, third] = ["winner", "loser", "third"].map((name) =>
        spend(consortium, { name, coins: [coin], by: cheat }),
      ) as [SignedRecord, SignedRecord, SignedRecord];
      const id = idOf(consortium, winner);
      await closeCycle(consortium);
      const appliedRoot = toHex(merkleRoot([hashLeaf(fromHex(id))]));
      const settled = await checkpoint(consortium, [], { applied: 1, appliedRoot });
      await automine(false);
      await settle(consortium, settled);
      await registry.setGuarantee(2, 0n);
      await networkHelpers.mine();
      await automine(true);
      const at = await time.latest();
      expect((await settlement.getCycle(1)).settledAt).to.equal(at);
      const { guarantee } = await registry.getMember(2);
      expect(guarantee.next).to.equal(0n);

      const report = (each: SignedRecord) => {
        const accusation = { coin, loser: each, winner, applied: { cycle: 1, ids: [id] } };
        return disputes.connect(members[2]!.operator).report(proofOf(consortium, accusation));
      };
      await time.setNextBlockTimestamp(at + defaultParameters.claimPeriod);
      await report(loser);
      expect(await disputes.coveredOf(cheat.owner)).to.equal(AMOUNT);
      await expect(report(third))
        .to.be.revertedWithCustomError(disputes, "DisputesTooLate")
        .withArgs(at + defaultParameters.claimPeriod);
      await networkHelpers.mine();
      expect(await registry.guaranteeOf(2)).to.equal(0n);
    });
  });

  describe("where the bond is short", () => {
    it("queues the coin, impairs the member, revokes at once, and pays when the bond comes [N-12]", async () => {
      const { consortium, coin, loser, report, stateOf } = await cheated(AMOUNT - 1n);
      const { disputes, settlement, registry, members } = consortium;
      const reported = report();
      await expect(reported).to.emit(disputes, "DebtQueued");
      await expect(reported).to.emit(registry, "Revoked");
      await expect(reported).not.to.emit(settlement, "Restituted");
      expect(await stateOf(loser)).to.equal(QUEUED);
      expect(await settlement.isImpaired(2)).to.equal(true);
      expect(await disputes.coveredOf(cheat.owner)).to.equal(AMOUNT);
      const { amount, queued, fines } = await disputes.bondOf(2);
      expect([amount, queued, fines]).to.deep.equal([AMOUNT - 1n, AMOUNT, FINE]);
      expect(await disputes.queueLength(2)).to.equal(1n);
      expect((await disputes.queueOf(2, 5))[0]!.loser).to.equal(idOf(consortium, loser));

      await expect(disputes.payQueue(2, 5))
        .to.be.revertedWithCustomError(disputes, "DisputesNothingToPay")
        .withArgs(2);
      await disputes.connect(members[1]!.operator).depositBond(2, 1n);
      const paid = disputes.connect(consortium.stranger).payQueue(2, 5);
      await expect(paid).to.emit(disputes, "DebtPaid").withArgs(2, 0);
      await expect(paid).to.emit(settlement, "Restituted");
      expect(await stateOf(loser)).to.equal(RESTITUTED);
      expect(await settlement.isImpaired(2)).to.equal(false);
      expect(await settlement.reserveOf(2)).to.equal(coin.output.amount);
      const after = await disputes.bondOf(2);
      expect([after.amount, after.queued, after.fines]).to.deep.equal([0n, 0n, FINE]);
    });

    it("pays oldest first, even a coin that the bond would reach, and fines last", async () => {
      const { consortium, loser, third, report, stateOf } = await cheated(AMOUNT - 1n);
      const { disputes, members } = consortium;
      await report();
      await report({ loser: third });
      const operator = disputes.connect(members[1]!.operator);
      await operator.depositBond(2, AMOUNT + 1n);
      await disputes.payQueue(2, 1);
      expect([await stateOf(loser), await stateOf(third)]).to.deep.equal([RESTITUTED, QUEUED]);
      expect(await consortium.settlement.isImpaired(2)).to.equal(true);
      expect(await disputes.fines()).to.equal(0n);
      await disputes.payQueue(2, 1);
      expect(await stateOf(third)).to.equal(RESTITUTED);
      await operator.depositBond(2, FINE);
      await disputes.payQueue(2, 1);
      await operator.depositBond(2, 10n * FINE);
      await disputes.payQueue(2, 0);
      const { amount, fines } = await disputes.bondOf(2);
      expect([amount, fines, await disputes.fines()]).to.deep.equal([9n * FINE, 0n, 2n * FINE]);
    });

    it("pays what a fine left over, when the member is back", async () => {
      const { consortium, third, report } = await cheated(AMOUNT + 1n);
      const { disputes, members } = consortium;
      await report();
      const { amount, fines } = await disputes.bondOf(2);
      expect([amount, fines]).to.deep.equal([0n, FINE - 1n]);
      expect(await consortium.settlement.isImpaired(2)).to.equal(false);
      await report({ loser: third });
      await disputes.connect(members[1]!.operator).depositBond(2, AMOUNT + 2n * FINE);
      await disputes.payQueue(2, 9);
      const after = await disputes.bondOf(2);
      expect([after.amount, after.fines]).to.deep.equal([1n, 0n]);
    });
  });

  describe("refuses", () => {
    it("who speaks for no member, and takes members of any status", async () => {
      const { consortium, accusation, report } = await cheated();
      const { disputes, registry, stranger, authority } = consortium;
      for (const account of [stranger, authority]) {
        await expect(disputes.connect(account).report(proofOf(consortium, accusation)))
          .to.be.revertedWithCustomError(disputes, "DisputesNotOperator")
          .withArgs(account.address);
      }
      await registry.setStatus(3, 3);
      await report();
    });

    it("an output that the parent does not have, and one that is not of lock 0 (a)", async () => {
      const { consortium, accusation, reporter } = await cheated();
      const proof = proofOf(consortium, accusation);
      await expect(reporter.report({ ...proof, index: 1 }))
        .to.be.revertedWithCustomError(consortium.disputes, "DisputesNoSuchOutput")
        .withArgs(1, 1);
      const claim = { lock: lock.claim, owner: cheat.owner, custodian: 2, amount: 10n };
      const parent = spend(consortium, {
        name: "to a claim",
        coins: [coinOf(consortium, cheat, 10n, 9)],
        by: cheat,
        outputs: [claim],
      });
      await expect(reporter.report({ ...proof, parent: parent.body }))
        .to.be.revertedWithCustomError(consortium.disputes, "DisputesWrongLock")
        .withArgs(1);
      await expect(reporter.report({ ...proof, parent: parent.body, index: 7 }))
        .to.be.revertedWithCustomError(consortium.disputes, "DisputesNoSuchOutput")
        .withArgs(7, 1);
    });

    it("bytes that are no parent, no record, no body, at field and offset", async () => {
      const { consortium, accusation, reporter, loser } = await cheated();
      const { connection, disputes } = consortium;
      const evidence = await connection.ethers.getContractAt("Evidence", await disputes.evidence());
      const proof = proofOf(consortium, accusation);
      const bad = [
        { parent: "0x" },
        { parent: proof.parent.slice(0, -2) },
        { loser: proof.loser.slice(0, -2) },
        { loser: `0x04${proof.loser.slice(4)}` },
        { loser: toHex(loser.body) },
        { winner: "0x" },
        { winner: proof.winner.slice(0, 60) },
      ];
      for (const change of bad) {
        await expect(reporter.report({ ...proof, ...change })).to.be.revertedWithCustomError(
          evidence,
          "ByteReaderMalformed",
        );
      }
    });

    it("a parent or winner with a byte more: it has another id", async () => {
      const { consortium, accusation, reporter } = await cheated();
      const proof = proofOf(consortium, accusation);
      const { disputes } = consortium;
      await expect(
        reporter.report({ ...proof, parent: `${proof.parent}00` }),
      ).to.be.revertedWithCustomError(disputes, "DisputesCoinNotNamed");
      await expect(
        reporter.report({ ...proof, winner: `${proof.winner}00` }),
      ).to.be.revertedWithCustomError(disputes, "DisputesNotApplied");
    });

    it("a loser that is no spend, names another coin, or one that never was (b)", async () => {
      const { consortium, coin, report } = await cheated();
      const { disputes } = consortium;
      const bank = device("treasury 2 0", 2);
      const reclaim = spend(consortium, { kind: "reclaim", name: "x", coins: [coin], by: bank });
      await expect(report({ loser: reclaim }))
        .to.be.revertedWithCustomError(disputes, "DisputesLoserNotSpend")
        .withArgs(3);
      const other: Coin = coinOf(consortium, cheat, AMOUNT, 2);
      const elsewhere = spend(consortium, { name: "y", coins: [other], by: cheat });
      await expect(report({ loser: elsewhere }))
        .to.be.revertedWithCustomError(disputes, "DisputesCoinNotNamed")
        .withArgs(idOf(consortium, elsewhere));
    });

    it("a loser by who does not own the coin: no one is accused by another's signature (b)", async () => {
      const { consortium, coin, report } = await cheated();
      const liar = device("liar", 2);
      const forged = spend(consortium, { name: "forged", coins: [coin], by: liar });
      await expect(report({ loser: forged }))
        .to.be.revertedWithCustomError(consortium.disputes, "DisputesNotOwner")
        .withArgs(cheat.owner, liar.owner);
    });

    it("a signature that does not hold, a high s, and the key's other y (b)", async () => {
      const { consortium, accusation, loser, reporter } = await cheated();
      const { disputes } = consortium;
      const proof = proofOf(consortium, accusation);
      const s = BigInt(`0x${Buffer.from(loser.signature.subarray(32)).toString("hex")}`);
      const high = Buffer.from((p256.Point.Fn.ORDER - s).toString(16).padStart(64, "0"), "hex");
      const signatures = [
        new Uint8Array([...loser.signature.subarray(0, 32), ...high]),
        loser.signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
        new Uint8Array(64),
      ];
      const y = `0x${(p256.Point.Fp.ORDER - BigInt(proof.y)).toString(16).padStart(64, "0")}`;
      const changes = [
        ...signatures.map((signature) => {
          const bytes = encodeRecord({ ...loser, signature });
          return { loser: `0x${Buffer.from(bytes).toString("hex")}` };
        }),
        { y },
      ];
      for (const change of changes) {
        await expect(reporter.report({ ...proof, ...change })).to.be.revertedWithCustomError(
          disputes,
          "DisputesBadSignature",
        );
      }
    });

    it("the same record twice, however often it was signed: a duplicate is benign (c) [N-17]", async () => {
      const { consortium, winner, report } = await cheated();
      const signed = message("record", networkOf(consortium), winner.body);
      const signature = p256.sign(signed, cheat.privateKey, { lowS: true, extraEntropy: true });
      expect(signature).not.to.deep.equal(winner.signature);
      const other = decodeRecord(encodeRecord({ ...winner, signature }));
      await expect(report({ loser: other }))
        .to.be.revertedWithCustomError(consortium.disputes, "DisputesSameRecord")
        .withArgs(idOf(consortium, winner));
    });

    it("a winner that is a claim, or takes another coin (c)", async () => {
      const { consortium, coin, report } = await cheated();
      const { disputes } = consortium;
      const claim = spend(consortium, {
        kind: "claim",
        name: "claim",
        coins: [coin],
        by: cheat,
        preimage: new Uint8Array(32),
      });
      const other = spend(consortium, {
        name: "other",
        coins: [coinOf(consortium, cheat, AMOUNT, 2)],
        by: cheat,
      });
      const applied = await apply(consortium, [claim, other]);
      await expect(report({ winner: claim, applied }))
        .to.be.revertedWithCustomError(disputes, "DisputesWinnerNotSpend")
        .withArgs(2);
      await expect(report({ winner: other, applied }))
        .to.be.revertedWithCustomError(disputes, "DisputesCoinNotNamed")
        .withArgs(idOf(consortium, other));
    });

    it("a winner whose cycle is not settled, that was not applied in it, or by a wrong path (c)", async () => {
      const { consortium, accusation, third, winner, applied, report, reporter } = await cheated();
      const { disputes } = consortium;
      const open = { ...applied, cycle: applied.cycle + 1 };
      await expect(report({ applied: open }))
        .to.be.revertedWithCustomError(disputes, "DisputesNotSettled")
        .withArgs(open.cycle);
      await closeCycle(consortium);
      await expect(report({ applied: open }))
        .to.be.revertedWithCustomError(disputes, "DisputesNotSettled")
        .withArgs(open.cycle);
      await settle(consortium, await checkpoint(consortium));
      await expect(report({ applied: open }))
        .to.be.revertedWithCustomError(disputes, "DisputesNotApplied")
        .withArgs(idOf(consortium, winner), open.cycle);
      await expect(report({ winner: third }))
        .to.be.revertedWithCustomError(disputes, "DisputesNotApplied")
        .withArgs(idOf(consortium, third), applied.cycle);
      const proof = proofOf(consortium, accusation);
      for (const change of [{ position: 5 }, { position: 0 }, { path: [] }]) {
        await expect(reporter.report({ ...proof, ...change })).to.be.revertedWithCustomError(
          disputes,
          "DisputesNotApplied",
        );
      }
    });

    it("what comes after the claim period, to the second (c)", async () => {
      const { consortium, applied, third, report } = await cheated();
      const { disputes, settlement, connection } = consortium;
      const { time } = connection.networkHelpers;
      const { settledAt } = await settlement.getCycle(applied.cycle);
      const until = settledAt + BigInt(defaultParameters.claimPeriod);
      await time.setNextBlockTimestamp(until);
      await report();
      await time.setNextBlockTimestamp(until + 1n);
      await expect(report({ loser: third }))
        .to.be.revertedWithCustomError(disputes, "DisputesTooLate")
        .withArgs(until);
    });
  });

  it("counts what it paid for the supply of the cycle it is in [I4]", async () => {
    const { consortium, report } = await cheated();
    await report();
    await settleCycle(consortium, []);
    expect((await consortium.settlement.getCycle(2)).supply).to.equal(AMOUNT);
  });
});
