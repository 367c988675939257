/** A conflict is found whichever came first, and is kept; the same record again is none. */
import assert from "node:assert/strict";
import type { Conflict } from "../../../node/evidence/conflict.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { checkDoubleSpendSignatures } from "../../../protocol/double-spend.ts";
import { limits } from "../../../protocol/limits.ts";
import type { NodeSigner } from "../../../protocol/p256-node.ts";
import {
  decodeRecord,
  encodeRecord,
  type SignedRecord,
  signRecord,
} from "../../../protocol/record.ts";
import { context } from "../../support/ledger.ts";
import {
  type Coin,
  idOf,
  keyOf,
  networkId,
  pay,
  reclaim,
  spend,
} from "../../support/ledger-parts.ts";
import { highS } from "../../support/high-s.ts";
import { until } from "../../support/until.ts";
import { Rig } from "./support/rig.ts";

describe("a conflict", () => {
  let rig: Rig;
  let [anna, bert, dora] = [keyOf("anna"), keyOf("bert"), keyOf("dora")];
  let coin: Coin;

  beforeEach(async () => {
    rig = await Rig.open();
    [anna, bert, dora] = [
      await rig.enrol("anna", 1),
      await rig.enrol("bert", 2),
      await rig.enrol("dora", 3),
    ];
    [coin] = (await rig.load(anna, 1, 500n)) as [Coin];
  });

  afterEach(async () => {
    const problems = rig.log.filter((line) => /"level":"(error|fatal)"/.test(line));
    assert.deepEqual(problems, []);
    await rig[Symbol.asyncDispose]();
  });

  function paying(to: NodeSigner, member: number, counter = 0): Promise<SignedRecord> {
    return spend({ signer: anna, inputs: [coin], outputs: [pay(to, member, 500n)], counter });
  }

  /** The one conflict there is, with bytes that prove it. */
  async function theOne(loser: SignedRecord, winner: SignedRecord): Promise<Conflict> {
    const conflicts = await rig.conflicts();
    assert.equal(conflicts.length, 1);
    const conflict = conflicts[0]!;
    assert.equal(conflict.spend.outpoint, coin.outpoint);
    assert.equal(conflict.spend.lostId, idOf(loser));
    assert.equal(conflict.spend.wonId, idOf(winner));
    assert.equal(conflict.spend.amount, 500n);
    checkDoubleSpendSignatures(networkId, conflict.spend, context.verifier);
    return conflict;
  }

  it("is found when both were sequenced, in one batch or two [R-031, R-088]", async () => {
    const [winner, loser, third] = [
      await paying(bert, 2),
      await paying(dora, 3),
      await paying(bert, 2, 9),
    ];
    await rig.sequence(2, winner, loser);
    await theOne(loser, winner);
    await rig.sequence(3, third);
    const losers = (await rig.conflicts()).map(({ spend: { lostId, wonId } }) => [lostId, wonId]);
    assert.deepEqual(losers, [
      [idOf(loser), idOf(winner)],
      [idOf(third), idOf(winner)],
    ]);
  });

  it("is found when the loser waited here, and the winner was sequenced elsewhere [R-088]", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.submit(loser, false);
    await rig.sequence(2, winner);
    assert.equal((await theOne(loser, winner)).isOurs, false);
  });

  it("is found when the loser came unchecked, before the winner or after; a forged one is none [R-088]", async () => {
    const [winner, early, late] = [
      await paying(bert, 2),
      await paying(dora, 3),
      await paying(bert, 2, 9),
    ];
    const forged = decodeRecord(encodeRecord({ ...late, signature: early.signature }));
    rig.now.intake.spared([early.bytes]);
    await rig.sequence(2, winner);
    rig.now.intake.spared([forged.bytes, late.bytes]);
    await until("both are found", async () => (await rig.conflicts()).length === 2);
    for (const { spend: each } of await rig.conflicts())
      checkDoubleSpendSignatures(networkId, each, context.verifier);
  });

  it("is found when the loser comes after the winner, and was never sequenced [R-088]", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.sequence(2, winner);
    await rig.submit(loser);
    assert.equal((await theOne(loser, winner)).isOurs, true);
  });

  it("is found when parent, winner and loser come together", async () => {
    const child = await spend({ signer: anna, inputs: [coin], outputs: [pay(anna, 1, 500n)] });
    const first = coin;
    coin = { outpoint: `0x${idOf(child).slice(2)}00`, output: pay(anna, 1, 500n) };
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    for (const leaf of [loser, winner, child]) await rig.submit(leaf, leaf !== loser);
    await rig.sequence(1, child, winner);
    await theOne(loser, winner);
    assert.notEqual(first.outpoint, coin.outpoint);
  });

  it("survives a restart and a crash, the loser that was never sequenced too", async () => {
    const [winner, loser, third] = [
      await paying(bert, 2),
      await paying(dora, 3),
      await paying(bert, 2, 9),
    ];
    await rig.submit(loser, false);
    await rig.sequence(2, winner);
    const before = await theOne(loser, winner);
    await rig.restart();
    assert.deepEqual(await theOne(loser, winner), before);
    await rig.sequence(3, third);
    await rig.crash();
    assert.equal((await rig.conflicts()).length, 2);
    assert.equal(rig.now.book.openCount, 2);
  });

  it("is found again among what was folded, where its own database was lost or is behind", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.sequence(2, winner, loser);
    await rig.loseEvidence();
    await theOne(loser, winner);
  });

  it("is of the member that handed the loser in, from the moment it does", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    await rig.submit(loser, false);
    await rig.sequence(2, winner);
    await rig.submit(loser, true);
    assert.equal((await theOne(loser, winner)).isOurs, true);
  });

  it("has a bank's reclaim for its winner as well", async () => {
    await rig.take({
      kind: "revoked",
      member: 1,
      owner: Buffer.from(coin.output.owner.slice(2), "hex"),
      timeS: rig.timeS,
    });
    rig.timeS += 14 * 24 * 3600;
    const treasury = keyOf("treasury of 1");
    const winner = await reclaim({
      signer: treasury,
      inputs: [coin],
      outputs: [pay(treasury, 1, 500n)],
    });
    const loser = await paying(bert, 2);
    await rig.sequence(1, winner);
    await rig.submit(loser);
    await theOne(loser, winner);
  });

  it("of a vault's coin carries the deposit that made it", async () => {
    const treasury = keyOf("treasury of 1");
    coin = await rig.deposit(1, 500n);
    const by = (to: NodeSigner, counter: number) =>
      spend({ signer: treasury, inputs: [coin], outputs: [pay(to, 1, 500n)], counter });
    const [winner, loser] = [await by(anna, 1), await by(anna, 2)];
    await rig.sequence(1, winner, loser);
    assert.equal((await theOne(loser, winner)).spend.made.record, undefined);
  });

  it("names each coin that a record lost, and who took it", async () => {
    const [a, b] = (await rig.load(anna, 1, 100n, 200n)) as [Coin, Coin];
    const take = (from: Coin, to: NodeSigner, member: number) =>
      spend({ signer: anna, inputs: [from], outputs: [pay(to, member, from.output.amount)] });
    const winners = [await take(a, bert, 2), await take(b, dora, 3)];
    const loser = await spend({ signer: anna, inputs: [a, b], outputs: [pay(bert, 2, 300n)] });
    await rig.sequence(2, ...winners);
    await rig.sequence(2, loser);
    const found = await rig.conflicts();
    assert.deepEqual(
      new Map(found.map(({ spend: { outpoint, wonId } }) => [outpoint, wonId])),
      new Map([
        [a.outpoint, idOf(winners[0]!)],
        [b.outpoint, idOf(winners[1]!)],
      ]),
    );
  });

  it("is not the same record again, from anyone, before or after it applied [R-088]", async () => {
    const record = await paying(bert, 2);
    for (let i = 0; i < 3; i++) await rig.submit(record, i === 1);
    await rig.sequence(2, record, record);
    for (let i = 0; i < 3; i++) await rig.submit(record, i === 1);
    await rig.sequence(1, record);
    await rig.sequence(3, record);
    await rig.restart();
    await rig.submit(record);
    assert.deepEqual(await rig.conflicts(), []);
  });

  it("is not a second signature over the same body, and a high-s copy is no record at all", async () => {
    const record = await paying(bert, 2);
    const again = await signRecord(networkId, record, anna);
    assert.notEqual(toHex(again.bytes), toHex(record.bytes));
    assert.equal(idOf(again), idOf(record));
    await rig.submit(again, false);
    await rig.sequence(2, record);
    await rig.submit(again);
    await rig.sequence(1, again);
    const copy = decodeRecord(encodeRecord({ ...record, signature: highS(record.signature) }));
    assert.equal(idOf(copy), idOf(record));
    await rig.sequence(3, copy);
    assert.deepEqual(await rig.conflicts(), []);
  });

  it("is not a record that names a coin of someone else, nor one of a coin that never was", async () => {
    const winner = await paying(bert, 2);
    const thief = await spend({ signer: dora, inputs: [coin], outputs: [pay(dora, 3, 500n)] });
    const dream = await spend({
      signer: anna,
      inputs: [`0x${"99".repeat(33)}`],
      outputs: [pay(dora, 3, 5n)],
    });
    await rig.submit(thief, false);
    await rig.sequence(2, winner);
    await rig.sequence(3, thief, dream);
    assert.deepEqual(await rig.conflicts(), []);
  });

  it("is not a descendant of the loser: that waits for its parent", async () => {
    const [winner, loser] = [await paying(bert, 2), await paying(dora, 3)];
    const child = await spend({
      signer: dora,
      inputs: [`0x${idOf(loser).slice(2)}00`],
      outputs: [pay(bert, 2, 500n)],
    });
    await rig.sequence(2, winner);
    await rig.sequence(3, loser, child);
    await theOne(loser, winner);
  });

  it("of one coin is kept for others' customers so often and no more, and always for one's own", async () => {
    await rig.sequence(2, await paying(bert, 2));
    for (let i = 0; i < limits.losersPerCoinMax + 5; i++)
      await rig.submit(await paying(dora, 3, i + 1), false);
    assert.equal(rig.now.book.openCount, limits.losersPerCoinMax);
    await rig.submit(await paying(dora, 3, 9_999), true);
    assert.equal(rig.now.book.openCount, limits.losersPerCoinMax + 1);
  });
});
