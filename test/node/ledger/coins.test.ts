/** Coins and owners in memory against Maps: what stands, who owns what and how much, who is enrolled. */
import assert from "node:assert/strict";
import { sha256 } from "#sha256";
import fc from "fast-check";
import { fromHex, type Hex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { AMOUNT_MAX } from "../../../protocol/money.ts";
import { joinOutpoint, type Outpoint, type Output } from "../../../protocol/output.ts";
import { stateValue } from "../../../protocol/state-entry.ts";
import { Coins } from "../../../node/ledger/coins.ts";

const hashes = Array.from({ length: 12 }, (_, i) => toHex(sha256(utf8.encode(`record ${i}`))));
const owners = Array.from({ length: 5 }, (_, i) => hashes[i]!.slice(0, 42) as Hex);

const outpointArbitrary = fc
  .tuple(fc.constantFrom(...hashes), fc.nat(3))
  .map(([id, index]) => joinOutpoint(id, index));

const plain = { noNullPrototype: true } as const;

const outputArbitrary: fc.Arbitrary<Output> = fc.record(
  {
    lock: fc.constantFrom(0, 1, 3),
    owner: fc.constantFrom(...owners),
    custodian: fc.integer({ min: 1, max: 0xffff }),
    amount: fc.bigInt({ min: 1n, max: AMOUNT_MAX }),
  },
  plain,
);

const stepArbitrary = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    outpoint: outpointArbitrary,
    output: outputArbitrary,
  }),
  fc.record({ kind: fc.constant("delete" as const), outpoint: outpointArbitrary }),
  fc.record({
    kind: fc.constant("enrol" as const),
    owner: fc.constantFrom(...owners),
    member: fc.integer({ min: 1, max: 0xffff }),
  }),
);

/** Coins of one owner in Maps, the latest first. */
function ofOwner(model: ReadonlyMap<Outpoint, Output>, owner: Hex) {
  return [...model].filter(([, output]) => output.owner === owner).toReversed();
}

/** The number and the sum of those coins. */
function balanceIn(model: ReadonlyMap<Outpoint, Output>, owner: Hex) {
  const amounts = ofOwner(model, owner).map(([, { amount }]) => amount);
  return { coins: amounts.length, amount: amounts.reduce((sum, amount) => sum + amount, 0n) };
}

