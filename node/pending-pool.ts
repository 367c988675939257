/**
 * Verified leaves that wait. The pool, not the state, remembers what cannot apply yet: a record whose
 * parent or whose payee's enrolment is still on its way, or whose coin another record took. Each is
 * parked under the names it waits for and comes back when one of them arrives.
 *
 * Local leaves are this member's to put forward; the others were gossiped, and wait for their own
 * member's batch. Nothing here is durable: what a gateway acknowledged is in the gateway's intake.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { Leaf } from "../protocol/leaf.ts";
import { type Outpoint, splitOutpoint } from "../protocol/output.ts";
import { Refusal, type RefusalCode } from "../protocol/refusal.ts";

export type PendingLeaf = {
  readonly hash: Hex;
  /** Of the record or enrolment. Two leaves share it if one body was signed twice. */
  readonly id: Hex;
  readonly leaf: Leaf;
  /** Whether this member puts it forward. */
  readonly local: boolean;
};

/** Why a leaf does not go out now. */
export type Reason = { readonly code: RefusalCode; readonly detail: string };

export type PoolLimits = {
  readonly leavesMax: number;
  readonly bytesMax: number;
  /** After this long a leaf that did not come into a batch is forgotten; whoever wants it in submits it again. */
  readonly ageMaxMs: number;
};

/** Hashes of leaves that applied, kept so that late gossip does not bring them back. */
const APPLIED_REMEMBERED = 1 << 17;

type Entry = PendingLeaf & {
  readonly addedMs: number;
  /** Set while it is in a batch under way. */
  inFlight: boolean;
  /** Set while it is parked, with the names it waits for. */
  parked: { readonly reason: Reason; readonly awaits: readonly Hex[] } | undefined;
};

export class PendingPool {
  readonly #limits: PoolLimits;
  readonly #now: () => number;
  readonly #byHash = new Map<Hex, Entry>();
  readonly #byId = new Map<Hex, Set<Entry>>();
  readonly #bySpent = new Map<Outpoint, Set<Entry>>();
  readonly #waiting = new Map<Hex, Set<Entry>>();
  /** Local leaves that may go out, in the order they came. */
  readonly #ready = new Set<Entry>();
  readonly #applied = new Set<Hex>();
  #bytes = 0;

