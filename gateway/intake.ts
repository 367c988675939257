/**
 * What the gateway has taken in and not yet seen to its end. Leaves come from anyone, any number of times;
 * each is checked, stored once, and durable before anybody is told that it is here. It leaves when the
 * ledger has applied it or never will. The intake is bounded: beyond its bounds it refuses as `busy`, and
 * what it has acknowledged stays. Records of coins that never were wait long and cost nothing to sign, so
 * strangers may fill half of it: the other half is for the member's own devices.
 *
 * A leaf is told from others by its hash, not by its id: an id covers neither signer nor signature, so that
 * a stranger's leaf with the id of an honest one would otherwise stand in its way.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  acknowledgedRoot,
  type SignedAcknowledgement,
  signAcknowledgement,
} from "../protocol/acknowledgement.ts";
import type { Hex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import { checkLeafSignature, decodeLeaf, type Leaf, leafHash } from "../protocol/leaf.ts";
import type { MemberId, Outpoint } from "../protocol/output.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Signer, Verifier } from "../protocol/signature.ts";
import { type AskingParty, CheckQueue } from "./check-queue.ts";
import type { Change, Store } from "./store.ts";
import { decodeChunk, encodeChunk } from "./chunk.ts";
import { decodeNormalised, nameLeaf, type NamedLeaf } from "./intake-leaf.ts";
import { keys, numberIn, ranges } from "./keys.ts";
import type { Reasons } from "./reasons.ts";
import { Serial } from "./serial.ts";

export type IntakeParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly issuer: Signer;
  /** Absent where structure alone is checked here, and signatures by the node. */
  readonly verifier?: Verifier | undefined;
  readonly store: Store;
  /** Whether other processes take leaves in as well. */
  readonly isShared?: boolean | undefined;
  readonly reasons: Reasons;
  readonly clock: () => number;
} & Bounds;

type Bounds = {
  readonly leavesMax: number;
  readonly bytesMax: number;
};

/** Leaves that were stored together: one row, deleted when none of them is left. */
type Chunk = {
  readonly number: number;
  readonly durable: Promise<void>;
  left: number;
};

export type HeldLeaf = NamedLeaf & {
  /** Milliseconds. */
  readonly received: number;
};

type Entry = HeldLeaf & { readonly chunk: Chunk };

/** The hashes of a request's leaves as they came, and the leaves that are good. */
type Checked = { readonly hashes: Hex[]; readonly good: readonly NamedLeaf[] };

/** Signatures checked at a stretch: under a millisecond, after which others have their turn, and one may connect. */
const SLICE = 16;
/** Letters moved at one time, of 2 MiB at most. */
const LETTERS = 16;

export class Intake {
  readonly #parts: IntakeParts;
  readonly #entries = new Map<Hex, Entry>();
  readonly #byId = new Map<Hex, Entry[]>();
  /** How many records held here would take a coin, by coin and signer. */
  readonly #spending = new Map<string, number>();
  readonly #listeners: ((leaves: readonly HeldLeaf[]) => void)[] = [];
  readonly #queue = new CheckQueue();
  readonly #adopting = new Serial();
  #bytes = 0;
  #chunks = 0;

  private constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Finds what was taken in before. */
  static async open(parts: IntakeParts): Promise<Intake> {
    const intake = new Intake(parts);
    for await (const [key, value] of parts.store.entries(ranges.intake)) {
      const { received, leaves } = decodeChunk(value);
      const named = leaves.map((bytes) => nameLeaf(parts.networkId, decodeLeaf(bytes)));
      const chunk = { number: numberIn(key), durable: Promise.resolve(), left: leaves.length };
      intake.#insert(named, leaves, received, chunk);
    }
    return intake;
  }

