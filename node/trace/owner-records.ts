/**
 * The records that an owner signed or was paid by, the latest first, and of these the ones in which another owner
 * had a part as well: a payment is found by whose it was, by whom it was to, or by both.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Output } from "../../protocol/output.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { type LogPlace, roles } from "./index-rows.ts";
import type { Maker, Makers } from "./makers.ts";
import type { TraceIndex } from "./trace-index.ts";

export type OwnerRecord = {
  readonly id: Hex;
  readonly kind: Maker["kind"];
  readonly seq: number;
  readonly cycle: number;
  /** Block time in whole seconds. */
  readonly timeS: number;
  /** Absent for what no record made. */
  readonly signer: Owner | undefined;
  readonly outputs: readonly Output[];
};

export type OwnerRecordsPage = {
  readonly records: readonly OwnerRecord[];
  /** Where the next page goes on; absent where none is left. */
  readonly next: LogPlace | undefined;
};

export type OwnerRecordsParts = {
  readonly index: Pick<TraceIndex, "ofOwner" | "sharedWith">;
  readonly makers: Pick<Makers, "of">;
  readonly store: Pick<LedgerStore, "event">;
};

export class OwnerRecords {
  readonly #parts: OwnerRecordsParts;

  constructor(parts: OwnerRecordsParts) {
    this.#parts = parts;
  }

  /**
   * Looks at so many leaves of the owner's. Those that the other has no part in are left out, so that a page may
   * be short, or empty, and more follow.
   * @param after where the page before ended.
   */
  async page(
    owner: Owner,
    {
      limit,
      other,
      after,
    }: { limit: number; other?: Owner | undefined; after?: LogPlace | undefined },
  ): Promise<OwnerRecordsPage> {
    const { index, makers } = this.#parts;
    const rows = await index.ofOwner(owner, limit, after);
    const shared = other === undefined ? rows : await index.sharedWith(other, rows);
    const ids = shared.filter((row) => row.roles !== roles.enrolled).map(({ id }) => id);
    const made = await makers.of(ids);
    const records = await Promise.all(made.flatMap((maker) => (maker ? this.#record(maker) : [])));
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return { records, next: last && { seq: last.seq, place: last.place } };
  }

  async #record({ id, kind, place, outputs, record }: Maker): Promise<OwnerRecord> {
    // Only what has applied is in the index.
    const { seq, cycle } = place!;
    const event = await this.#parts.store.event(seq);
    if (event === undefined) throw new Error(`event ${seq} was folded and is not stored`);
    const signer = record && ownerOf(record.signer);
    return { id, kind, seq, cycle, timeS: event.place.blockTimeS, signer, outputs };
  }
}
