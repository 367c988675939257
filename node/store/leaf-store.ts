/**
 * Batches by their root, each with the bytes of all its leaves: what an endorsement says is held, and what
 * other members fetch. Batch and leaves come in one write, so that whoever finds the batch finds every leaf
 * of it. Writes are durable when they return.
 *
 *     b ‖ milliseconds u64 ‖ batch root 32             → batch: member, number, leaf hashes
 *     b ‖ milliseconds u64 ‖ batch root 32 ‖ piece u16 → leaves: (length u16 | bytes) × 16, in the last piece fewer
 *     r ‖ batch root 32                                → milliseconds u64: when it came
 *
 * Several leaves are one row, for a row costs more than a leaf's bytes. Batches lie in the order in which they came,
 * as far as the clock goes forward, and before what does not: LevelDB merges again and again all that lies between
 * the first and the last key of what is new, and leaves are most of what a node writes.
 */
import assert from "node:assert/strict";
import { type Batch, decodeBatch, encodeBatch } from "../../protocol/batch.ts";
import { type Hex, Reader, utf8, Writer } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { HASH_LENGTH } from "../../protocol/merkle.ts";
import type { Change, CheckedStore } from "../service/checked-store.ts";
import { pack } from "../service/packed.ts";
import { DamagedStoreError } from "../service/store-errors.ts";
import { RecentBatches } from "./recent-batches.ts";

/** A batch with the bytes of its leaves, in its order. */
export type WholeBatch = { readonly batch: Batch; readonly leaves: readonly Uint8Array[] };

/** Where a leaf stands. */
export type LeafPlace = { readonly root: Hex; readonly index: number };

const [BATCH, ROOT] = [utf8.encode("b"), utf8.encode("r")];
/** Leaves in one row: about as many as are read from disk together anyway. */
const PIECE_LEAVES = 16;
/** What follows the number of every piece. */
const LAST_PIECE = 0xffff;

/** What a batch's rows are found by. */
type Name = { readonly timeMs: number; readonly root: Hex };

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
    const name = await this.#nameOf(root);
    return name && (await this.#batch(name));
  }

  /** @throws DamagedStoreError. */
  async getWhole(root: Hex): Promise<WholeBatch | undefined> {
    const recent = this.#recent.get(root);
    if (recent !== undefined) return recent;
    const name = await this.#nameOf(root);
    const batch = name && (await this.#batch(name));
    if (name === undefined || batch === undefined) return undefined;
    const rows = this.#store.chunks({ gte: pieceKey(name, 0), lt: pieceKey(name, LAST_PIECE) });
    const leaves = (await Array.fromAsync(rows)).flat().flatMap(([, piece]) => decodePiece(piece));
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
    const found = (await this.#read(others)).values();
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
    const name = { timeMs: Date.now(), root };
    // Where no batch is, none of its leaves is.
    const rows: Change[] = [];
    for (let at = 0; at < leaves.length; at += PIECE_LEAVES) {
      const value = encodePiece(leaves.slice(at, at + PIECE_LEAVES));
      rows.push({ key: pieceKey(name, at / PIECE_LEAVES), value, old: null });
    }
    rows.push({ key: batchKey(name), value: encodeBatch(batch), old: null });
    rows.push({ key: rootKey(root), value: new Writer(8).safe(name.timeMs).done(), old: null });
    await this.#store.write(rows);
    this.#recent.put(root, whole);
  }

  async #nameOf(root: Hex): Promise<Name | undefined> {
    const [timeMs] = await this.#timesOf([root]);
    return timeMs === undefined ? undefined : { timeMs, root };
  }

  async #batch(name: Name): Promise<Batch | undefined> {
    const row = await this.#store.get(batchKey(name));
    return row && decodeBatch(row);
  }

  /** When each of these batches came; undefined for one that is not here. */
  async #timesOf(roots: readonly Hex[]): Promise<(number | undefined)[]> {
    const rows = await this.#store.getMany(roots.map(rootKey));
    return rows.map((row) => row && new Reader(row).safe("milliseconds"));
  }

  /** Leaves from disk, in the order of `places`. */
  async #read(places: readonly LeafPlace[]): Promise<(Uint8Array | undefined)[]> {
    const roots = [...new Set(places.map(({ root }) => root))];
    const times = await this.#timesOf(roots);
    const timeOf = new Map(roots.map((root, i) => [root, times[i]]));
    // By name: a piece is read once, however many of its leaves are asked for.
    const keys = new Map<string, Uint8Array>();
    const names = places.map(({ root, index }) => {
      const timeMs = timeOf.get(root);
      if (timeMs === undefined) return "";
      const key = pieceKey({ timeMs, root }, Math.floor(index / PIECE_LEAVES));
      const name = pack(key);
      keys.set(name, key);
      return name;
    });
    const rows = await this.#store.getMany([...keys.values()]);
    const leavesOf = [...keys.keys()].map((name, i) => [name, decodePiece(rows[i])] as const);
    const pieces = new Map(leavesOf);
    // Copies: a leaf that is kept would keep its piece.
    return places.map(({ index }, i) => pieces.get(names[i]!)?.[index % PIECE_LEAVES]?.slice());
  }
}

function rootKey(root: Hex): Uint8Array {
  return new Writer(1 + HASH_LENGTH).put(ROOT).hex(root, HASH_LENGTH).done();
}

function batchKey({ timeMs, root }: Name): Uint8Array {
  return new Writer(9 + HASH_LENGTH).put(BATCH).safe(timeMs).hex(root, HASH_LENGTH).done();
}

function pieceKey({ timeMs, root }: Name, piece: number): Uint8Array {
  const writer = new Writer(11 + HASH_LENGTH).put(BATCH).safe(timeMs);
  return writer.hex(root, HASH_LENGTH).u16(piece).done();
}

function encodePiece(leaves: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(leaves.reduce((length, leaf) => length + 2 + leaf.length, 0));
  for (const leaf of leaves) writer.long(leaf);
  return writer.done();
}

/** Views of its leaves; none where there is no piece. */
function decodePiece(piece: Uint8Array = new Uint8Array()): Uint8Array[] {
  const reader = new Reader(piece);
  const leaves: Uint8Array[] = [];
  while (reader.remaining > 0) leaves.push(reader.long(limits.leafBytesMax, "leaf"));
  return leaves;
}