describe("coins in memory", () => {
  it("say what Maps say: each coin, the coins of each owner in order and their sum, each enrolment", () => {
    const property = fc.property(
      fc.array(stepArbitrary, { maxLength: 200, size: "max" }),
      (steps) => {
        const coins = new Coins(5);
        const model = new Map<Outpoint, Output>();
        const enrolled = new Map<Hex, number>();
        for (const step of steps) {
          if (step.kind === "enrol") {
            coins.enrol(step.owner, step.member);
            enrolled.set(step.owner, step.member);
          } else if (step.kind === "delete") {
            coins.delete(step.outpoint);
            model.delete(step.outpoint);
          } else if (!model.has(step.outpoint)) {
            coins.add(step.outpoint, step.output);
            model.set(step.outpoint, step.output);
          }
          assert.equal(coins.size, model.size);
          for (const owner of owners)
            assert.deepEqual(coins.balanceOf(owner), balanceIn(model, owner));
        }
        assert.deepEqual(new Map(coins.coins()), model);
        assert.deepEqual(new Map(coins.enrolled()), enrolled);
        for (const [outpoint, output] of model) assert.deepEqual(coins.get(outpoint), output);
        for (const owner of owners) {
          assert.deepEqual([...coins.of(owner)], ofOwner(model, owner));
          assert.equal(coins.custodianOf(owner), enrolled.get(owner));
        }
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  it("take and compare a coin as it is encoded, and tell it from one that differs in any byte", () => {
    fc.assert(
      fc.property(outpointArbitrary, outputArbitrary, fc.nat(30), (outpoint, output, at) => {
        const coins = new Coins(5);
        const [key, value] = [fromHex(outpoint), stateValue.coin(output)];
        const { custodian, amount } = output;
        assert.deepEqual(coins.addEncoded(key, value), { custodian, amount });
        assert.deepEqual(coins.get(outpoint), output);
        assert.deepEqual([...coins.of(output.owner)], [[outpoint, output]]);
        assert.equal(coins.holdsEncoded(key, value), true);
        const other = Uint8Array.from(value);
        other[at]! ^= 1;
        assert.equal(coins.holdsEncoded(key, other), false);
        assert.equal(coins.holdsEncoded(key, value.subarray(0, 30)), false);
        assert.deepEqual(coins.deleteEncoded(key), { custodian, amount });
        assert.equal(coins.deleteEncoded(key), undefined);
        assert.equal(coins.holdsEncoded(key, value), false);
        assert.equal(coins.size, 0);
      }),
      { numRuns: 100 },
    );
  });

  it("come back from their image: each coin, the coins of each owner in order and their sum, each enrolment", () => {
    const coins = new Coins(5);
    for (const [i, id] of hashes.entries()) {
      const owner = owners[i % owners.length]!;
      coins.add(joinOutpoint(id, i), { lock: 0, owner, custodian: i + 1, amount: BigInt(i) + 1n });
    }
    coins.enrol(owners[0]!, 3);
    coins.delete(joinOutpoint(hashes[5]!, 5));
    const restored = new Coins(6);
    restored.restore(
      coins
        .image()
        .map((part) => Uint8Array.from(part))
        .values(),
    );
    for (const owner of owners) {
      assert.deepEqual([...restored.of(owner)], [...coins.of(owner)]);
      assert.deepEqual(restored.balanceOf(owner), coins.balanceOf(owner));
      assert.equal(restored.custodianOf(owner), coins.custodianOf(owner));
    }
    assert.equal(restored.countEnrolled(), 1);
    assert.deepEqual(new Map(restored.coins()), new Map(coins.coins()));
  });

  it("forget an owner that has no coin left and is not enrolled, and use its place again", () => {
    const coins = new Coins(1);
    const output = (owner: Hex): Output => ({ lock: 0, owner, custodian: 1, amount: 1n });
    const before = coins.sizeBytes;
    for (let i = 0; i < 20_000; i++) {
      const id = toHex(sha256(utf8.encode(`${i}`)));
      const outpoint = joinOutpoint(id, 0);
      coins.add(outpoint, output(id.slice(0, 42) as Hex));
      assert.equal(coins.size, 1);
      coins.delete(outpoint);
    }
    assert.equal(coins.size, 0);
    // One block of coins and one of owners, for 20,000 owners one after the other.
    const block = 8192;
    assert.equal(coins.sizeBytes - before, block * 56 + block * 42);
  });

  it("are met by a walk in stretches, each of a lock and custodian that stands as long as it takes [N-19]", () => {
    const coins = new Coins(1);
    const owner = owners[0]!;
    const outpointOf = (i: number) => joinOutpoint(toHex(sha256(utf8.encode(`${i}`))), 0);
    const isMeant = (i: number) => i % 3 === 0;
    const add = (i: number) =>
      coins.add(outpointOf(i), {
        lock: isMeant(i) ? 1 : 0,
        owner,
        custodian: i % 2 === 0 ? 7 : 8,
        amount: 1n,
      });
    for (let i = 0; i < 300; i++) add(i);
    const met: Outpoint[] = [];
    let fresh = 300;
    for (let from: number | undefined = 0; from !== undefined; ) {
      const stretch = coins.stretch(from, 1, 7, 40, 5);
      assert.ok(stretch.coins.length <= 5);
      met.push(...stretch.coins.map(([outpoint]) => outpoint));
      from = stretch.next;
      // A coin goes and another takes its place, wherever that is.
      if (fresh < 360) {
        coins.delete(outpointOf(fresh - 300));
        add(fresh++);
      }
    }
    const gone = fresh - 300;
    for (let i = gone; i < 300; i++) {
      const times = met.filter((outpoint) => outpoint === outpointOf(i)).length;
      assert.equal(times, isMeant(i) && i % 2 === 0 ? 1 : 0, `coin ${i}`);
    }
    assert.deepEqual(coins.stretch(100_000, 1, 7, 40, 5), { coins: [], next: undefined });
  });

  it("keep an enrolled owner without coins", () => {
    const coins = new Coins(1);
    const [owner, outpoint] = [owners[0]!, joinOutpoint(hashes[0]!, 1)];
    coins.add(outpoint, { lock: 0, owner, custodian: 1, amount: 1n });
    coins.enrol(owner, 0xffff);
    coins.delete(outpoint);
    assert.equal(coins.custodianOf(owner), 0xffff);
    assert.deepEqual([...coins.of(owner)], []);
  });

  it("sum up what is more than 64 bits hold, and are back at nothing when all has gone", () => {
    const coins = new Coins(1);
    const owner = owners[0]!;
    const output: Output = { lock: 0, owner, custodian: 1, amount: AMOUNT_MAX };
    coins.enrol(owner, 1);
    const outpoints = hashes.flatMap((id) => [0, 1, 2].map((index) => joinOutpoint(id, index)));
    for (const outpoint of outpoints) coins.add(outpoint, output);
    assert.deepEqual(coins.balanceOf(owner), { coins: 36, amount: 36n * AMOUNT_MAX });
    for (const outpoint of outpoints) coins.delete(outpoint);
    assert.deepEqual(coins.balanceOf(owner), { coins: 0, amount: 0n });
  });

  it("refuse to add a coin that stands: it would be money from nowhere [R-035]", () => {
    const coins = new Coins(1);
    const outpoint = joinOutpoint(hashes[0]!, 0);
    const output: Output = { lock: 0, owner: owners[0]!, custodian: 1, amount: 1n };
    coins.add(outpoint, output);
    assert.throws(() => coins.add(outpoint, { ...output, amount: 2n }), /stands already/);
    assert.deepEqual([...coins.of(owners[0]!)], [[outpoint, output]]);
  });

  it("tell apart the sixteen outputs of a record", () => {
    const coins = new Coins(1);
    for (let i = 0; i < 16; i++) {
      const output: Output = { lock: 0, owner: owners[0]!, custodian: 1, amount: BigInt(i + 1) };
      coins.add(joinOutpoint(hashes[0]!, i), output);
    }
    for (let i = 0; i < 16; i++) {
      assert.equal(coins.get(joinOutpoint(hashes[0]!, i))?.amount, BigInt(i + 1));
    }
  });
});
