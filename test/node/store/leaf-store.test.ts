import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { DamagedStoreError } from "../../../node/service/store-errors.ts";
import { LeafStore, type WholeBatch } from "../../../node/store/leaf-store.ts";
import { batchHeader } from "../../../protocol/batch.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { limits } from "../../../protocol/limits.ts";

type Made = WholeBatch & { readonly root: Hex };

function someLeaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(randomBytes(262)));
}

function batchOf(leaves: readonly Uint8Array[], number = 12): Made {
  const batch = { member: 3, number, leaves: leaves.map(leafHash) };
  return { root: batchHeader(batch).root, batch, leaves };
}

/** A batch has two, and one for each 16 leaves. */
function rowsOf(leaves: number): number {
  return 2 + Math.ceil(leaves / 16);
}

const absent = toHex(randomBytes(32));

describe("leaf store", () => {
  let folder: string;
  let store: CheckedStore;
  let leaves: LeafStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tallystick-leaves-"));
    store = await CheckedStore.open(folder, { create: true });
    leaves = new LeafStore(store);
  });

  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  async function reopen(): Promise<void> {
    await store.close();
    // Opening scans everything and compares it with the store's own tally.
    store = await CheckedStore.open(folder);
    leaves = new LeafStore(store);
  }

  const put = ({ root, ...whole }: Made) => leaves.putBatch(root, whole);

  async function expectHeld({ root, ...whole }: Made): Promise<void> {
    expect(await leaves.getBatch(root)).to.deep.equal(whole.batch);
    expect(await leaves.getWhole(root)).to.deep.equal(whole);
  }

  it("gives a batch of 4,096 leaves whole by its root, also after it was closed and opened", async () => {
    const made = batchOf(someLeaves(limits.batchLeavesMax));
    await put(made);
    await expectHeld(made);
    expect(await leaves.getBatch(absent)).to.equal(undefined);
    expect(await leaves.getWhole(absent)).to.equal(undefined);
    await reopen();
    await expectHeld(made);
    expect(await leaves.getWhole(absent)).to.equal(undefined);
    expect(store.size).to.equal(rowsOf(limits.batchLeavesMax));
  });

  it("gives leaves by their place and by their hash in the order asked for, of several batches", async () => {
    const [one, other] = [batchOf(someLeaves(300)), batchOf(someLeaves(5))];
    await put(one);
    await put(other);
    const places = [
      { root: one.root, index: 299 },
      { root: absent, index: 0 },
      { root: other.root, index: 0 },
      { root: one.root, index: 0 },
      { root: other.root, index: 5 },
      { root: one.root, index: 299 },
    ];
    const [last, first] = [one.leaves[299], one.leaves[0]];
    const there = [last, undefined, other.leaves[0], first, undefined, last];
    const hashes = [one.batch.leaves[299]!, other.batch.leaves[0]!, one.batch.leaves[0]!];
    for (const again of [false, true]) {
      if (again) await reopen();
      expect(await leaves.leavesAt(places)).to.deep.equal(there);
      expect(await leaves.leavesAt([])).to.deep.equal([]);
      expect(await leaves.leavesNamed(one.root, hashes)).to.deep.equal([last, undefined, first]);
      expect(await leaves.leavesNamed(absent, hashes)).to.deep.equal(hashes.map(() => undefined));
    }
  });

  it("takes the same batch many times, also at once, and holds each leaf of it once", async () => {
    const made = batchOf(someLeaves(300));
    // Whoever puts it forward again may count it anew: the root is the same.
    const renumbered = { ...made, batch: { ...made.batch, number: 13 } };
    await Promise.all([put(made), put(renumbered), put(made)]);
    await put(renumbered);
    expect(store.size).to.equal(rowsOf(300));
    await expectHeld(made);
    await reopen();
    await Promise.all([put(made), put(renumbered)]);
    expect(store.size).to.equal(rowsOf(300));
    await reopen();
    await expectHeld(made);
  });

  it("holds a leaf that is in two batches with each of them", async () => {
    const [a, b, c] = someLeaves(3) as [Uint8Array, Uint8Array, Uint8Array];
    const [one, other] = [batchOf([a, b]), batchOf([c, b, a])];
    await Promise.all([put(one), put(other)]);
    await reopen();
    await expectHeld(one);
    await expectHeld(other);
    expect(store.size).to.equal(rowsOf(2) + rowsOf(3));
  });

  it("finds every leaf while more are put than it keeps in memory", async () => {
    const made = batchOf(someLeaves(1000));
    await put(made);
    const places = made.leaves.map((_, index) => ({ root: made.root, index }));
    const others = someLeaves(40_000);
    const reads: Promise<(Uint8Array | undefined)[]>[] = [];
    const writes: Promise<void>[] = [];
    for (let at = 0; at < others.length; at += 4000) {
      writes.push(put(batchOf(others.slice(at, at + 4000))));
      reads.push(leaves.leavesAt([...places, { root: absent, index: 0 }]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(writes);
    await expectHeld(made);
    for (const found of await Promise.all(reads)) {
      const isSame = found
        .slice(0, 1000)
        .every((bytes, i) => Buffer.compare(bytes!, made.leaves[i]!) === 0);
      expect(isSame).to.equal(true);
      expect(found[1000]).to.equal(undefined);
    }
  });

  it("stores nothing of a batch whose leaves are not all given", async () => {
    const made = batchOf(someLeaves(3));
    const failure = await put({ ...made, leaves: made.leaves.slice(1) }).catch((error) => error);
    expect(failure).to.be.instanceOf(Error);
    expect(store.size).to.equal(0);
    expect(await leaves.getBatch(made.root)).to.equal(undefined);
  });

  it("says that a batch is damaged when leaves of it are gone", async () => {
    const made = batchOf(someLeaves(19));
    await put(made);
    await reopen();
    // Behind the batch itself.
    const [, [key] = []] = await Array.fromAsync(store.entries({ gte: Buffer.from("b") }));
    await store.write([{ key: key!, value: null }]);
    const failure = await leaves.getWhole(made.root).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(DamagedStoreError);
    expect(String(failure)).to.match(/3 of the 19 leaves/);
  });

  it("holds the largest leaves, and whoever keeps one of them keeps no other", async () => {
    const large = Array.from(
      { length: 40 },
      () => new Uint8Array(randomBytes(limits.leafBytesMax)),
    );
    const made = batchOf(large);
    await put(made);
    await reopen();
    await expectHeld(made);
    const [leaf] = await leaves.leavesAt([{ root: made.root, index: 39 }]);
    expect(leaf).to.deep.equal(made.leaves[39]);
    expect(leaf!.buffer.byteLength).to.equal(limits.leafBytesMax);
  });

  it("lays batches down in the order in which they came", async () => {
    const batches = Array.from({ length: 20 }, () => batchOf(someLeaves(1)));
    for (const batch of batches) {
      await put(batch);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const range = { gte: Buffer.from("b"), lt: Buffer.from("c") };
    const keys = (await Array.fromAsync(store.entries(range))).map(([key]) => key);
    // The batch, and its leaves behind it.
    const roots = keys.map((each) => toHex(each.subarray(9, 41)));
    expect(roots).to.deep.equal(batches.flatMap(({ root }) => [root, root]));
  });

  it("says so when a write did not become durable, and holds nothing back", async () => {
    const [one, other] = [batchOf(someLeaves(2)), batchOf(someLeaves(2))];
    await put(one);
    await store.close();
    const failure = await put(other).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
    const later = await leaves.getWhole(other.root).catch((error: unknown) => error);
    expect(later, "what is not on disk is not there").to.be.instanceOf(Error);
  });
});
