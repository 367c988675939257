/**
 * Leaves that wait. The pool, not the state, remembers what cannot apply yet: a record whose
 * parent or whose payee's enrolment is still on its way, or whose coin another record took. Each is
 * parked under the names it waits for and comes back when one of them arrives, or when a leaf that brings
 * it may go out: parent and child go together, however long the chain.
 *
 * Local leaves are this member's to put forward; the others were gossiped, and wait for their own
 * member's batch. Nothing here is durable: what a gateway acknowledged is in the gateway's intake.
 */
import type { Hex } from "../protocol/bytes.ts";
import { ownerOf } from "../protocol/key.ts";
import type { Leaf } from "../protocol/leaf.ts";
import { joinOutpoint, type Outpoint, splitOutpoint } from "../protocol/output.ts";
import { Refusal, type RefusalCode } from "../protocol/refusal.ts";
import { MultiMap } from "./multi-map.ts";

export type PendingLeaf = {
  readonly hash: Hex;
  /** Of the record or enrolment. Two leaves share it if one body was signed twice. */
  readonly id: Hex;
  readonly leaf: Leaf;
  /** Whether this member puts it forward. */
  readonly local: boolean;
  /** Whether its own signature was checked. Where others endorse a leaf first, it is not until it matters here. */
  readonly checked: boolean;
};

/** Why a leaf does not go out now. */
export type Reason = { readonly code: RefusalCode; readonly detail: string };

export type PoolLimits = {
  readonly leavesMax: number;
  readonly bytesMax: number;
  /** After this long a leaf that did not come into a batch is forgotten; whoever wants it in submits it again. */
  readonly ageMaxMs: number;
};

/** Hashes of leaves that applied, so many or up to twice as many: late gossip, of seconds, does not bring them back. */
const APPLIED_REMEMBERED = 1 << 14;

