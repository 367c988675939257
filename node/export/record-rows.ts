/** Rows about records, in the order of the log: of the records themselves, and of the coins they made. */
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { joinOutpoint, lock, type MemberId, type Outpoint } from "../../protocol/output.ts";
import { decodeRecord, type SignedRecord } from "../../protocol/record.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { type ParentStores, parentsOf } from "../store/parents.ts";
import type { Row } from "./tables.ts";

export type RecordRowsParts = ParentStores & {
  readonly store: ParentStores["store"] & Pick<LedgerStore, "eventsAfter" | "spenderOf">;
  /** The member with which a key is enrolled, or whose treasury key it is or was. */
  readonly custodianOf: (owner: Owner) => MemberId | undefined;
};

/** A record where it applied. */
export type PlacedRecord = {
  readonly id: Hex;
  readonly seq: number;
  readonly place: number;
  readonly cycle: number;
  readonly timeS: number;
  readonly record: SignedRecord;
};

export type RecordsPage = {
  readonly records: readonly PlacedRecord[];
  /** Where the next page goes on; absent at the end of the log. */
  readonly next: { readonly seq: number; readonly place: number } | undefined;
};

/** Events that are looked at for one page: most of a quiet ledger's applied nothing. */
const EVENTS_MAX = 10_000;

/** @param from the first that the page may have. */
export async function recordsFrom(
  parts: RecordRowsParts,
  from: { readonly seq: number; readonly place: number },
  limit: number,
): Promise<RecordsPage> {
  const records: PlacedRecord[] = [];
  let events = 0;
  for await (const { row, applied } of parts.store.eventsAfter(from.seq - 1)) {
    const first = row.seq === from.seq ? from.place : 0;
    const ids = applied.slice(first, first + limit - records.length);
    const found = await parentsOf(parts, ids);
    for (const [i, id] of ids.entries()) {
      const bytes = found[i]?.bytes;
      if (bytes === undefined) throw new Error(`record ${id} was folded and is not stored`);
      const { seq, openCycle: cycle, place } = row;
      records.push({
        id,
        seq,
        place: first + i,
        cycle,
        timeS: place.blockTimeS,
        record: decodeRecord(bytes),
      });
    }
    const end = { seq: row.seq, place: first + ids.length };
    if (records.length === limit || ++events === EVENTS_MAX) return { records, next: end };
  }
  return { records, next: undefined };
}

export function recordRow(
  { id, seq, place, cycle, timeS, record }: PlacedRecord,
  { custodianOf }: Pick<RecordRowsParts, "custodianOf">,
): Row<"records"> {
  const signer = ownerOf(record.signer);
  const sum = (of: (output: SignedRecord["outputs"][number]) => boolean) =>
    record.outputs
      .filter(of)
      .reduce((total, { amount }) => total + amount, 0n)
      .toString();
  const member = custodianOf(signer);
  if (member === undefined) throw new Error(`the signer of applied record ${id} is with no member`);
  return {
    seq,
    place,
    cycle,
    time: timeS,
    id,
    kind: record.kind,
    signer,
    member,
    inputs: record.inputs.length,
    outputs: record.outputs.length,
    amount: sum(() => true),
    to_others: sum(({ owner }) => owner !== signer),
    burnt: sum((output) => output.lock === lock.burn),
    has_memo: record.envelope.length > 0,
  };
}

export function coinRows(
  { id, seq, timeS, record }: PlacedRecord,
  spenderOf: (outpoint: Outpoint) => Hex | undefined,
): Row<"coins">[] {
  return record.outputs.map((made, output): Row<"coins"> => {
    const outpoint = joinOutpoint(id, output);
    return {
      seq,
      time: timeS,
      outpoint,
      record: id,
      output,
      lock: made.lock,
      owner: made.owner,
      custodian: made.custodian,
      amount: made.amount.toString(),
      taker: spenderOf(outpoint) ?? null,
    };
  });
}
