/**
 * Puts together what shows a double spend to others: the bytes that the book keeps, the winner's place
 * under the settled checkpoint, and from the chain the signatures under it and where all of it stands.
 */
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { ChainReference, Evidence, Loss, ValidatorSet } from "../../protocol/evidence.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import type { Conflict } from "./conflict.ts";
import type { ConflictBook } from "./conflict-book.ts";
import { referenceTo, type SettlementExport } from "./settlement-export.ts";

export type EvidenceExportParts = {
  readonly networkId: Hex;
  readonly book: ConflictBook;
  readonly store: Pick<LedgerStore, "event">;
  readonly settlements: SettlementExport;
};

type Shown = {
  readonly loss: Loss;
  readonly validators?: ValidatorSet;
  readonly chain: readonly ChainReference[];
};

export class EvidenceExport {
  readonly #parts: EvidenceExportParts;

  constructor(parts: EvidenceExportParts) {
    this.#parts = parts;
  }

  /**
   * All that a losing record lost.
   * @param id of the conflict, or of a record that is in one.
   * @throws Refusal `not-found`; `conflict` for a winner of several losers, naming them.
   */
  async of(id: Hex): Promise<Evidence> {
    const conflicts = await this.#conflictsOf(id);
    const shown = await Promise.all(conflicts.map((conflict) => this.#show(conflict))).finally(() =>
      this.#parts.settlements.forget(),
    );
    const sets = shown.flatMap(({ validators }) => validators ?? []);
    const byCycle = new Map(sets.map((set) => [set.cycle, set]));
    return {
      networkId: this.#parts.networkId,
      loser: toHex(conflicts[0]!.spend.loser),
      losses: shown.map(({ loss }) => loss),
      claims: {
        validators: [...byCycle.values()].toSorted((a, b) => a.cycle - b.cycle),
        chain: shown.flatMap(({ chain }) => chain),
      },
    };
  }

  async #conflictsOf(id: Hex): Promise<Conflict[]> {
    const { book } = this.#parts;
    const one = await book.get(id);
    const of = one === undefined ? await book.ofRecord(id) : [one];
    const losers = new Set(of.map(({ spend }) => spend.lostId));
    const [loser, second] = losers;
    if (loser === undefined) throw new Refusal("not-found", `no double spend ${id} is known here`);
    if (second !== undefined && !losers.has(id)) {
      const names = [...losers].slice(0, 8).join(", ");
      throw new Refusal("conflict", `record ${id} won against several: name one of ${names}`);
    }
    const lost = losers.has(id) ? id : loser;
    const all = (await book.ofRecord(lost)).filter(({ spend }) => spend.lostId === lost);
    return all.toSorted((a, b) => (a.spend.outpoint < b.spend.outpoint ? -1 : 1));
  }

  async #show({ spend, winner }: Conflict): Promise<Shown> {
    const { store, settlements } = this.#parts;
    const { outpoint } = spend;
    const bytes = { outpoint, parent: toHex(spend.parent), winner: toHex(spend.won.bytes) };
    const sequenced = await store.event(winner.seq);
    const chain =
      sequenced === undefined ? [] : [referenceTo(sequenced, "the winner was sequenced")];
    const shown = await settlements.of(winner.cycle, spend.wonId);
    if (shown === undefined) return { loss: { ...bytes, settlement: null }, chain };
    const { settlement, validators, settled } = shown;
    return {
      loss: { ...bytes, settlement },
      validators,
      chain: [...chain, referenceTo(settled, "the winner's cycle was settled")],
    };
  }
}
