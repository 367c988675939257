/** What the state does not need, and those who ask do: what applied where, who took which coin, why not. */
import { fromHex, type Hex, Reader, toHex, utf8, Writer } from "../../protocol/bytes.ts";
import { encodeDeposit } from "../../protocol/deposit.ts";
import { type Outpoint, type Output, splitOutpoint } from "../../protocol/output.ts";
import type { Change as LedgerChange } from "../ledger/change.ts";
import type { ChainPlace, LedgerEvent, PlacedEvent } from "../ledger/event.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Change } from "../service/checked-store.ts";
import { keys } from "./keys.ts";
import { headOf, nearOrder } from "./near-order.ts";

const ID_LENGTH = 32;
/** seq u64 | cycle u64 | leaf hash | index u16. */
const APPLIED_LENGTH = 8 + 8 + 32 + 2;

/** Where a record or an enrolment applied. */
export type AppliedRow = {
  readonly seq: number;
  readonly cycle: number;
  readonly leafHash: Hex;
  /** Of the leaf in its batch. */
  readonly index: number;
};

/** Why a record or an enrolment did not apply when it was last sequenced. */
export type OutcomeRow = { readonly seq: number; readonly code: string; readonly detail: string };

/** An event as it was folded, for those who ask later. */
export type EventRow = {
  readonly seq: number;
  readonly kind: string;
  readonly place: ChainPlace;
  /** Who put the batch forward, and its root, if it was one. */
  readonly member?: number;
  readonly root?: Hex;
  /** The cycle that was closed or settled, if one was. */
  readonly cycle?: number;
  /** The coin that exists once more, and the record that may take it, if one was restituted. */
  readonly restituted?: { readonly outpoint: Hex; readonly loser: Hex };
  /** The coin that the event made by itself: of a deposit or an award. */
  readonly made?: Outpoint;
  /** The cycle that was open before it. */
  readonly openCycle: number;
  /** Leaves of the batch that did not apply. */
  readonly refused: readonly { readonly leafHash: Hex; readonly id?: Hex; readonly code: string }[];
};

/** What a payment has three of lies in memory that is used again. */
const appliedValue = new Uint8Array(APPLIED_LENGTH);
const takenValue = new Uint8Array(ID_LENGTH);

/**
 * The rows that tell what an event did, one after the other, each good until the next, so that nobody need hold
 * them all. @param state as it was before.
 */
export function* historyRowsOf(
  change: LedgerChange,
  placed: PlacedEvent,
  state: LedgerState,
): Generator<Change> {
  const cycle = state.parameters.openCycle;
  const { outcomes } = change;
  const nameOf = (i: number) => outcomes[i]!.id ?? outcomes[i]!.leafHash;
  for (const index of nearOrder(outcomes.length, (i) => headOf(nameOf(i)))) {
    const { id, leafHash, code, detail } = outcomes[index]!;
    if (code === "applied" && id !== undefined) {
      const value = encodeApplied({ seq: change.seq, cycle, leafHash, index });
      // A record that applies again, through a replacement, keeps its latest place.
      if (change.isRepeated(id)) yield { key: keys.applied(id), value };
      else yield { key: keys.applied(id), value, old: null };
    } else {
      const value = encodeOutcome({ seq: change.seq, code, detail });
      yield { key: keys.outcome(nameOf(index)), value };
    }
  }
  const spenders = [...change.spenders];
  for (const i of nearOrder(spenders.length, (spent) => headOf(spenders[spent]![0]))) {
    const [outpoint, id] = spenders[i]!;
    const value = new Writer(takenValue).hex(id, ID_LENGTH).done();
    yield { key: keys.taken(outpoint), value, old: null };
  }
  for (const [owner, id] of change.enrolments) {
    yield { key: keys.enrolment(owner), value: fromHex(id), old: null };
  }
  if (change.applied.length > 0) {
    const ids = new Writer(32 * change.applied.length);
    for (const id of change.applied) ids.hex(id, 32);
    yield { key: keys.order(cycle, change.seq), value: ids.done(), old: null };
  }
  const made = coinMadeBy(placed.event, change);
  if (made !== undefined) {
    // No record made the coin: what names it is kept for those who must show where it came from.
    const [outpoint, output] = made;
    const value = encodeDeposit({ seq: change.seq, output });
    yield { key: keys.deposit(splitOutpoint(outpoint).id), value, old: null };
  }
  yield { key: keys.event(change.seq), value: encodeEvent(placed, change, state), old: null };
}

function coinMadeBy(
  { kind }: LedgerEvent,
  { coins }: LedgerChange,
): [Outpoint, Output] | undefined {
  if (kind !== "deposited" && kind !== "awarded") return undefined;
  const [[outpoint, output] = []] = coins;
  return outpoint === undefined || output == null ? undefined : [outpoint, output];
}

/** Good until the next call. */
function encodeApplied({ seq, cycle, leafHash, index }: AppliedRow): Uint8Array {
  return new Writer(appliedValue).safe(seq).safe(cycle).hex(leafHash, 32).u16(index).done();
}

export function decodeApplied(bytes: Uint8Array): AppliedRow {
  const reader = new Reader(bytes);
  const seq = reader.safe("seq");
  const cycle = reader.safe("cycle");
  const leafHash = toHex(reader.take(32, "leafHash"));
  return { seq, cycle, leafHash, index: reader.u16("index") };
}

function encodeOutcome({ seq, code, detail }: OutcomeRow): Uint8Array {
  const text = utf8.encode(detail).subarray(0, 1024);
  return new Writer(64).safe(seq).short(utf8.encode(code)).long(text).done();
}

export function decodeOutcome(bytes: Uint8Array): OutcomeRow {
  const reader = new Reader(bytes);
  const seq = reader.safe("seq");
  const code = utf8.decode(reader.short(255, "code"), "code");
  return { seq, code, detail: utf8.decode(reader.long(1024, "detail"), "detail") };
}

function encodeEvent(
  { event, place }: PlacedEvent,
  change: LedgerChange,
  state: LedgerState,
): Uint8Array {
  const made = coinMadeBy(event, change)?.[0];
  const row: EventRow = {
    seq: event.seq,
    kind: event.kind,
    place,
    ...("member" in event ? { member: event.member } : {}),
    ...("root" in event ? { root: toHex(event.root) } : {}),
    ...("cycle" in event ? { cycle: event.cycle } : {}),
    ...(event.kind === "restituted"
      ? { restituted: { outpoint: toHex(event.outpoint), loser: toHex(event.loser) } }
      : {}),
    ...(made === undefined ? {} : { made }),
    openCycle: state.parameters.openCycle,
    refused: change.outcomes
      .filter(({ code }) => code !== "applied")
      .map(({ leafHash, id, code }) => ({ leafHash, ...(id === undefined ? {} : { id }), code })),
  };
  return utf8.encode(JSON.stringify(row));
}

export function decodeEvent(bytes: Uint8Array): EventRow {
  return JSON.parse(utf8.decode(bytes, "event")) as EventRow;
}

export function splitIds(bytes: Uint8Array): Hex[] {
  return Array.from({ length: bytes.length / 32 }, (_, i) =>
    toHex(bytes.subarray(32 * i, 32 * i + 32)),
  );
}
