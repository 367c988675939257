import { expect } from "chai";
import fc from "fast-check";
import { type PendingLeaf, PendingPool, type PoolLimits } from "../../node/pending-pool.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { Leaf } from "../../protocol/leaf.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { signRecord, type SignedRecord } from "../../protocol/record.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { cpuTimeMs } from "../support/cpu-time.ts";
import {
  makeEnrolment,
  makeSpend,
  makeSpends,
  namesOf,
  networkIdBytes,
  outpoint,
  randomOutpoint,
} from "../support/leaves.ts";

const ALL = 1_000_000;
const roomy: PoolLimits = { leavesMax: 100_000, bytesMax: 1 << 30, ageMaxMs: 60_000 };
const notYet = { code: "unknown-coin", detail: "a coin is missing" } as const;

function pending(leaf: Leaf, local = true, checked = true): PendingLeaf {
  return { ...namesOf(leaf), leaf, local, checked };
}

function hashesOf(leaves: readonly PendingLeaf[]): Hex[] {
  return leaves.map(({ hash }) => hash);
}

/** Records of which each spends what the one before made. */
async function makeChain(length: number): Promise<SignedRecord[]> {
  const signer = NodeSigner.generate();
  const chain: SignedRecord[] = [];
  for (let i = 0; i < length; i++) {
    const input = chain.length === 0 ? randomOutpoint() : outpoint(chain.at(-1)!);
    chain.push(await makeSpend({ signer, inputs: [input] }));
  }
  return chain;
}

function fill(pool: PendingPool, leaves: readonly Leaf[], local = true): Hex[] {
  for (const leaf of leaves) pool.add(pending(leaf, local));
  return leaves.map((leaf) => namesOf(leaf).hash);
}

