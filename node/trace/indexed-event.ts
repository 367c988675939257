/** What one event of the ledger adds to the index, read from what is stored of it. */
import type { Hex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { decodeLeaf, type Leaf, leafId } from "../../protocol/leaf.ts";
import { lock, type MemberId, splitOutpoint } from "../../protocol/output.ts";
import { decodeParent } from "../../protocol/parent.ts";
import { doubleSpendId } from "../../protocol/double-spend.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { EventRow } from "../store/history-rows.ts";
import type { LeafStore } from "../store/leaf-store.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { parentsOf } from "../store/parents.ts";
import { encodeOwnerRow, encodeRestitution, keys, roles } from "./index-rows.ts";
import type { IndexedEvents } from "./trace-index.ts";

export type EventReading = {
  readonly networkId: Uint8Array;
  readonly store: Pick<LedgerStore, "applied" | "deposit" | "leafPlaces">;
  readonly leaves: Pick<LeafStore, "getWhole" | "leavesAt">;
  /** The member with which a key is enrolled, or whose treasury key it is or was: neither changes. */
  readonly custodianOf: (owner: Owner) => MemberId | undefined;
};

type Rows = { key: Uint8Array; value: Uint8Array }[];
type Flows = IndexedEvents["flows"][number][];

const NOTHING = new Uint8Array();

/** @param applied ids of the records that it applied. */
export async function indexedEvent(
  reading: EventReading,
  event: EventRow,
  applied: readonly Hex[],
): Promise<IndexedEvents> {
  if (event.root !== undefined) return await sequenced(reading, event, event.root, applied);
  if (event.restituted !== undefined) return await restituted(reading, event, event.restituted);
  const { made, seq } = event;
  if (made === undefined) return { rows: [], flows: [] };
  return { rows: await paidRows(reading, made, splitOutpoint(made).id, seq), flows: [] };
}

async function sequenced(
  reading: EventReading,
  event: EventRow,
  root: Hex,
  applied: readonly Hex[],
): Promise<IndexedEvents> {
  const { seq, openCycle: cycle } = event;
  const rows: Rows = [{ key: keys.batch(root, seq), value: NOTHING }];
  const flows: Flows = [];
  const waiting = new Set(applied);
  for (const [place, { id, leaf }] of (await leavesOf(reading, root)).entries()) {
    if (leaf.kind === "enrolment" ? !(await isEnrolledAt(reading, id, seq)) : !waiting.delete(id))
      continue;
    for (const [owner, held] of rolesIn(leaf))
      rows.push({ key: keys.owner(owner, { seq, place }), value: encodeOwnerRow(id, held) });
    if (leaf.kind !== "enrolment") flows.push(...flowsOf(reading, leaf, cycle));
  }
  if (waiting.size > 0) throw new Error(`batch ${root} does not hold all that it applied`);
  return { rows, flows };
}

async function restituted(
  reading: EventReading,
  { seq }: EventRow,
  { outpoint, loser }: NonNullable<EventRow["restituted"]>,
): Promise<IndexedEvents> {
  const id = doubleSpendId(reading.networkId, outpoint, loser);
  const row = { key: keys.restitution(id), value: encodeRestitution({ seq, outpoint, loser }) };
  return { rows: [row, ...(await paidRows(reading, outpoint, id, seq))], flows: [] };
}

/** That the owner of a coin was paid by what `id` names. @param outpoint of that coin, or of one like it. */
async function paidRows(
  { networkId, ...stores }: EventReading,
  outpoint: Hex,
  id: Hex,
  seq: number,
): Promise<Rows> {
  const { id: maker, index } = splitOutpoint(outpoint);
  const [parent] = await parentsOf(stores, [maker]);
  const output = parent && decodeParent(networkId, parent.bytes).outputs[index];
  if (output === undefined) throw new Error(`nothing stored here made coin ${outpoint}`);
  const key = keys.owner(output.owner, { seq, place: 0 });
  return [{ key, value: encodeOwnerRow(id, roles.paid) }];
}

/** The leaves of a batch in their order; what is no leaf is left out and keeps its place empty. */
async function leavesOf({ networkId, leaves }: EventReading, root: Hex) {
  const whole = await leaves.getWhole(root);
  if (whole === undefined) throw new Error(`batch ${root} was folded and is not stored`);
  return new Map(
    whole.leaves.flatMap((bytes, place) => {
      const leaf = decoded(bytes);
      return leaf ? [[place, { id: leafId(networkId, leaf), leaf }] as const] : [];
    }),
  );
}

function decoded(bytes: Uint8Array): Leaf | undefined {
  try {
    return decodeLeaf(bytes);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

async function isEnrolledAt({ store }: EventReading, id: Hex, seq: number): Promise<boolean> {
  const [row] = await store.applied([id]);
  return row?.seq === seq;
}

function rolesIn(leaf: Leaf): Map<Owner, number> {
  if (leaf.kind === "enrolment") return new Map([[ownerOf(leaf.deviceKey), roles.enrolled]]);
  const found = new Map<Owner, number>([[ownerOf(leaf.signer), roles.signed]]);
  for (const { lock: kind, owner } of leaf.outputs) {
    if (kind !== lock.burn) found.set(owner, (found.get(owner) ?? 0) | roles.paid);
  }
  return found;
}

/** All coins of a record have one custodian, the signer's: R4. What is burnt goes to no one. */
function flowsOf({ custodianOf }: EventReading, record: SignedRecord, cycle: number): Flows {
  const from = custodianOf(ownerOf(record.signer));
  if (from === undefined) throw new Error("the signer of an applied record is with no member");
  const sums = new Map<MemberId, bigint>();
  for (const { lock: kind, custodian, amount } of record.outputs) {
    if (kind !== lock.burn) sums.set(custodian, (sums.get(custodian) ?? 0n) + amount);
  }
  return [...sums].map(([to, amount]) => ({ cycle, from, to, amount, records: 1 }));
}