  /** Leaves held. */
  get size(): number {
    return this.#entries.size;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  /** Hears of leaves that were taken in, once they are durable. */
  onTaken(listener: (leaves: readonly HeldLeaf[]) => void): void {
    this.#listeners.push(listener);
  }

  holds(hash: Hex): boolean {
    return this.#entries.has(hash);
  }

  get(hash: Hex): HeldLeaf | undefined {
    return this.#entries.get(hash);
  }

  /** The leaves held that have this id: strangers can make more than one. */
  withId(id: Hex): readonly HeldLeaf[] {
    return this.#byId.get(id) ?? [];
  }

  /** Whether a record is held that would take this coin of its owner's: anyone can name a coin in a record. */
  isSpending(outpoint: Outpoint, owner: Owner): boolean {
    return this.#spending.has(outpoint + owner);
  }

  /** All leaves held, in the order they came. */
  all(): Iterable<HeldLeaf> {
    return this.#entries.values();
  }

  /**
   * Takes leaves in and acknowledges the whole request, as it came. A bad leaf among good ones is left out,
   * and whoever asks for its status hears why.
   * @throws Refusal `busy`; that of the first leaf if none is any good.
   */
  async acknowledge(
    leaves: readonly Uint8Array[],
    by: AskingParty = {},
  ): Promise<SignedAcknowledgement> {
    const { networkId, member, issuer, clock } = this.#parts;
    const bounds = this.#boundsOf(by.isOwn === true);
    if (this.size >= bounds.leavesMax && !leaves.some((leaf) => this.holds(leafHash(leaf))))
      throw this.#full();
    const checked = await this.#queue.run(leaves.length, by, () => this.#check(leaves));
    const root = acknowledgedRoot(await this.#take(checked, bounds));
    const fields = { root, count: leaves.length, received: clock(), member };
    return signAcknowledgement(networkId, fields, issuer);
  }

  /** Before a stranger's request is read. @throws Refusal `busy` while more comes than can be checked. */
  checkRoom(): void {
    this.#queue.checkRoom();
  }

  /** As `acknowledge`, without a word to anyone. @returns the hashes of the leaves as they came. */
  async accept(leaves: readonly Uint8Array[]): Promise<Hex[]> {
    return this.#accept(leaves, this.#parts);
  }

  /** Takes in what the gateway itself has signed, whatever the bounds: it must be handed on. */
  async acceptOwn(leaf: Uint8Array): Promise<void> {
    await this.#accept([leaf], { leavesMax: Infinity, bytesMax: Infinity });
  }

  /**
   * Takes over what processes that stand by have acknowledged (standby/letterbox.ts), each letter in one write. What
   * there is no room for stays where it is.
   */
  async adopt(): Promise<void> {
    if (this.#parts.isShared === true) await this.#adopting.run(() => this.#adoptAll());
  }

  async #adoptAll(): Promise<void> {
    for (const isOwn of [true, false]) {
      let isMore = true;
      while (isMore) {
        const range = { ...ranges.letters(isOwn), limit: LETTERS };
        const letters = await Array.fromAsync(this.#parts.store.entries(range));
        const moved = letters.map(([key, row]) => this.#move(key, row, this.#boundsOf(isOwn)));
        const roomy = await Promise.all(moved);
        isMore = letters.length === LETTERS && !roomy.includes(false);
      }
    }
  }

  /** @returns whether there was room for the letter. */
  async #move(key: Uint8Array, row: Uint8Array, bounds: Bounds): Promise<boolean> {
    const { received, leaves } = decodeChunk(row);
    const named = leaves.map((leaf) => nameLeaf(this.#parts.networkId, decodeLeaf(leaf)));
    try {
      await this.#store(this.#fresh(named), bounds, received, [{ key, value: null, old: row }]);
      return true;
    } catch (error) {
      if (isRefusal(error, "busy")) return false;
      throw error;
    }
  }

  /** Those that are not held yet, each once. */
  #fresh(leaves: readonly NamedLeaf[]): NamedLeaf[] {
    const each = new Map(leaves.map((leaf) => [leaf.hash, leaf])).values();
    return [...each].filter(({ hash }) => !this.holds(hash));
  }

  #boundsOf(isOwn: boolean): Bounds {
    const { leavesMax, bytesMax } = this.#parts;
    return isOwn ? this.#parts : { leavesMax: leavesMax / 2, bytesMax: bytesMax / 2 };
  }

  async #accept(leaves: readonly Uint8Array[], bounds: Bounds): Promise<Hex[]> {
    return this.#take(await this.#check(leaves), bounds);
  }

  async #take({ hashes, good }: Checked, bounds: Bounds): Promise<Hex[]> {
    const known = good.flatMap(({ hash }) => this.#entries.get(hash)?.chunk.durable ?? []);
    const fresh = this.#fresh(good);
    const stored = fresh.length === 0 ? [] : [this.#store(fresh, bounds, this.#parts.clock())];
    await Promise.all([...known, ...stored]);
    return hashes;
  }

  /**
   * Lets go of leaves that have come to their end.
   * @param write what belongs to it, in the same write.
   */
  async drop(
    hashes: readonly Hex[],
    write = (changes: readonly Change[]) => this.#parts.store.write(changes),
  ): Promise<void> {
    const changes: Change[] = [];
    for (const hash of hashes) {
      const entry = this.#entries.get(hash);
      if (entry === undefined) continue;
      this.#remove(entry);
      entry.chunk.left -= 1;
      if (entry.chunk.left === 0) {
        changes.push({ key: keys.intake(entry.chunk.number), value: null });
      }
    }
    await write(changes);
  }

  /** The hashes of all leaves, and those that are good. @throws Refusal if none is. */
  async #check(leaves: readonly Uint8Array[]): Promise<Checked> {
    const hashes: Hex[] = [];
    const good: NamedLeaf[] = [];
    let refusal: Refusal | undefined;
    for (const [i, bytes] of leaves.entries()) {
      if (i > 0 && i % SLICE === 0) await nextTurn();
      try {
        const leaf = decodeNormalised(bytes);
        const named = nameLeaf(this.#parts.networkId, leaf);
        hashes.push(leaf.bytes === bytes ? named.hash : leafHash(bytes));
        this.#checkSignature(leaf, named);
        good.push(named);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (hashes.length === i) hashes.push(leafHash(bytes));
        refusal ??= error;
      }
    }
    if (good.length === 0 && refusal !== undefined) throw refusal;
    return { hashes, good };
  }

  #checkSignature(leaf: Leaf, { hash, id }: NamedLeaf): void {
    const { networkId, verifier, reasons } = this.#parts;
    if (verifier === undefined || this.holds(hash)) return;
    try {
      checkLeafSignature(networkId, leaf, verifier);
    } catch (error) {
      if (isRefusal(error)) reasons.remember(id, error);
      throw error;
    }
  }

  /** @param also what belongs to it, in the same write. */
  async #store(
    leaves: readonly NamedLeaf[],
    { leavesMax, bytesMax }: Bounds,
    received: number,
    also: readonly Change[] = [],
  ): Promise<void> {
    const { store } = this.#parts;
    if (leaves.length === 0) return store.write(also);
    const bytes = leaves.reduce((sum, leaf) => sum + leaf.bytes.length, 0);
    if (this.size + leaves.length > leavesMax || this.#bytes + bytes > bytesMax) {
      throw this.#full();
    }
    const number = this.#chunks + 1;
    const row = encodeChunk({ received, leaves: leaves.map((leaf) => leaf.bytes) });
    const durable = store.write([{ key: keys.intake(number), value: row, old: null }, ...also]);
    const chunk: Chunk = { number, durable, left: leaves.length };
    // What is kept are views of the row: the request's own bytes can go.
    const held = this.#insert(leaves, decodeChunk(row).leaves, received, chunk);
    await durable;
    for (const listener of this.#listeners) listener(held);
  }

  #full(): Refusal {
    return new Refusal("busy", `${this.size} leaves wait here for the ledger, as many as may`);
  }

  #insert(
    leaves: readonly NamedLeaf[],
    bytes: readonly Uint8Array[],
    received: number,
    chunk: Chunk,
  ): Entry[] {
    this.#chunks = Math.max(this.#chunks, chunk.number);
    return leaves.map(({ hash, id, inputs, signer }, i) => {
      const entry: Entry = { hash, id, inputs, signer, bytes: bytes[i]!, received, chunk };
      this.#entries.set(hash, entry);
      const same = this.#byId.get(id);
      if (same === undefined) this.#byId.set(id, [entry]);
      else same.push(entry);
      for (const input of inputs) {
        const taken = input + signer;
        this.#spending.set(taken, (this.#spending.get(taken) ?? 0) + 1);
      }
      this.#bytes += entry.bytes.length;
      return entry;
    });
  }

  #remove(entry: Entry): void {
    const { hash, id, inputs, signer, bytes } = entry;
    this.#entries.delete(hash);
    const others = this.#byId.get(id)!.filter((each) => each !== entry);
    if (others.length === 0) this.#byId.delete(id);
    else this.#byId.set(id, others);
    for (const input of inputs) {
      const left = this.#spending.get(input + signer)! - 1;
      if (left === 0) this.#spending.delete(input + signer);
      else this.#spending.set(input + signer, left);
    }
    this.#bytes -= bytes.length;
  }
}