describe("pending pool", () => {
  let now: number;
  let pool: PendingPool;
  beforeEach(() => {
    now = 0;
    pool = new PendingPool(roomy, () => now);
  });
  const ready = (count = ALL, bytes = ALL) => hashesOf(pool.ready(count, bytes));

  it("puts forward local leaves in the order they came, and never those that were gossiped", async () => {
    const local = fill(pool, await makeSpends(5));
    const gossiped = fill(pool, await makeSpends(5), false);
    expect(ready()).to.deep.equal(local);
    expect(pool.get(gossiped[0]!)?.local).to.equal(false);
    expect(pool.size).to.equal(10);
    expect(pool.readyCount).to.equal(5);
  });

  it("knows a leaf by its hash, and makes it local when it is handed in here", async () => {
    const [leaf] = await makeSpends(1);
    expect(pool.add(pending(leaf!, false))).to.equal("added");
    expect(pool.add(pending(leaf!, false))).to.equal("known");
    expect(ready()).to.deep.equal([]);
    expect(pool.add(pending(leaf!))).to.equal("known");
    expect(ready()).to.deep.equal([namesOf(leaf!).hash]);
    expect(pool.add(pending(leaf!, false))).to.equal("known");
    expect(ready()).to.have.length(1);
    expect(pool.size).to.equal(1);
  });

  it("trusts what was checked, here or by those who endorsed what applied, and says once that it was", async () => {
    const [leaf, other] = await makeSpends(2);
    const { hash } = namesOf(leaf!);
    const heard: boolean[] = [];
    pool.onAdded(({ checked }) => heard.push(checked));
    pool.add(pending(leaf!, false, false));
    expect(pool.trusts(hash)).to.equal(false);
    for (const checked of [true, true, false]) pool.add(pending(leaf!, false, checked));
    expect(pool.trusts(hash)).to.equal(true);
    expect(heard).to.deep.equal([false, true]);
    const [input] = leaf!.inputs;
    expect(pool.spendersOf(input!)).to.deep.equal([namesOf(leaf!).id]);
    pool.add(pending(other!, false, false));
    expect(pool.spendersOf(other!.inputs[0]!)).to.deep.equal([]);
    pool.applied([namesOf(other!).hash]);
    expect(pool.trusts(namesOf(other!).hash)).to.equal(true);
  });

  it("keeps two leaves of one body apart: a second signature is another leaf", async () => {
    const signer = NodeSigner.generate();
    const first = await makeSpend({ signer });
    const second = await signRecord(networkIdBytes, first, signer, first);
    const hashes = fill(pool, [first, second]);
    expect(hashes[0]).not.to.equal(hashes[1]);
    expect(pool.withId(namesOf(first).id).map(({ leaf }) => leaf.hash)).to.deep.equal(hashes);
    pool.remove([hashes[0]!]);
    expect(pool.withId(namesOf(first).id).map(({ leaf }) => leaf.hash)).to.deep.equal([hashes[1]]);
  });

  it("names every record that would take a coin: conflicts are kept, as evidence", async () => {
    const coin = randomOutpoint();
    const rivals = [await makeSpend({ inputs: [coin] }), await makeSpend({ inputs: [coin] })];
    const hashes = fill(pool, rivals);
    expect(pool.spendersOf(coin)).to.deep.equal(rivals.map((rival) => namesOf(rival).id));
    expect(ready()).to.deep.equal(hashes);
    pool.applied([hashes[0]!]);
    pool.park(hashes[1]!, { code: "spent", detail: "taken" }, [coin]);
    expect(pool.spendersOf(coin)).to.deep.equal([namesOf(rivals[1]!).id]);
  });

  it("puts enrolments before all records", async () => {
    const device = NodeSigner.generate();
    const [spend] = await makeSpends(1);
    const enrolment = await makeEnrolment(device);
    const [first, second] = fill(pool, [spend!, enrolment]);
    expect(ready()).to.deep.equal([second, first]);
  });

  it("parks a leaf until one of the names it waits for arrives, and says why", async () => {
    const [child] = await makeSpends(1);
    const [hash] = fill(pool, [child!]);
    const owner = ownerOf(NodeSigner.generate().publicKey);
    pool.park(hash!, notYet, [child!.inputs[0]!, owner]);
    expect(ready()).to.deep.equal([]);
    expect(pool.withId(namesOf(child!).id)[0]!.reason).to.deep.equal(notYet);

    pool.arrived([randomOutpoint()]);
    expect(ready()).to.deep.equal([]);
    pool.arrived([owner]);
    expect(ready()).to.deep.equal([hash]);
    expect(pool.withId(namesOf(child!).id)[0]!.reason).to.equal(undefined);
  });

  it("lets a whole chain go out together once its first record may, however it came in", async () => {
    const chain = await makeChain(50);
    const [first, ...rest] = fill(pool, chain.toReversed()).toReversed();
    for (const [i, leaf] of chain.slice(1).entries()) {
      pool.park(namesOf(leaf).hash, notYet, [outpoint(chain[i]!)]);
    }
    expect(ready()).to.deep.equal([first]);
    pool.park(first!, notYet, ["0x01"]);
    expect(ready()).to.deep.equal([]);
    pool.arrived(["0x01"]);
    expect(ready()).to.deep.equal([first, ...rest]);
  });

  it("lets a child that came first go out with its parent, once that is handed in, and with a gossiped one not", async () => {
    const [parent, child] = await makeChain(2);
    const [hash] = fill(pool, [child!]);
    pool.park(hash!, notYet, [outpoint(parent!)]);
    fill(pool, [parent!], false);
    expect(ready()).to.deep.equal([]);
    fill(pool, [parent!]);
    expect(ready()).to.deep.equal([namesOf(parent!).hash, hash]);
  });

  it("tries again what waited for time to pass, and nothing else", async () => {
    const [reclaim, child] = fill(pool, await makeSpends(2));
    pool.park(reclaim!, { code: "not-reclaimable", detail: "too early" }, []);
    pool.park(child!, notYet, []);
    pool.retry("not-reclaimable");
    expect(ready()).to.deep.equal([reclaim]);
  });

  it("leaves out what is in a batch under way, until the batch came to nothing", async () => {
    const hashes = fill(pool, await makeSpends(3));
    pool.sent(hashes.slice(0, 2));
    expect(ready()).to.deep.equal(hashes.slice(2));
    pool.released([hashes[0]!]);
    expect(ready().toSorted()).to.deep.equal([hashes[0]!, hashes[2]!].toSorted());
    pool.park(hashes[1]!, notYet, []);
    pool.released([hashes[1]!]);
    expect(ready()).not.to.include(hashes[1]!);
  });

  it("forgets what applied and does not take it again from late gossip", async () => {
    const [leaf] = await makeSpends(1);
    const [hash] = fill(pool, [leaf!]);
    pool.applied([hash!]);
    expect(pool.size).to.equal(0);
    expect(pool.sizeBytes).to.equal(0);
    expect(pool.add(pending(leaf!, false))).to.equal("known");
    expect(pool.get(hash!)).to.equal(undefined);
  });

  it("puts 10,000 records that each spend the one before in order, whatever order they came in", async () => {
    const chain = (await makeChain(10_000)).map((leaf) => pending(leaf));
    for (const leaf of chain.toReversed()) pool.add(leaf);
    const start = cpuTimeMs();
    const first = ready(4096, 2 << 20);
    expect(first).to.deep.equal(hashesOf(chain).slice(0, 4096));
    expect(cpuTimeMs() - start).to.be.below(1000);
  });

  it("is not held up by records with more ways through them than there is time for", async () => {
    // Each level spends both outputs of both records of the level before: 2^60 ways to the first.
    const signer = NodeSigner.generate();
    let level = [await makeSpend({ signer }), await makeSpend({ signer })];
    const all: SignedRecord[] = [...level];
    for (let depth = 0; depth < 60; depth++) {
      const [a, b] = level as [SignedRecord, SignedRecord];
      level = [
        await makeSpend({ signer, inputs: [outpoint(a, 0), outpoint(b, 0)] }),
        await makeSpend({ signer, inputs: [outpoint(a, 1), outpoint(b, 1)] }),
      ];
      all.push(...level);
    }
    fill(pool, all.toReversed());
    const start = cpuTimeMs();
    const chosen = pool.ready(50, ALL);
    expect(cpuTimeMs() - start).to.be.below(500);
    expect(chosen).to.have.length(50);
    expectParentsFirst(chosen);
  });

  it("puts parents before children in any tangle of records, within its bounds", async () => {
    const signer = NodeSigner.generate();
    const shape = fc.record({
      /** Which earlier records each record spends of. */
      parents: fc.array(fc.array(fc.nat({ max: 50 }), { maxLength: 3 }), {
        minLength: 1,
        maxLength: 12,
      }),
      order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      count: fc.integer({ min: 1, max: 14 }),
      bytes: fc.integer({ min: 200, max: 5000 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ parents, order, count, bytes }) => {
        const records: SignedRecord[] = [];
        for (const wanted of parents) {
          const inputs = wanted
            .filter((_, i) => i < records.length)
            .map((parent) => outpoint(records[parent % records.length]!, parent % 2));
          const distinct = [...new Set([...inputs, randomOutpoint()])];
          records.push(await makeSpend({ signer, inputs: distinct }));
        }
        const shuffled = records
          .map((record, i) => ({ record, at: order[i]! }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ record }) => record);
        const fresh = new PendingPool(roomy, () => 0);
        fill(fresh, shuffled);
        const chosen = fresh.ready(count, bytes);
        const size = chosen.reduce((sum, { leaf }) => sum + leaf.bytes.length, 0);
        expect(chosen.length).to.be.at.most(count);
        expect(size).to.be.at.most(bytes);
        expectParentsFirst(chosen, new Set(records.map((record) => namesOf(record).id)));
        expect(fresh.ready(ALL, ALL)).to.have.length(records.length);
      }),
      { numRuns: 60 },
    );
  });

  describe("when it is full", () => {
    const small: PoolLimits = { leavesMax: 4, bytesMax: 1 << 20, ageMaxMs: 1000 };
    beforeEach(() => {
      pool = new PendingPool(small, () => now);
    });

    function expectBusy(leaf: PendingLeaf): void {
      const before = pool.size;
      try {
        pool.add(leaf);
      } catch (error) {
        expect(isRefusal(error, "busy"), String(error)).to.equal(true);
        expect(pool.get(leaf.hash)).to.equal(undefined);
        expect(pool.size).to.equal(before);
        return;
      }
      throw new Error("was not refused");
    }

    it("refuses as busy, and takes more when something has gone", async () => {
      const leaves = await makeSpends(6);
      const hashes = fill(pool, leaves.slice(0, 4));
      expectBusy(pending(leaves[4]!));
      expectBusy(pending(leaves[5]!, false));
      pool.applied([hashes[0]!]);
      expect(pool.add(pending(leaves[4]!))).to.equal("added");
      expectBusy(pending(leaves[5]!));
    });

    it("counts bytes as well as leaves", async () => {
      const leaves = await makeSpends(3);
      const size = leaves[0]!.bytes.length;
      pool = new PendingPool({ ...roomy, bytesMax: 2 * size }, () => now);
      fill(pool, leaves.slice(0, 2));
      expect(pool.sizeBytes).to.equal(2 * size);
      expectBusy(pending(leaves[2]!));
    });

    it("lets a local leaf take the place of the oldest gossiped one, never the other way round", async () => {
      const leaves = await makeSpends(8);
      const gossiped = fill(pool, leaves.slice(0, 3), false);
      const local = fill(pool, leaves.slice(3, 5));
      expect(pool.get(gossiped[0]!)).to.equal(undefined);
      expect([...gossiped.slice(1), ...local].every((hash) => pool.get(hash))).to.equal(true);
      fill(pool, leaves.slice(5, 7));
      expectBusy(pending(leaves[7]!, false));
      expectBusy(pending(leaves[7]!));
      expect(pool.readyCount).to.equal(4);
    });

    it("lets a local leaf take the place of the oldest that is parked: coins that never were keep no one out", async () => {
      const leaves = await makeSpends(8);
      const bogus = fill(pool, leaves.slice(0, 4));
      for (const hash of bogus) pool.park(hash, notYet, [randomOutpoint()]);
      const honest = fill(pool, leaves.slice(4, 8));
      expect(ready()).to.deep.equal(honest);
      expect(bogus.some((hash) => pool.get(hash))).to.equal(false);
    });

    it("does not drop what is in a batch under way", async () => {
      const leaves = await makeSpends(5);
      const hashes = fill(pool, leaves.slice(0, 4));
      pool.sent(hashes);
      expectBusy(pending(leaves[4]!));
    });

    it("forgets what waited too long, but nothing that is in a batch under way", async () => {
      const leaves = await makeSpends(4);
      const [old, flying] = fill(pool, leaves.slice(0, 2));
      pool.sent([flying!]);
      now = 900;
      const [young] = fill(pool, [leaves[2]!]);
      now = 1100;
      pool.expire();
      expect([old, flying, young].map((hash) => pool.get(hash!) !== undefined)).to.deep.equal([
        false,
        true,
        true,
      ]);
    });
  });

  it("holds nothing of what has gone, after anything done to it in any order", async () => {
    const leaves = [...(await makeChain(6)), ...(await makeSpends(6))];
    const hashes = leaves.map((leaf) => namesOf(leaf).hash);
    const index = fc.nat({ max: leaves.length - 1 });
    const step = fc.oneof(
      fc.tuple(fc.constant("add" as const), index, fc.boolean()),
      fc.tuple(
        fc.constantFrom("sent", "released", "park", "arrived", "applied", "remove", "expire"),
        index,
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let time = 0;
        const limits = { leavesMax: 8, bytesMax: ALL, ageMaxMs: 20 };
        const model = new PendingPool(limits, () => time);
        for (const [what, at, flag] of steps) {
          time++;
          const hash = hashes[at]!;
          const leaf = leaves[at]!;
          if (what === "add") {
            try {
              model.add(pending(leaf, flag));
            } catch (error) {
              if (!isRefusal(error, "busy")) throw error;
            }
          } else if (what === "park") model.park(hash, notYet, leaf.inputs);
          else if (what === "arrived") model.arrived(leaf.inputs);
          else if (what === "expire") model.expire();
          else model[what]([hash]);
          expectConsistent(model, leaves, limits);
        }
        model.released(hashes);
        model.remove(hashes);
        expectConsistent(model, leaves, limits);
        expect([model.size, model.sizeBytes, model.readyCount]).to.deep.equal([0, 0, 0]);
        for (const leaf of leaves) expect(model.spendersOf(leaf.inputs[0]!)).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** Sizes, counts and indices say the same. */
function expectConsistent(
  pool: PendingPool,
  leaves: readonly SignedRecord[],
  { leavesMax }: PoolLimits,
): void {
  const held = leaves.filter((leaf) => pool.get(namesOf(leaf).hash) !== undefined);
  expect(pool.size).to.equal(held.length).and.to.be.at.most(leavesMax);
  expect(pool.sizeBytes).to.equal(held.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const ready = pool.ready(ALL, ALL);
  expect(ready).to.have.length(pool.readyCount);
  expectParentsFirst(ready);
  for (const { hash, id, local } of ready) {
    expect(local).to.equal(true);
    expect(pool.get(hash)).not.to.equal(undefined);
    expect(pool.withId(id).find(({ leaf }) => leaf.hash === hash)!.reason).to.equal(undefined);
  }
  for (const leaf of held) {
    expect(pool.spendersOf(leaf.inputs[0]!)).to.include(namesOf(leaf).id);
  }
}

/** No record stands before one that makes its coins; with `all`, none is without a parent that is there. */
function expectParentsFirst(chosen: readonly PendingLeaf[], all?: ReadonlySet<Hex>): void {
  const before = new Set<Hex>();
  const chosenIds = new Set(chosen.map(({ id }) => id));
  for (const { id, leaf } of chosen) {
    if (leaf.kind !== "enrolment") {
      for (const input of leaf.inputs) {
        const parent = input.slice(0, 66) as Hex;
        if (chosenIds.has(parent) || all?.has(parent)) expect(before.has(parent)).to.equal(true);
      }
    }
    before.add(id);
  }
}
