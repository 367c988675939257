/**
 * What a trace needs to know and the ledger's store cannot be asked: the leaves of an owner, where a batch
 * was sequenced, what was restituted, and what moved between members in a cycle. A database of its own,
 * made from the ledger's store and at any time made anew from it.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Change, CheckedStore } from "../service/checked-store.ts";
import {
  decodeFlow,
  decodeOwnerRow,
  decodeRestitution,
  decodeSeq,
  encodeFlow,
  encodeSeq,
  type Flow,
  keys,
  type LogPlace,
  type OwnerRow,
  ranges,
  type RestitutionRow,
  seqOfBatch,
} from "./index-rows.ts";

/** What events add: rows that were not there, and what is added to flows. */
export type IndexedEvents = {
  readonly rows: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly flows: readonly (Flow & { readonly cycle: number })[];
};

export class TraceIndex {
  readonly #store: CheckedStore;
  #seq = 0;

  constructor(store: CheckedStore) {
    this.#store = store;
  }

  /** The last event that is indexed, 0 for none. */
  get seq(): number {
    return this.#seq;
  }

  async load(): Promise<void> {
    const row = await this.#store.get(keys.cursor);
    this.#seq = row === undefined ? 0 : decodeSeq(row);
  }

  /** Adds what the events after the last one, up to `seq`, have to add. */
  async add({ rows, flows }: IndexedEvents, seq: number): Promise<void> {
    const old = this.#seq === 0 ? null : encodeSeq(this.#seq);
    await this.#store.write([
      ...rows.map(({ key, value }): Change => ({ key, value, old: null })),
      ...(await this.#added(flows)),
      { key: keys.cursor, value: encodeSeq(seq), old },
    ]);
    this.#seq = seq;
  }

  /** The leaves of an owner, the latest first. @param before where the last page ended. */
  async ofOwner(owner: Owner, limit: number, before?: LogPlace): Promise<OwnerRow[]> {
    const rows = this.#store.entries({ ...ranges.owner(owner, before), reverse: true, limit });
    return await Array.fromAsync(rows, ([key, value]) => decodeOwnerRow(key, value));
  }

  /** Those of an owner's leaves in which another had a part as well. */
  async sharedWith(other: Owner, rows: readonly OwnerRow[]): Promise<OwnerRow[]> {
    const held = await this.#store.getMany(rows.map((row) => keys.owner(other, row)));
    return rows.filter((_, i) => held[i] !== undefined);
  }

  /** The event that first sequenced a batch with this root. */
  async seqOfBatch(root: Hex): Promise<number | undefined> {
    for await (const [key] of this.#store.entries({ ...ranges.batch(root), limit: 1 }))
      return seqOfBatch(key);
    return undefined;
  }

  /** Restitutions by their ids, which are those of the conflicts that they pay. */
  async restitutions(ids: readonly Hex[]): Promise<(RestitutionRow | undefined)[]> {
    const rows = await this.#store.getMany(ids.map(keys.restitution));
    return rows.map((row) => (row === undefined ? undefined : decodeRestitution(row)));
  }

  /** What the cycle's records moved between custodians, by the numbers of both. */
  async flows(cycle: number): Promise<Flow[]> {
    const rows = this.#store.entries(ranges.flows(cycle));
    return await Array.fromAsync(rows, ([key, value]) => decodeFlow(key, value));
  }

  /** The rows of flows as they are with what is added. */
  async #added(flows: IndexedEvents["flows"]): Promise<Change[]> {
    const sums = new Map<string, Flow & { readonly cycle: number }>();
    for (const flow of flows) {
      const name = `${flow.cycle} ${flow.from} ${flow.to}`;
      sums.set(name, sum(flow, sums.get(name)));
    }
    const changed = [...sums.values()];
    const changedKeys = changed.map(({ cycle, from, to }) => keys.flow(cycle, from, to));
    const held = await this.#store.getMany(changedKeys);
    return changed.map((flow, i): Change => {
      const [key, old] = [changedKeys[i]!, held[i] ?? null];
      const value = encodeFlow(sum(flow, old === null ? undefined : decodeFlow(key, old)));
      return { key, value, old };
    });
  }
}

function sum<F extends Flow>(flow: F, other: Flow | undefined): F {
  if (other === undefined) return flow;
  const [amount, records] = [flow.amount + other.amount, flow.records + other.records];
  return { ...flow, amount, records };
}
