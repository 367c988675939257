/** The past is shown without a snapshot of LevelDB, which may not be held while tables are merged. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { StateRoot, stateRootOver } from "../../../node/ledger/state-root.ts";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { FrozenState } from "../../../node/store/frozen-state.ts";
import { keys } from "../../../node/store/keys.ts";
import { PastRows } from "../../../node/store/past-rows.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import {
  BUCKETS,
  decodeStateEntry,
  encodeStateEntry,
  type StateEntry,
} from "../../../protocol/state-entry.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

const reserveOf = (member: number, amount: bigint): StateEntry => ({
  kind: "reserve",
  member,
  amount,
});

describe("the state as it was", () => {
  const temporaryFolder = temporaryFolders();
  let store: CheckedStore;

  beforeEach(async () => {
    store = await CheckedStore.open(join(await temporaryFolder(), "ledger"), { create: true });
  });
  afterEach(() => store.close());

  async function put(entry: StateEntry): Promise<Uint8Array> {
    const [key, value] = encodeStateEntry(entry);
    await store.write([{ key: keys.state(key), value }]);
    return key;
  }

  it("has the root and the entries of then, whatever has changed before they are read and since", async () => {
    const entry = reserveOf(1, 5n);
    const key = await put(entry);
    await put(reserveOf(3, 7n));
    const rows = new PastRows(store, null, () => undefined);
    await using past = new FrozenState(rows, new StateRoot(), Promise.resolve());
    const [, old] = encodeStateEntry(entry);
    rows.changing(keys.state(key), old);
    await put(reserveOf(1, 6n));
    assert.equal(await past.root(), stateRootOver([entry, reserveOf(3, 7n)]));

    rows.changing(keys.state(key), encodeStateEntry(reserveOf(1, 6n))[1]);
    await store.write([{ key: keys.state(key), value: null }]);
    const [added] = encodeStateEntry(reserveOf(2, 1n));
    rows.changing(keys.state(added), null);
    await put(reserveOf(2, 1n));
    const shown = await past.placeOf(key);
    assert.equal(shown?.value, `0x${Buffer.from(old).toString("hex")}`);
    assert.equal(await past.placeOf(added), undefined);
    const all = (await Array.fromAsync(rows.buckets(0, BUCKETS - 1))).flat();
    assert.deepEqual(
      all
        .map(([name, value]) => decodeStateEntry(name, value))
        .map(amountOf)
        .toSorted((a, b) => Number(a - b)),
      [5n, 7n],
    );
  });

  it("remembers what a root needs until it is worked out, and lets go only then", async () => {
    const entry = reserveOf(1, 5n);
    await put(entry);
    const left: PastRows[] = [];
    const rows = new PastRows(store, null, (past) => left.push(past));
    const verified = Promise.withResolvers<void>();
    const past = new FrozenState(rows, new StateRoot(), verified.promise);
    const disposed = past[Symbol.asyncDispose]();
    assert.deepEqual(left, []);
    changeTooMuch(rows, entry);
    await disposed;
    assert.deepEqual(left, [rows]);
    verified.resolve();
    assert.equal(await past.root(), stateRootOver([entry]));
  });

  it("says that it is not to be had once too much has changed, and not before", async () => {
    const entry = reserveOf(1, 5n);
    const key = await put(entry);
    const rows = new PastRows(store, null, () => undefined);
    await using past = new FrozenState(rows, new StateRoot(), Promise.resolve());
    await past.root();
    for (let i = 0; i < 500_000; i++) rows.changing(keys.state(windowKey(i)), null);
    assert.ok((await past.placeOf(key)) !== undefined);
    changeTooMuch(rows, entry);
    await assert.rejects(past.placeOf(key), (error) => isRefusal(error, "unavailable"));
  });
});

function amountOf(entry: StateEntry): bigint {
  assert.ok(entry.kind === "reserve");
  return entry.amount;
}

/** More often than is remembered of a past that is not read. */
function changeTooMuch(rows: PastRows, entry: StateEntry): void {
  const [key, value] = encodeStateEntry(entry);
  rows.changing(keys.state(key), value);
  for (let i = 0; i < 2500; i++) rows.changing(keys.state(key), new Uint8Array(30_000));
}

function windowKey(cycle: number): Uint8Array {
  const window = { delta: 0n, burns: 0n };
  return encodeStateEntry({ kind: "window", cycle, member: 1, window })[0];
}
