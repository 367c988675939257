/** The rows of the state that one event changes: what the state root covers, key by key. */
import type { Hex } from "../../protocol/bytes.ts";
import { OUTPUT_LENGTH } from "../../protocol/output.ts";
import { stateKey, stateValue } from "../../protocol/state-entry.ts";
import type { Change } from "../ledger/change.ts";
import { type LedgerState, splitRowName } from "../ledger/state.ts";
import { bucketOfKey, coinKeysOf, keys } from "./keys.ts";
import { nearOrder } from "./near-order.ts";

/** A row by its key in the store, and what it holds before and after; `null` for nothing. Good until the next. */
export type StateRow = {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly old: Uint8Array | null;
};

/** Values of coins lie in memory that is used again: there are four for each payment. */
const coinNow = new Uint8Array(OUTPUT_LENGTH);
const coinBefore = new Uint8Array(OUTPUT_LENGTH);

/** One after the other, so that nobody need hold them all. @param state as it was before the change. */
export function* stateRowsOf(change: Change, state: LedgerState): Generator<StateRow> {
  const coins = [...change.coins];
  const keyOf = coinKeysOf(coins.map(([outpoint]) => outpoint));
  for (const i of nearOrder(coins.length, (coin) => bucketOfKey(keyOf(coin)))) {
    const [outpoint, output] = coins[i]!;
    if (output !== null) {
      yield { key: keyOf(i), value: stateValue.coin(output, coinNow), old: null };
      continue;
    }
    const before = change.taken.get(outpoint);
    // A coin that was made and taken by the same event was never there.
    if (before === undefined) continue;
    yield { key: keyOf(i), value: null, old: stateValue.coin(before, coinBefore) };
  }
  yield* fewRowsOf(change, state);
}

/** All but coins. */
function fewRowsOf(change: Change, state: LedgerState): StateRow[] {
  const rows: StateRow[] = [];
  function add<T>(
    key: Uint8Array,
    now: T | null,
    before: T | undefined,
    encode: (value: T) => Uint8Array,
  ): void {
    if (now === null && before === undefined) return;
    const value = now === null ? null : encode(now);
    rows.push({ key: keys.state(key), value, old: before === undefined ? null : encode(before) });
  }
  for (const [outpoint, timeS] of change.restituted) {
    add(stateKey.restituted(outpoint), timeS, state.restitutedAtS(outpoint), stateValue.time);
  }
  for (const [owner, member] of change.enrolled) {
    add(stateKey.enrolled(owner), member, state.custodianOf(owner), stateValue.enrolled);
  }
  for (const [name, timeS] of change.revoked) {
    const [member, owner] = splitRowName(name);
    const key = stateKey.revoked(member, owner as Hex);
    add(key, timeS, state.revokedAtS(member, owner as Hex), stateValue.time);
  }
  for (const [id, member] of change.members) {
    add(stateKey.member(id), member, state.member(id), stateValue.member);
  }
  for (const [name, window] of change.windows) {
    const [cycle, member] = splitRowName(name);
    const before = state.window(cycle, Number(member));
    const held = before.delta === 0n && before.burns === 0n ? undefined : before;
    add(stateKey.window(cycle, Number(member)), window, held, stateValue.window);
  }
  for (const [member, amount] of change.reserves) {
    const before = state.member(member) === undefined ? undefined : state.reserveOf(member);
    add(stateKey.reserve(member), amount, before, stateValue.reserve);
  }
  if (change.parameters !== state.parameters) {
    const before = state.seq === 0 ? undefined : state.parameters;
    add(stateKey.parameters(), change.parameters, before, stateValue.parameters);
  }
  return rows;
}
