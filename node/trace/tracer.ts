/** Answers what is asked about where money came from and went: one page of the graph from one start. */
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import { type MemberId, type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Verifier } from "../../protocol/signature.ts";
import type { CaseEntry } from "../chain/disputes.ts";
import type { Conflict } from "../evidence/conflict.ts";
import type { ConflictBook } from "../evidence/conflict-book.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { graphOf, type TraceGraph } from "./graph.ts";
import { type LogPlace, roles } from "./index-rows.ts";
import type { Makers } from "./makers.ts";
import type { TraceStart } from "./start.ts";
import type { TraceIndex } from "./trace-index.ts";
import { type Seed, walk, type WalkBounds } from "./walk.ts";

export type TracerParts = {
  readonly networkId: Uint8Array;
  readonly verifier: Verifier;
  readonly index: TraceIndex;
  readonly makers: Makers;
  readonly store: LedgerStore;
  readonly book: Pick<ConflictBook, "get" | "ofRecord">;
  readonly custodianOf: (owner: Owner) => MemberId | undefined;
  /** A case by its number, as the contract has it; undefined where there is none. */
  readonly caseOf: (caseId: number) => Promise<CaseEntry | undefined>;
};

export type TraceBounds = WalkBounds & {
  /** Of a start with many records: where the page before this one ended. */
  readonly after?: LogPlace | undefined;
};

export type Trace = TraceGraph & {
  /** The records or deposits it starts from. */
  readonly starts: readonly Hex[];
  /** Of a start with many records: where the next page goes on. */
  readonly next: LogPlace | undefined;
};

/** What a page starts from. */
type Seeds = { readonly seeds: readonly Seed[]; readonly next?: LogPlace | undefined };

/** A page of starts leaves room for what they lead to. */
const SEEDS_SHARE = 0.25;

export class Tracer {
  readonly #parts: TracerParts;

  constructor(parts: TracerParts) {
    this.#parts = parts;
  }

  /** @throws Refusal `not-found` where nothing is known of the start. */
  async trace(start: TraceStart, { after, ...bounds }: TraceBounds): Promise<Trace> {
    const { networkId, makers, store, book } = this.#parts;
    const pageMax = Math.max(1, Math.floor(bounds.nodesMax * SEEDS_SHARE));
    const { seeds, next } = await this.#seeds(start, pageMax, after);
    const spenderOf = (outpoint: Outpoint) => store.spenderOf(outpoint);
    const conflictsOf = (id: Hex) => book.ofRecord(id);
    const parts = { networkId, makers, spenderOf, conflictsOf };
    const found = await walk(parts, seeds, bounds);
    const starts = seeds.map(({ id }) => id).filter((id) => found.visits.has(id));
    if (starts.length === 0 && after === undefined)
      throw new Refusal("not-found", "the ledger here knows nothing of what the trace starts from");
    const graph = await graphOf({ ...this.#parts, spenderOf, timeOf: this.#timeOf() }, found);
    return { ...graph, starts, next };
  }

  async #seeds(start: TraceStart, pageMax: number, after: LogPlace | undefined): Promise<Seeds> {
    switch (start.kind) {
      case "id":
        return { seeds: await this.#ofId(start.id) };
      case "coin":
        return { seeds: [{ id: splitOutpoint(start.outpoint).id, only: start.outpoint }] };
      case "owner":
        return await this.#ofOwner(start.owner, pageMax, after);
      case "batch":
        return await this.#ofBatch(start.seq, pageMax, after);
      case "batch-root":
        return await this.#ofBatch(await this.#seqOf(start.root), pageMax, after);
      case "cycle":
        return await this.#ofCycle(start.cycle, pageMax, after);
      case "case":
        return await this.#ofCase(start.caseId, pageMax);
    }
  }

  /** A conflict has the id of its restitution, which may not have come. */
  async #ofId(id: Hex): Promise<Seed[]> {
    const conflict: Conflict | undefined = await this.#parts.book.get(id);
    if (conflict === undefined) return [{ id }];
    const { wonId, lostId } = conflict.spend;
    return [{ id }, { id: wonId }, { id: lostId }];
  }

  async #ofOwner(owner: Owner, limit: number, after?: LogPlace): Promise<Seeds> {
    const rows = await this.#parts.index.ofOwner(owner, limit, after);
    const seeds = rows
      .filter((row) => row.roles !== roles.enrolled)
      .map(({ id }): Seed => ({ id }));
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return { seeds, next: last && { seq: last.seq, place: last.place } };
  }

  async #seqOf(root: Hex): Promise<number> {
    const seq = await this.#parts.index.seqOfBatch(root);
    if (seq === undefined) throw new Refusal("not-found", `no batch ${root} was sequenced`);
    return seq;
  }

  async #ofBatch(seq: number, limit: number, after?: LogPlace): Promise<Seeds> {
    const event = await this.#parts.store.event(seq);
    if (event?.root === undefined)
      throw new Refusal("not-found", `event ${seq} is no batch that was folded here`);
    for await (const batch of this.#parts.store.appliedFrom(event.openCycle, seq)) {
      if (batch.seq === seq) return page([batch], limit, after);
      break;
    }
    return { seeds: [] };
  }

  async #ofCycle(cycle: number, limit: number, after?: LogPlace): Promise<Seeds> {
    const batches: Batch[] = [];
    let count = 0;
    for await (const batch of this.#parts.store.appliedFrom(cycle, after?.seq ?? 0)) {
      batches.push(batch);
      count += batch.ids.length;
      if (count > limit + (after?.place ?? 0)) break;
    }
    return page(batches, limit, after);
  }

  async #ofCase(caseId: number, limit: number): Promise<Seeds> {
    const entry = await this.#parts.caseOf(caseId);
    if (entry === undefined) throw new Refusal("not-found", `there is no case ${caseId}`);
    const seeds: Seed[] = [];
    for (const { restitution, owner } of entry.debts) {
      if (restitution !== undefined) seeds.push({ id: restitution.loser }, { id: restitution.id });
      else seeds.push(...(await this.#ofOwner(owner, limit)).seeds);
    }
    return { seeds: seeds.slice(0, limit) };
  }

  /** Each event is read once for a graph. */
  #timeOf(): (seq: number) => Promise<number> {
    const times = new Map<number, Promise<number>>();
    const read = async (seq: number) => {
      const event = await this.#parts.store.event(seq);
      if (event === undefined) throw new Error(`event ${seq} was folded and is not stored`);
      return event.place.blockTimeS;
    };
    return (seq) => {
      const known = times.get(seq) ?? read(seq);
      times.set(seq, known);
      return known;
    };
  }
}

type Batch = { readonly seq: number; readonly ids: readonly Hex[] };

/** So many records after a place, and the place that the last of them has if there are more. */
function page(batches: readonly Batch[], limit: number, after: LogPlace | undefined): Seeds {
  const isAfter = ({ seq, place }: LogPlace) =>
    after === undefined || seq > after.seq || (seq === after.seq && place > after.place);
  const all = batches.flatMap(({ seq, ids }) => ids.map((id, place) => ({ id, seq, place })));
  const rest = all.filter(isAfter);
  const shown = rest.slice(0, limit);
  const last = rest.length > limit ? shown.at(-1) : undefined;
  return {
    seeds: shown.map(({ id }) => ({ id })),
    next: last && { seq: last.seq, place: last.place },
  };
}
