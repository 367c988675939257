import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { LeafStore } from "../../../node/store/leaf-store.ts";
import { batchHeader } from "../../../protocol/batch.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { limits } from "../../../protocol/limits.ts";

type Held = readonly [hash: Hex, bytes: Uint8Array];

function someLeaves(count: number): Held[] {
  return Array.from({ length: count }, () => {
    const bytes = new Uint8Array(randomBytes(262));
    return [leafHash(bytes), bytes] as const;
  });
}

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

  it("gives leaves by hash in the order asked for, also after it was closed and opened", async () => {
    const held = someLeaves(500);
    await leaves.put(held);
    const absent = someLeaves(1)[0]![0];
    const asked = [held[7]![0], absent, held[499]![0], held[7]![0]];
    const wanted = [held[7]![1], undefined, held[499]![1], held[7]![1]];
    expect(await leaves.getMany(asked)).to.deep.equal(wanted);
    expect(await leaves.getMany([])).to.deep.equal([]);

    await reopen();
    expect((await leaves.getMany(asked)).map((bytes) => bytes && Buffer.from(bytes))).to.deep.equal(
      wanted.map((bytes) => bytes && Buffer.from(bytes)),
    );
    expect(await leaves.getMany(held.map(([hash]) => hash))).to.have.length(500);
  });

  it("takes the same leaves many times at once, and holds each once", async () => {
    const held = someLeaves(300);
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => leaves.put(held.slice(i * 20, i * 20 + 100))),
    );
    await leaves.put(held);
    expect(store.size).to.equal(300);
    await reopen();
    await Promise.all([leaves.put(held), leaves.put(held.slice(100))]);
    expect(store.size).to.equal(300);
    await reopen();
    expect((await leaves.getMany(held.map(([hash]) => hash))).every(Boolean)).to.equal(true);
  });

  it("finds every leaf while more are put than it keeps in memory", async () => {
    const held = someLeaves(1000);
    await leaves.put(held);
    const hashes = [...held.map(([hash]) => hash), toHex(randomBytes(32))];
    const others = someLeaves(40_000);
    const reads: Promise<(Uint8Array | undefined)[]>[] = [];
    const writes: Promise<void>[] = [];
    for (let at = 0; at < others.length; at += 4000) {
      writes.push(leaves.put(others.slice(at, at + 4000)));
      reads.push(leaves.getMany(hashes));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(writes);
    reads.push(leaves.getMany(hashes));
    for (const found of await Promise.all(reads)) {
      expect(
        found.slice(0, 1000).every((bytes, i) => Buffer.compare(bytes!, held[i]![1]) === 0),
      ).to.equal(true);
      expect(found[1000]).to.equal(undefined);
    }
  });

  it("gives a batch of 4,096 leaves by its root, also after it was closed and opened", async () => {
    const hashes = Array.from({ length: limits.batchLeavesMax }, () => toHex(randomBytes(32)));
    const batch = { member: 3, number: 12, leaves: hashes };
    const { root } = batchHeader(batch);
    await leaves.putBatch(root, batch);
    await leaves.putBatch(root, batch);
    expect(await leaves.getBatch(root)).to.deep.equal(batch);
    expect(await leaves.getBatch(toHex(randomBytes(32)))).to.equal(undefined);
    await reopen();
    expect(await leaves.getBatch(root)).to.deep.equal(batch);
    expect(store.size).to.equal(1);
  });

  it("stores a batch with those of its leaves that are not here yet", async () => {
    const held = someLeaves(5);
    await leaves.put(held.slice(0, 2));
    const batch = { member: 3, number: 12, leaves: held.map(([hash]) => hash) };
    const { root } = batchHeader(batch);
    await leaves.putBatch(root, batch, held);
    await reopen();
    expect(await leaves.getBatch(root)).to.deep.equal(batch);
    const found = await leaves.getMany(batch.leaves);
    expect(found.map((bytes) => Buffer.from(bytes!))).to.deep.equal(
      held.map(([, bytes]) => Buffer.from(bytes)),
    );
    expect(store.size).to.equal(6);
  });

  it("says so when a write did not become durable, and holds nothing back", async () => {
    const held = someLeaves(2);
    await leaves.put(held.slice(0, 1));
    await store.close();
    const failure = await leaves.put(held.slice(1)).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
    const later = await leaves.getMany([held[1]![0]]).catch((error: unknown) => error);
    expect(later, "what is not on disk is not there").to.be.instanceOf(Error);
  });
});
