/** What the node answers about double spends: which there are, how far each has come, and what shows them. */
import type { Hex } from "../../protocol/bytes.ts";
import { formatEvidence } from "../../protocol/evidence.ts";
import type { Language } from "../../protocol/refusal-words.ts";
import type { Leaf } from "../../protocol/leaf.ts";
import { splitOutpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { type Conflict, stages } from "../evidence/conflict.ts";
import type { ConflictBook } from "../evidence/conflict-book.ts";
import type { EvidenceExport } from "../evidence/evidence-export.ts";
import { type ConflictContext, explainConflict } from "../explain-conflict.ts";
import type { PendingPool } from "../pending-pool.ts";
import type { ServerEvent } from "../service/event-stream.ts";
import type * as Api from "./schema.ts";

export type ConflictQueriesParts = {
  readonly book: ConflictBook;
  readonly exporter: EvidenceExport;
  readonly pool: Pick<PendingPool, "withId">;
  readonly context: (conflict: Conflict) => ConflictContext;
};

/** Conflicts in one answer. */
export const CONFLICTS_PAGE = 256;
/** Ancestors that are looked at for one that lost a coin. */
const ANCESTORS_MAX = 64;
/** Of a record that is part of many double spends, so many are told. */
const TOLD_MAX = 4;

export class ConflictQueries {
  readonly #parts: ConflictQueriesParts;

  constructor(parts: ConflictQueriesParts) {
    this.#parts = parts;
  }

  /** Those of a record, or those that changed after a number, or else the latest first. */
  async list({ record, after }: { record?: Hex; after?: number }): Promise<Api.Conflicts> {
    const { book } = this.#parts;
    if (record !== undefined) return { conflicts: (await book.ofRecord(record)).map(rowOf) };
    if (after === undefined) return { conflicts: (await book.latest(CONFLICTS_PAGE)).map(rowOf) };
    const conflicts: Api.ConflictRow[] = [];
    for await (const conflict of book.changedAfter(after)) {
      conflicts.push(rowOf(conflict));
      if (conflicts.length === CONFLICTS_PAGE) break;
    }
    return { conflicts };
  }

  /** @throws Refusal `not-found`. */
  async explain(id: Hex): Promise<Api.ConflictExplanation> {
    const conflict = await this.#parts.book.get(id);
    if (conflict === undefined) throw new Refusal("not-found", `no conflict ${id} is known here`);
    const context = this.#parts.context(conflict);
    return {
      conflict: rowOf(conflict),
      loser: explainConflict("loser", conflict, context),
      winner: explainConflict("winner", conflict, context),
      custodian: explainConflict("custodian", conflict, context),
      owner: explainConflict("owner", conflict, context),
    };
  }

  /** The evidence file of a conflict, or of a record in one. @throws Refusal `not-found`, `conflict`. */
  async evidence(id: Hex): Promise<Uint8Array> {
    return Buffer.from(formatEvidence(await this.#parts.exporter.of(id)));
  }

  /**
   * Numbers are this node's own: where it had to begin a new book, whoever waits after an old number would wait in
   * vain. @throws Refusal `conflict` on one that is not given yet.
   */
  checkNumber(number: number): void {
    const { latestNumber } = this.#parts.book;
    if (number <= latestNumber) return;
    const detail = `the last change has number ${latestNumber}, and ${number} is of an older book: begin again at 0`;
    throw new Refusal("conflict", detail);
  }

  /** Conflicts after `number` as they stand now, each once. */
  async *changesAfter(number: number): AsyncGenerator<ServerEvent<Api.ConflictRow>> {
    for await (const conflict of this.#parts.book.changedAfter(number)) yield eventOf(conflict);
  }

  /** How far the least advanced of the coins that a record lost has come. */
  async restitutionOf(
    record: Hex,
    code: string | undefined,
  ): Promise<Api.ConflictStage | undefined> {
    const { book } = this.#parts;
    const open = book.openOf(record);
    const lost = open.length > 0 || code !== "spent" ? open : await this.#lostBy(record);
    const reached = lost.map(({ standing }) => stages.indexOf(standing.stage));
    return lost.length === 0 ? undefined : stages[Math.min(...reached)];
  }

  /** Sentences on the double spends that a record is part of, or waits for. */
  async sentencesOf(record: Hex, leaf: Leaf | undefined, language: Language): Promise<string[]> {
    const { context } = this.#parts;
    const conflicts = (await this.#parts.book.ofRecord(record)).slice(0, TOLD_MAX);
    const sentences = conflicts.flatMap((conflict) =>
      explainConflict(
        conflict.spend.lostId === record ? "loser" : "winner",
        conflict,
        context(conflict),
        language,
      ),
    );
    const before = leaf === undefined ? undefined : this.#lostBefore(leaf);
    if (before !== undefined)
      sentences.push(...explainConflict("descendant", before, context(before), language));
    return sentences;
  }

  async #lostBy(record: Hex): Promise<Conflict[]> {
    const conflicts = await this.#parts.book.ofRecord(record);
    return conflicts.filter(({ spend }) => spend.lostId === record);
  }

  /** An open conflict of the nearest record that this one comes from, among those that wait here. */
  #lostBefore(leaf: Leaf): Conflict | undefined {
    const { book, pool } = this.#parts;
    const ancestors = new Set(parentsOf(leaf));
    for (const id of ancestors) {
      const [conflict] = book.openOf(id);
      if (conflict !== undefined) return conflict;
      const [waiting] = pool.withId(id);
      if (waiting === undefined || ancestors.size >= ANCESTORS_MAX) continue;
      for (const parent of parentsOf(waiting.leaf.leaf)) ancestors.add(parent);
    }
    return undefined;
  }
}

export function eventOf(conflict: Conflict): ServerEvent<Api.ConflictRow> {
  return { id: conflict.number, data: rowOf(conflict) };
}

function parentsOf(leaf: Leaf): Hex[] {
  return leaf.kind === "enrolment" ? [] : leaf.inputs.map((input) => splitOutpoint(input).id);
}

function rowOf({ spend, winner, isOurs, standing, number }: Conflict): Api.ConflictRow {
  return {
    id: spend.id,
    number,
    ...standing,
    outpoint: spend.outpoint,
    amount: spend.amount.toString(),
    owner: spend.owner,
    custodian: spend.custodian,
    loser: spend.lostId,
    winner: spend.wonId,
    winnerKind: spend.won.kind === "spend" ? "spend" : "reclaim",
    ...winner,
    isOurs,
  };
}
