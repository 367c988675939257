/**
 * Puts together what shows a double spend to others: the bytes that the book keeps, the winner's place
 * under the settled checkpoint, and from the chain the signatures under it and where all of it stands.
 */
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type {
  ChainReference,
  Evidence,
  Loss,
  Settlement,
  ValidatorSet,
} from "../../protocol/evidence.ts";
import type { MemberId } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import type { AppliedProofs } from "./applied-proofs.ts";
import type { Conflict } from "./conflict.ts";
import type { ConflictBook } from "./conflict-book.ts";

type EventRow = NonNullable<Awaited<ReturnType<LedgerStore["event"]>>>;

/** How a cycle was settled, as the chain has it. */
export type CycleOnChain = {
  readonly blockNumber: number;
  readonly checkpoint: Checkpoint;
  readonly signatures: readonly Uint8Array[];
  readonly members: readonly {
    readonly member: MemberId;
    readonly name: string;
    readonly validator: Hex;
  }[];
};

export type EvidenceExportParts = {
  readonly networkId: Hex;
  readonly book: ConflictBook;
  readonly store: Pick<LedgerStore, "checkpoint" | "event" | "eventsAfter">;
  readonly proofs: AppliedProofs;
  /** @param block of the event that settled it. */
  readonly settledCycle: (cycle: number, block: number) => Promise<CycleOnChain>;
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
      this.#parts.proofs.forget(),
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
    const { store, proofs } = this.#parts;
    const { outpoint } = spend;
    const bytes = { outpoint, parent: toHex(spend.parent), winner: toHex(spend.won.bytes) };
    const sequenced = await store.event(winner.seq);
    const chain =
      sequenced === undefined ? [] : [referenceTo(sequenced, "the winner was sequenced")];
    const settled = await this.#settlementOf(winner.cycle);
    if (settled === undefined) return { loss: { ...bytes, settlement: null }, chain };
    const { checkpoint, signatures, members, blockNumber } = await this.#parts.settledCycle(
      winner.cycle,
      settled.place.blockNumber,
    );
    const { position, path } = await proofs.of(winner.cycle, spend.wonId);
    const settlement: Settlement = {
      index: position,
      path: path.map(toHex),
      checkpoint,
      signatures: signatures.map(toHex),
    };
    const named = members.map(({ member, name, validator }) => ({
      member,
      name,
      address: validator,
    }));
    return {
      loss: { ...bytes, settlement },
      validators: { cycle: winner.cycle, atBlock: blockNumber, members: named },
      chain: [...chain, referenceTo(settled, "the winner's cycle was settled")],
    };
  }

  /** The event that settled a cycle: it comes after the one that closed it, and few cycles wait. */
  async #settlementOf(cycle: number): Promise<EventRow | undefined> {
    const { store } = this.#parts;
    const checkpoint = await store.checkpoint(cycle);
    if (checkpoint === undefined) return undefined;
    for await (const { row } of store.eventsAfter(checkpoint.seq)) {
      if (row.kind === "settled" && row.cycle === cycle) return row;
    }
    return undefined;
  }
}

function referenceTo({ seq, place }: EventRow, what: string): ChainReference {
  return { what, seq, blockNumber: place.blockNumber, blockHash: place.blockHash };
}