  constructor(limits: PoolLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#byHash.size;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  /** How many local leaves may go out now. */
  get readyCount(): number {
    return this.#ready.size;
  }

  /**
   * Takes in a verified leaf. One that is known stays, and becomes local if it is handed in as such.
   * @throws Refusal `busy` when the pool is full.
   */
  add(pending: PendingLeaf): "added" | "known" {
    const { hash, leaf } = pending;
    if (this.#applied.has(hash)) return "known";
    const known = this.#byHash.get(hash);
    if (known !== undefined && (known.local || !pending.local)) return "known";
    if (known !== undefined) this.#drop(known);
    else this.#checkRoom(leaf.bytes.length);
    this.#insert({ ...pending, addedMs: this.#now(), inFlight: false, parked: undefined });
    return known === undefined ? "added" : "known";
  }

  get(hash: Hex): PendingLeaf | undefined {
    return this.#byHash.get(hash);
  }

  /** The leaves with this id, and why each does not go out, if it is parked. */
  withId(id: Hex): { readonly leaf: PendingLeaf; readonly reason: Reason | undefined }[] {
    return [...(this.#byId.get(id) ?? [])].map((leaf) => ({ leaf, reason: leaf.parked?.reason }));
  }

  /** Ids of the records here that would take a coin. */
  spendersOf(outpoint: Outpoint): Hex[] {
    return [...(this.#bySpent.get(outpoint) ?? [])].map(({ id }) => id);
  }

  /** Local leaves that may go out, parents before children, enrolments before all. */
  ready(countMax: number, bytesMax: number): PendingLeaf[] {
    const chosen = new Set<Entry>();
    let bytes = 0;
    const choose = (entry: Entry, depth: number): void => {
      if (chosen.has(entry) || entry.inFlight || entry.parked !== undefined) return;
      // A stranger may chain more records than a stack holds; what is cut off comes in its own turn.
      if (depth < countMax) for (const parent of this.#parentsOf(entry)) choose(parent, depth + 1);
      if (chosen.size === countMax || bytes + entry.leaf.bytes.length > bytesMax) return;
      bytes += entry.leaf.bytes.length;
      chosen.add(entry);
    };
    for (const entry of this.#ready) {
      if (chosen.size === countMax || bytes >= bytesMax) break;
      choose(entry, 0);
    }
    const leaves = [...chosen];
    const isEnrolment = ({ leaf }: Entry) => leaf.kind === "enrolment";
    return [...leaves.filter(isEnrolment), ...leaves.filter((entry) => !isEnrolment(entry))];
  }

  /** They are in a batch under way. */
  sent(hashes: readonly Hex[]): void {
    for (const entry of this.#entries(hashes)) {
      entry.inFlight = true;
      this.#ready.delete(entry);
    }
  }

  /** Their batch came to nothing: they may go out again. */
  released(hashes: readonly Hex[]): void {
    for (const entry of this.#entries(hashes)) {
      entry.inFlight = false;
      if (entry.parked === undefined && entry.local) this.#ready.add(entry);
    }
  }

  /** It does not apply now. It comes back when one of `awaits` arrives: an outpoint or an owner. */
  park(hash: Hex, reason: Reason, awaits: readonly Hex[]): void {
    const entry = this.#byHash.get(hash);
    if (entry === undefined) return;
    this.#unpark(entry);
    entry.inFlight = false;
    entry.parked = { reason, awaits };
    this.#ready.delete(entry);
    for (const name of awaits) into(this.#waiting, name).add(entry);
  }

  /** Coins or enrolments came to be: what waited for them may go out. */
  arrived(names: Iterable<Hex>): void {
    for (const name of names) {
      for (const entry of this.#waiting.get(name) ?? []) this.#unpark(entry);
    }
  }

  /** What is parked for this reason may be tried again: time has passed. */
  retry(code: RefusalCode): void {
    for (const entry of this.#byHash.values()) {
      if (entry.parked?.reason.code === code) this.#unpark(entry);
    }
  }

  /** These applied: they are done for good. */
  applied(hashes: readonly Hex[]): void {
    for (const hash of hashes) {
      this.#applied.add(hash);
      const entry = this.#byHash.get(hash);
      if (entry !== undefined) this.#drop(entry);
    }
    for (const hash of this.#applied) {
      if (this.#applied.size <= APPLIED_REMEMBERED) break;
      this.#applied.delete(hash);
    }
  }

  /** These will never apply, or are another's to put forward: forget them. */
  remove(hashes: readonly Hex[]): void {
    for (const entry of this.#entries(hashes)) this.#drop(entry);
  }

  /** Forgets what has waited too long. */
  expire(): void {
    const before = this.#now() - this.#limits.ageMaxMs;
    for (const entry of this.#byHash.values()) {
      if (entry.addedMs < before && !entry.inFlight) this.#drop(entry);
    }
  }

  #checkRoom(bytes: number): void {
    const { leavesMax, bytesMax } = this.#limits;
    if (this.#byHash.size < leavesMax && this.#bytes + bytes <= bytesMax) return;
    throw new Refusal("busy", `${this.#byHash.size} leaves wait already`);
  }

  #insert(entry: Entry): void {
    this.#byHash.set(entry.hash, entry);
    into(this.#byId, entry.id).add(entry);
    for (const outpoint of inputsOf(entry)) into(this.#bySpent, outpoint).add(entry);
    this.#bytes += entry.leaf.bytes.length;
    if (entry.local) this.#ready.add(entry);
  }

  #drop(entry: Entry): void {
    this.#unpark(entry);
    this.#ready.delete(entry);
    this.#byHash.delete(entry.hash);
    outOf(this.#byId, entry.id, entry);
    for (const outpoint of inputsOf(entry)) outOf(this.#bySpent, outpoint, entry);
    this.#bytes -= entry.leaf.bytes.length;
  }

  #unpark(entry: Entry): void {
    for (const name of entry.parked?.awaits ?? []) outOf(this.#waiting, name, entry);
    entry.parked = undefined;
    if (entry.local && !entry.inFlight && this.#byHash.has(entry.hash)) this.#ready.add(entry);
  }

  /** The local leaves here that make the coins it takes. */
  *#parentsOf(entry: Entry): Generator<Entry> {
    for (const outpoint of inputsOf(entry)) {
      for (const parent of this.#byId.get(splitOutpoint(outpoint).id) ?? []) {
        if (parent.local) yield parent;
      }
    }
  }

  *#entries(hashes: readonly Hex[]): Generator<Entry> {
    for (const hash of hashes) {
      const entry = this.#byHash.get(hash);
      if (entry !== undefined) yield entry;
    }
  }
}

function inputsOf({ leaf }: PendingLeaf): readonly Outpoint[] {
  return leaf.kind === "enrolment" ? [] : leaf.inputs;
}

function into<K, V>(sets: Map<K, Set<V>>, key: K): Set<V> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  return set;
}

function outOf<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
