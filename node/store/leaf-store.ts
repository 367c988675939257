/**
 * Batches by their root, each with the bytes of all its leaves: what an endorsement says is held, and what
 * other members fetch. Batch and leaves come in one write, so that whoever finds the batch finds every leaf
 * of it. Writes are durable when they return.
 *
 *     b ‖ batch root 32              → batch: member, number, leaf hashes
 *     l ‖ batch root 32 ‖ index u16  → leaf bytes
 *
 * The leaves of a batch are neighbours: a key that is the hash of its leaf would lie anywhere, and putting it
 * there, or seeing whether it is there, costs more than the leaf.
 */
import assert from "node:assert/strict";
import { type Batch, decodeBatch, encodeBatch } from "../../protocol/batch.ts";
import { fromHex, type Hex, utf8 } from "../../protocol/bytes.ts";
import { HASH_LENGTH } from "../../protocol/merkle.ts";
import type { Change, CheckedStore } from "../service/checked-store.ts";
import { nativeBytes } from "../service/native-bytes.ts";
import { DamagedStoreError } from "../service/store-errors.ts";
import { RecentBatches } from "./recent-batches.ts";

/** A batch with the bytes of its leaves, in its order. */
export type WholeBatch = { readonly batch: Batch; readonly leaves: readonly Uint8Array[] };

/** Where a leaf stands. */
export type LeafPlace = { readonly root: Hex; readonly index: number };

const [BATCH, LEAF] = [utf8.encode("b"), utf8.encode("l")];
/** What follows the index of every leaf: a batch has fewer. */
const LAST_INDEX = 0xffff;

export class LeafStore {
  readonly #store: CheckedStore;
  readonly #recent = new RecentBatches();
  /** Two at once of the same batch would each count its rows as new. */
  readonly #underWay = new Map<Hex, Promise<void>>();

  constructor(store: CheckedStore) {
    this.#store = store;
  }

  /** Stores a batch with its leaves. One that is there stays as it is. @param root of the batch. */
  async putBatch(root: Hex, whole: WholeBatch): Promise<void> {
    assert.equal(whole.leaves.length, whole.batch.leaves.length, "a batch is stored whole");
    let writing = this.#underWay.get(root);
    if (writing === undefined) {
      writing = this.#write(root, whole).finally(() => this.#underWay.delete(root));
      this.#underWay.set(root, writing);
    }
    await writing;
  }

  async getBatch(root: Hex): Promise<Batch | undefined> {
    const recent = this.#recent.get(root);
    if (recent !== undefined) return recent.batch;
    const row = await this.#store.get(batchKey(root));
    return row === undefined ? undefined : decodeBatch(row);
  }

  /** @throws DamagedStoreError. */
  async getWhole(root: Hex): Promise<WholeBatch | undefined> {
    const recent = this.#recent.get(root);
    if (recent !== undefined) return recent;
    const batch = await this.getBatch(root);
    if (batch === undefined) return undefined;
    const rows = this.#store.chunks({ gte: leafKey(root, 0), lt: leafKey(root, LAST_INDEX) });
    const leaves = (await Array.fromAsync(rows)).flat().map(([, bytes]) => bytes);
    if (leaves.length === batch.leaves.length) return { batch, leaves };
    const found = `${leaves.length} of the ${batch.leaves.length} leaves of batch ${root} are there`;
    throw new DamagedStoreError(this.#store.folder, found);
  }

  /** In the order of `places`; undefined where no such batch is here. @throws DamagedStoreError. */
  async leavesAt(places: readonly LeafPlace[]): Promise<(Uint8Array | undefined)[]> {
    // Taken before anything is awaited: what is recent now may not be later.
    const recent = places.map(({ root, index }) => this.#recent.get(root)?.leaves[index]);
    const others = places.filter((_, i) => recent[i] === undefined);
    if (others.length === 0) return recent;
    const read = await this.#store.getMany(others.map(({ root, index }) => leafKey(root, index)));
    const found = read.values();
    return recent.map((bytes) => bytes ?? found.next().value);
  }

  /** Leaves of one batch in the order of their `hashes`; undefined for what is not in it. @throws DamagedStoreError. */
  async leavesNamed(root: Hex, hashes: readonly Hex[]): Promise<(Uint8Array | undefined)[]> {
    const batch = hashes.length === 0 ? undefined : await this.getBatch(root);
    if (batch === undefined) return hashes.map(() => undefined);
    const indices = new Map(batch.leaves.map((hash, index) => [hash, index]));
    const named = hashes.filter((hash) => indices.has(hash));
    const found = await this.leavesAt(named.map((hash) => ({ root, index: indices.get(hash)! })));
    const byHash = new Map(named.map((hash, i) => [hash, found[i]]));
    return hashes.map((hash) => byHash.get(hash));
  }

  async #write(root: Hex, whole: WholeBatch): Promise<void> {
    const { batch, leaves } = whole;
    if ((await this.getBatch(root)) !== undefined) return;
    const keyOf = leafKeysOf(root);
    // Where no batch is, none of its leaves is.
    const rows = leaves.map((value, i): Change => ({ key: keyOf(i), value, old: null }));
    rows.push({ key: batchKey(root), value: encodeBatch(batch), old: null });
    await this.#store.write(rows);
    this.#recent.put(root, whole);
  }
}

function batchKey(root: Hex): Uint8Array {
  const key = nativeBytes(1 + HASH_LENGTH);
  key.set(BATCH);
  key.set(fromHex(root, HASH_LENGTH), 1);
  return key;
}

function leafKey(root: Hex, index: number): Uint8Array {
  return leafKeysOf(root)(index);
}

function leafKeysOf(root: Hex): (index: number) => Uint8Array {
  const bytes = fromHex(root, HASH_LENGTH);
  return (index) => {
    const key = nativeBytes(1 + HASH_LENGTH + 2);
    key.set(LEAF);
    key.set(bytes, 1);
    key[1 + HASH_LENGTH] = index >> 8;
    key[2 + HASH_LENGTH] = index;
    return key;
  };
}
