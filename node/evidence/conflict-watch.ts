/**
 * Finds conflicts, whichever of the two came first and whether it was sequenced or only handed in: when a
 * coin is taken, the records here that name it too have lost it; when a record comes, or was sequenced and
 * did not apply, it has lost what others took before. The same record again, or under another signature,
 * is the same spend and no conflict. A record that names coins of others shows nothing and is not kept.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { doubleSpendId, readDoubleSpend } from "../../protocol/double-spend.ts";
import { decodeLeaf, type Leaf } from "../../protocol/leaf.ts";
import { type MemberId, type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { PendingLeaf, PendingPool } from "../pending-pool.ts";
import type { Folded, Replica } from "../replica.ts";
import type { Logger } from "../service/telemetry.ts";
import type { EventRow } from "../store/history-rows.ts";
import type { LeafStore } from "../store/leaf-store.ts";
import { parentsOf } from "../store/parents.ts";
import { FOUND } from "./conflict.ts";
import type { ConflictBook, Found } from "./conflict-book.ts";

export type ConflictWatchParts = {
  readonly networkId: Uint8Array;
  /** Absent on an observer. */
  readonly member: MemberId | undefined;
  readonly replica: Pick<Replica, "state" | "store">;
  readonly pool: Pick<PendingPool, "onAdded" | "rivalsOf">;
  readonly leaves: Pick<LeafStore, "leavesAt" | "leavesNamed">;
  readonly book: ConflictBook;
  /** Has the signature of a leaf in the pool checked: what is good comes into the pool again, as such. */
  readonly check: (leaf: Uint8Array) => Promise<unknown>;
  readonly logger: Logger;
  /** What was found could not be kept. */
  readonly onFailure: (error: Error) => void;
};

/** A record that lost a coin, before anything of it was read. */
type Candidate = {
  readonly id: Hex;
  readonly outpoint: Outpoint;
  readonly loser: Uint8Array;
  readonly winner: Hex;
  readonly isOurs: boolean;
};

/** What waits to be kept; the rest is found again when it is sequenced. Some 20 MB at the most. */
const WAITING_MAX = 10_000;
/** The cursor is stored after so many events, or with the stop. */
const CURSOR_EVENTS = 1_000;

export class ConflictWatch {
  readonly #parts: ConflictWatchParts;
  readonly #waiting = new Map<Hex, Candidate>();
  #working: Promise<void> | undefined;
  #cursor = 0;

  constructor(parts: ConflictWatchParts) {
    this.#parts = parts;
  }

  /** Looks at what was folded and not looked at before the last stop, and from now on at what comes. */
  async start(): Promise<void> {
    const { book, replica, pool } = this.#parts;
    this.#cursor = Math.min(await book.cursor(), replica.state.seq);
    await this.#catchUp();
    pool.onAdded((leaf) => this.#taken(leaf));
  }

  /** Waits until all that was found is kept. */
  async stop(): Promise<void> {
    await this.#working;
    await this.#parts.book.saveCursor(this.#cursor);
  }

  /** Resolves when what was found so far is on disk. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** To be told of every event, before the pool forgets what it is about. */
  folded({ placed: { event }, leaves, change }: Folded): void {
    const { pool, member } = this.#parts;
    for (const [outpoint, winner] of change.spenders) {
      for (const rival of pool.rivalsOf(outpoint, winner)) this.#seen(rival);
    }
    if (event.kind === "sequenced") {
      for (const [i, { code }] of change.outcomes.entries()) {
        const leaf = leaves[i]!;
        if (code === "applied" || leaf.id === undefined) continue;
        this.#lost(leaf.leaf, leaf.id, event.member === member);
      }
    }
    this.#cursor = event.seq;
    if (event.seq % CURSOR_EVENTS === 0) this.#work();
  }

  /** A leaf came into the pool. */
  #taken(pending: PendingLeaf): void {
    try {
      this.#seen(pending);
    } catch (error) {
      // The ledger's database cannot be read: no reason to turn the leaf down.
      this.#parts.onFailure(error as Error);
    }
  }

  /** A record of the pool has lost coins only if it is signed: one that was not checked is now, and comes again. */
  #seen({ leaf, id, local, checked }: PendingLeaf): void {
    if (checked) this.#lost(leaf, id, local);
    else if (!this.#losses(leaf, id).next().done) void this.#check(leaf.bytes);
  }

