/**
 * The bytes of leaves by their hash, and batches by their root: what an endorsement says is held, and
 * what other members fetch. Writes are durable when they return.
 *
 *     l ‖ leaf hash 32   → leaf bytes
 *     b ‖ batch root 32  → batch: member, number, leaf hashes
 */
import { type Batch, decodeBatch, encodeBatch } from "../../protocol/batch.ts";
import { fromHex, type Hex, utf8 } from "../../protocol/bytes.ts";
import { HASH_LENGTH } from "../../protocol/merkle.ts";
import type { Change, CheckedStore } from "../service/checked-store.ts";
import { nativeBytes } from "../service/native-bytes.ts";

const LEAF = utf8.encode("l");
const BATCH = utf8.encode("b");

/** Leaves kept in memory, and as many again: what was just endorsed is folded and fetched next. */
const RECENT_LEAVES = 1 << 14;

export type HashedLeaf = readonly [hash: Hex, bytes: Uint8Array];

export class LeafStore {
  readonly #store: CheckedStore;
  /** Leaves that are on disk: those of late, and those before them, which go all at once. */
  #recent = new Map<Hex, Uint8Array>();
  #earlier = new Map<Hex, Uint8Array>();

  constructor(store: CheckedStore) {
    this.#store = store;
  }

  /** Stores leaves under their hashes. Those that are there already stay. */
  async put(leaves: readonly HashedLeaf[]): Promise<void> {
    await this.#write(leaves, []);
  }

  /** In the order of `hashes`. @throws DamagedStoreError. */
  async getMany(hashes: readonly Hex[]): Promise<(Uint8Array | undefined)[]> {
    // Taken before anything is awaited: what is recent now may not be later.
    const recent = hashes.map((hash) => this.#inMemory(hash));
    const absent = hashes.filter((_, i) => recent[i] === undefined);
    const read = absent.length === 0 ? [] : await this.#store.getMany(absent.map(leafKey));
    const found = read.values();
    return recent.map((bytes) => bytes ?? found.next().value);
  }

  /** @param leaves of it that may not be here yet, which it is stored with. */
  async putBatch(root: Hex, batch: Batch, leaves: readonly HashedLeaf[] = []): Promise<void> {
    await this.#write(leaves, [{ key: batchKey(root), value: encodeBatch(batch) }]);
  }

  async getBatch(root: Hex): Promise<Batch | undefined> {
    const bytes = await this.#store.get(batchKey(root));
    return bytes === undefined ? undefined : decodeBatch(bytes);
  }

  async #write(leaves: readonly HashedLeaf[], others: readonly Change[]): Promise<void> {
    const fresh = leaves.filter(([hash]) => this.#inMemory(hash) === undefined);
    const rows = fresh.map(([hash, value]): Change => ({ key: leafKey(hash), value }));
    await this.#store.write([...rows, ...others]);
    for (const [hash, bytes] of fresh) this.#remember(hash, bytes);
  }

  #inMemory(hash: Hex): Uint8Array | undefined {
    return this.#recent.get(hash) ?? this.#earlier.get(hash);
  }

  #remember(hash: Hex, bytes: Uint8Array): void {
    this.#recent.set(hash, bytes);
    if (this.#recent.size < RECENT_LEAVES) return;
    this.#earlier = this.#recent;
    this.#recent = new Map();
  }
}

function leafKey(hash: Hex): Uint8Array {
  return keyOf(LEAF, hash);
}

function batchKey(root: Hex): Uint8Array {
  return keyOf(BATCH, root);
}

function keyOf(letter: Uint8Array, hash: Hex): Uint8Array {
  const key = nativeBytes(1 + HASH_LENGTH);
  key.set(letter);
  key.set(fromHex(hash, HASH_LENGTH), 1);
  return key;
}