type Entry = Omit<PendingLeaf, "checked"> & {
  checked: boolean;
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
  readonly #byId = new MultiMap<Hex, Entry>();
  readonly #bySpent = new MultiMap<Outpoint, Entry>();
  readonly #waiting = new MultiMap<Hex, Entry>();
  /** Local leaves that may go out, in the order they came. */
  readonly #ready = new Set<Entry>();
  /** Leaves that are not local, and those that are parked, the oldest first. */
  readonly #gossiped = new Set<Entry>();
  readonly #parked = new Set<Entry>();
  /** What applied lately, and what did before that: the latter is forgotten whole, which costs nothing. */
  #applied = new Set<Hex>();
  #appliedBefore: ReadonlySet<Hex> = new Set();
  readonly #listeners: ((leaf: PendingLeaf) => void)[] = [];
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

  /** Hears of each leaf once it is in, and again when it becomes local or was checked. It must not throw. */
  onAdded(listener: (leaf: PendingLeaf) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes in a leaf. One that is known stays, and becomes local, or checked, if it comes as such: what is
   * local was checked. Where there is no room, a local leaf takes the place of the oldest that were gossiped,
   * then of the oldest parked: they can be had again, and neither other institutions nor records of coins
   * that never were may keep a member's own customers out.
   * @throws Refusal `busy` when the pool is full.
   */
  add(pending: PendingLeaf): "added" | "known" {
    const { hash, leaf } = pending;
    const known = this.#byHash.get(hash);
    if (known === undefined && this.#hasApplied(hash)) return "known";
    if (known !== undefined && (known.local || !pending.local)) {
      if (pending.checked && !known.checked) this.#noteChecked(known);
      return "known";
    }
    if (known !== undefined) this.#drop(known);
    if (pending.local) this.#makeRoom(leaf.bytes.length);
    this.#checkRoom(leaf.bytes.length);
    this.#insert({ ...pending, addedMs: this.#now(), inFlight: false, parked: undefined });
    for (const listener of this.#listeners) listener(pending);
    return known === undefined ? "added" : "known";
  }

  get(hash: Hex): PendingLeaf | undefined {
    return this.#byHash.get(hash);
  }

  /** Whether its signature needs no other look: it was checked and waits here, or it applied lately. */
  trusts(hash: Hex): boolean {
    return this.#byHash.get(hash)?.checked === true || this.#hasApplied(hash);
  }

  /** The leaves with this id, those that were checked first, and why each does not go out, if it is parked. */
  withId(id: Hex): { readonly leaf: PendingLeaf; readonly reason: Reason | undefined }[] {
    return [...this.#byId.get(id)]
      .sort((a, b) => Number(b.checked) - Number(a.checked))
      .map((leaf) => ({ leaf, reason: leaf.parked?.reason }));
  }

  /** Ids of the records here that would take a coin, as far as they are signed. */
  spendersOf(outpoint: Outpoint): Hex[] {
    return [...this.#bySpent.get(outpoint)].filter(({ checked }) => checked).map(({ id }) => id);
  }

  /** Records here that would take a coin, other than the one with this id. */
  rivalsOf(outpoint: Outpoint, id: Hex): PendingLeaf[] {
    const rivals: PendingLeaf[] = [];
    for (const entry of this.#bySpent.get(outpoint)) if (entry.id !== id) rivals.push(entry);
    return rivals;
  }

  /** Local leaves that may go out, parents before children, enrolments before all. */
  ready(countMax: number, bytesMax: number): PendingLeaf[] {
    const chosen: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#parentsFirst()) {
      bytes += entry.leaf.bytes.length;
      if (chosen.length === countMax || bytes > bytesMax) break;
      chosen.push(entry);
    }
    const isEnrolment = ({ leaf }: Entry) => leaf.kind === "enrolment";
    return [...chosen.filter(isEnrolment), ...chosen.filter((entry) => !isEnrolment(entry))];
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
    this.#forgetParking(entry);
    entry.inFlight = false;
    entry.parked = { reason, awaits };
    this.#ready.delete(entry);
    this.#parked.add(entry);
    for (const name of awaits) this.#waiting.add(name, entry);
  }

  /** Coins or enrolments came to be: what waited for them may go out. */
  arrived(names: Iterable<Hex>): void {
    if (this.#waiting.size === 0) return;
    for (const name of names) {
      for (const entry of this.#waiting.get(name)) this.#unpark(entry);
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
    if (this.#applied.size < APPLIED_REMEMBERED) return;
    this.#appliedBefore = this.#applied;
    this.#applied = new Set();
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

  #hasApplied(hash: Hex): boolean {
    return this.#applied.has(hash) || this.#appliedBefore.has(hash);
  }

  #hasRoom(bytes: number): boolean {
    const { leavesMax, bytesMax } = this.#limits;
    return this.#byHash.size < leavesMax && this.#bytes + bytes <= bytesMax;
  }

  #checkRoom(bytes: number): void {
    if (!this.#hasRoom(bytes))
      throw new Refusal("busy", `${this.#byHash.size} leaves wait already`);
  }

  #makeRoom(bytes: number): void {
    for (const shelf of [this.#gossiped, this.#parked]) {
      for (const entry of shelf) {
        if (this.#hasRoom(bytes)) return;
        if (!entry.inFlight) this.#drop(entry);
      }
    }
  }

  #insert(entry: Entry): void {
    this.#byHash.set(entry.hash, entry);
    this.#byId.add(entry.id, entry);
    for (const outpoint of inputsOf(entry)) this.#bySpent.add(outpoint, entry);
    this.#bytes += entry.leaf.bytes.length;
    if (entry.local) this.#makeReady(entry);
    else this.#gossiped.add(entry);
  }

  #noteChecked(entry: Entry): void {
    entry.checked = true;
    for (const listener of this.#listeners) listener(entry);
  }

  #drop(entry: Entry): void {
    this.#forgetParking(entry);
    if (entry.local) this.#ready.delete(entry);
    else this.#gossiped.delete(entry);
    this.#byHash.delete(entry.hash);
    this.#byId.delete(entry.id, entry);
    for (const outpoint of inputsOf(entry)) this.#bySpent.delete(outpoint, entry);
    this.#bytes -= entry.leaf.bytes.length;
  }

  #unpark(entry: Entry): void {
    this.#forgetParking(entry);
    if (entry.local && !entry.inFlight) this.#makeReady(entry);
  }

  #forgetParking(entry: Entry): void {
    if (entry.parked === undefined) return;
    for (const name of entry.parked.awaits) this.#waiting.delete(name, entry);
    entry.parked = undefined;
    this.#parked.delete(entry);
  }

  /** And with it, without recursion, what waits for the names it brings, and for theirs. */
  #makeReady(first: Entry): void {
    const path = [first];
    for (let entry = path.pop(); entry !== undefined; entry = path.pop()) {
      this.#ready.add(entry);
      for (const name of namesBroughtBy(entry)) {
        for (const child of this.#waiting.get(name)) {
          this.#forgetParking(child);
          if (child.local && !child.inFlight) path.push(child);
        }
      }
    }
  }

  /**
   * What may go out, each leaf after those that make its coins. Each is looked at once and no stack grows:
   * a stranger may chain more records, in more ways, than there is time and room for.
   */
  *#parentsFirst(): Generator<Entry> {
    const seen = new Set<Entry>();
    for (const entry of this.#ready) {
      const path = seen.has(entry) ? [] : [entry];
      for (let last = path[0]; last !== undefined; last = path.at(-1)) {
        seen.add(last);
        const parent = this.#readyParent(last, seen);
        if (parent !== undefined) path.push(parent);
        else yield path.pop()!;
      }
    }
  }

  /** A leaf that may go out, makes a coin that `entry` takes, and was not seen. */
  #readyParent(entry: Entry, seen: ReadonlySet<Entry>): Entry | undefined {
    for (const outpoint of inputsOf(entry)) {
      for (const parent of this.#byId.get(splitOutpoint(outpoint).id)) {
        if (this.#ready.has(parent) && !seen.has(parent)) return parent;
      }
    }
    return undefined;
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

/** What others may wait for: the coins a record makes, the owner that an enrolment enrols. */
function namesBroughtBy({ id, leaf }: PendingLeaf): readonly Hex[] {
  if (leaf.kind === "enrolment") return [ownerOf(leaf.deviceKey)];
  return leaf.outputs.map((_, index) => joinOutpoint(id, index));
}