  async #check(leaf: Uint8Array): Promise<void> {
    const { check, logger } = this.#parts;
    try {
      await check(leaf);
    } catch (err) {
      logger.warn({ err }, "a record that names a coin that is gone could not be checked");
    }
  }

  #lost(leaf: Leaf, id: Hex, isOurs: boolean): void {
    const { networkId } = this.#parts;
    for (const { outpoint, winner } of this.#losses(leaf, id)) {
      const conflict = doubleSpendId(networkId, outpoint, id);
      this.#consider({ id: conflict, outpoint, loser: leaf.bytes, winner, isOurs });
    }
  }

  /** The coins that a record that has not applied lost to others. */
  *#losses(leaf: Leaf, id: Hex): Generator<{ readonly outpoint: Outpoint; readonly winner: Hex }> {
    if (leaf.kind !== "spend") return;
    const { state, store } = this.#parts.replica;
    for (const outpoint of leaf.inputs) {
      if (state.hasCoin(outpoint)) continue;
      const winner = store.spenderOf(outpoint);
      if (winner !== undefined && winner !== id && !store.hasApplied(id))
        yield { outpoint, winner };
    }
  }

  #consider(candidate: Candidate): void {
    const { book, logger } = this.#parts;
    const { id, outpoint, isOurs } = candidate;
    const known = this.#waiting.get(id) ?? book.openOne(id);
    if (known !== undefined && (known.isOurs || !isOurs)) return;
    if (!isOurs && (this.#waiting.size >= WAITING_MAX || !book.hasRoom(outpoint))) {
      logger.warn({ outpoint }, "a loser of a coin is not kept: there are too many");
      return;
    }
    this.#waiting.set(id, candidate);
    this.#work();
  }

  #work(): void {
    this.#working ??= this.#keepAll();
  }

  /** Until nothing waits. Who adds something while the last is written is served as well. */
  async #keepAll(): Promise<void> {
    const { book, onFailure } = this.#parts;
    try {
      do {
        const seq = this.#cursor;
        const candidates = [...this.#waiting.values()];
        const found = await Promise.all(candidates.map((candidate) => this.#secure(candidate)));
        await book.keep(found.filter((each) => each !== undefined));
        await book.saveCursor(seq);
        for (const candidate of candidates) {
          if (this.#waiting.get(candidate.id) === candidate) this.#waiting.delete(candidate.id);
        }
      } while (this.#waiting.size > 0);
    } catch (error) {
      this.#waiting.clear();
      onFailure(error as Error);
    } finally {
      this.#working = undefined;
    }
  }

  /** The conflict with all its bytes; undefined for what shows nothing. */
  async #secure({ outpoint, loser, winner, isOurs }: Candidate): Promise<Found | undefined> {
    const { networkId, replica, logger } = this.#parts;
    const [place] = await replica.store.applied([winner]);
    const [parent, taker] = await Promise.all([
      this.#bytesOf(splitOutpoint(outpoint).id),
      this.#bytesOf(winner),
    ]);
    if (place === undefined || parent === undefined || taker === undefined) {
      logger.error(
        { outpoint, winner },
        "a conflict cannot be shown: bytes of applied records are missing",
      );
      return undefined;
    }
    try {
      const spend = readDoubleSpend(networkId, { outpoint, parent, loser, winner: taker });
      return { spend, winner: { seq: place.seq, cycle: place.cycle }, isOurs, standing: FOUND };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      logger.debug(
        { outpoint, reason: error.message },
        "a record names a coin and shows no double spend",
      );
      return undefined;
    }
  }

  /** A record that applied, or a deposit. */
  async #bytesOf(id: Hex): Promise<Uint8Array | undefined> {
    const { replica, leaves } = this.#parts;
    return (await parentsOf({ store: replica.store, leaves }, [id]))[0]?.bytes;
  }

  async #catchUp(): Promise<void> {
    const { replica, member } = this.#parts;
    for await (const { row } of replica.store.eventsAfter(this.#cursor)) {
      for (const { id, bytes } of await this.#refusedBy(row))
        this.#lost(decodeLeaf(bytes), id, row.member === member);
      this.#cursor = row.seq;
      // As many events as there are: what was found goes to disk meanwhile.
      if (this.#waiting.size >= CURSOR_EVENTS) await this.#working;
    }
    await this.#working;
    await this.#parts.book.saveCursor(this.#cursor);
  }

  /** The leaves that an event left as they were, as far as their bytes are here. */
  async #refusedBy({ root, refused }: EventRow): Promise<{ id: Hex; bytes: Uint8Array }[]> {
    if (root === undefined) return [];
    const hashes = refused.map(({ leafHash }) => leafHash);
    const found = await this.#parts.leaves.leavesNamed(root, hashes);
    return refused.flatMap(({ id }, i) => {
      const bytes = found[i];
      return id === undefined || bytes === undefined ? [] : [{ id, bytes }];
    });
  }
}
