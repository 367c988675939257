/** What made coins, looked up by id: records that applied or lost, deposits, awards and restitutions. */
import type { Hex } from "../../protocol/bytes.ts";
import { decodeDeposit } from "../../protocol/deposit.ts";
import { ENROLMENT_KIND } from "../../protocol/enrolment.ts";
import { lock, type Output, splitOutpoint } from "../../protocol/output.ts";
import { decodeParent } from "../../protocol/parent.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import type { Conflict } from "../evidence/conflict.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { type ParentStores, parentsOf, type StoredParent } from "../store/parents.ts";
import type { RestitutionRow } from "./index-rows.ts";
import type { TraceIndex } from "./trace-index.ts";

export const makerKinds = ["deposit", "award", "restitution", "spend", "claim", "reclaim"] as const;

export type Maker = {
  readonly id: Hex;
  readonly kind: (typeof makerKinds)[number];
  /** Event and cycle in which it came to stand; absent for a record that lost its coins and never applied. */
  readonly place: { readonly seq: number; readonly cycle: number } | undefined;
  readonly outputs: readonly Output[];
  readonly record: SignedRecord | undefined;
  /** Of a restitution: what it pays once more, for whom. */
  readonly restitution?: RestitutionRow;
};

export type MakersParts = ParentStores & {
  readonly networkId: Uint8Array;
  readonly store: Pick<LedgerStore, "applied" | "deposit" | "event" | "leafPlaces">;
  readonly index: Pick<TraceIndex, "restitutions">;
  /** The conflicts that a record won or lost. */
  readonly conflictsOf: (record: Hex) => Promise<readonly Conflict[]>;
};

export class Makers {
  readonly #parts: MakersParts;

  constructor(parts: MakersParts) {
    this.#parts = parts;
  }

  /** In the order of `ids`. An enrolment makes nothing and is not found. */
  async of(ids: readonly Hex[]): Promise<(Maker | undefined)[]> {
    const [stored, restitutions] = await Promise.all([
      parentsOf(this.#parts, ids),
      this.#parts.index.restitutions(ids),
    ]);
    return await Promise.all(
      ids.map(async (id, i) => {
        const [parent, restitution] = [stored[i], restitutions[i]];
        if (parent !== undefined) return await this.#stored(id, parent);
        if (restitution !== undefined) return await this.#restitution(id, restitution);
        return await this.#lost(id);
      }),
    );
  }

  async #stored(id: Hex, { bytes, row }: StoredParent): Promise<Maker | undefined> {
    if (bytes[0] === ENROLMENT_KIND) return undefined;
    const { record, outputs } = decodeParent(this.#parts.networkId, bytes);
    if (record !== undefined) return { id, kind: record.kind, place: row, outputs, record };
    const { seq } = decodeDeposit(bytes);
    const event = await this.#eventOf(seq);
    const kind = event.kind === "awarded" ? "award" : "deposit";
    return { id, kind, place: { seq, cycle: event.openCycle }, outputs, record };
  }

  async #restitution(id: Hex, restitution: RestitutionRow): Promise<Maker> {
    const { networkId } = this.#parts;
    const { seq, outpoint } = restitution;
    const { id: maker, index } = splitOutpoint(outpoint);
    const [parent] = await parentsOf(this.#parts, [maker]);
    const output = parent && decodeParent(networkId, parent.bytes).outputs[index];
    if (output === undefined) throw new Error(`nothing stored here made coin ${outpoint}`);
    const { openCycle: cycle } = await this.#eventOf(seq);
    const outputs = [{ ...output, lock: lock.replacement }];
    return {
      id,
      kind: "restitution",
      place: { seq, cycle },
      outputs,
      record: undefined,
      restitution,
    };
  }

  /** A record that others were faster than, as the evidence keeps it. */
  async #lost(id: Hex): Promise<Maker | undefined> {
    const conflicts = await this.#parts.conflictsOf(id);
    const record = conflicts.find(({ spend }) => spend.lostId === id)?.spend.lost;
    if (record === undefined) return undefined;
    return { id, kind: record.kind, place: undefined, outputs: record.outputs, record };
  }

  async #eventOf(seq: number) {
    const event = await this.#parts.store.event(seq);
    if (event === undefined) throw new Error(`event ${seq} was folded and is not stored`);
    return event;
  }
}
