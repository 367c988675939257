/** The past is shown without a snapshot of LevelDB, which may not be held while tables are merged. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { StateRoot, stateRootOver } from "../../../node/ledger/state-root.ts";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { FrozenState } from "../../../node/store/frozen-state.ts";
import { keys } from "../../../node/store/keys.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { encodeStateEntry, type StateEntry } from "../../../protocol/state-entry.ts";
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

  it("lets go of its snapshot once the roots are worked out, and shows what has changed since", async () => {
    const entry = reserveOf(1, 5n);
    const key = await put(entry);
    const snapshot = store.snapshot();
    const past = new FrozenState(store, snapshot, new StateRoot(), Promise.resolve());
    assert.equal(await past.root(), stateRootOver([entry]));
    await assert.rejects(snapshot.get(keys.state(key)), /not open|closed/i);

    const [, old] = encodeStateEntry(entry);
    past.changing(keys.state(key), old);
    await put(reserveOf(1, 6n));
    past.changing(keys.state(key), encodeStateEntry(reserveOf(1, 6n))[1]);
    await store.write([{ key: keys.state(key), value: null }]);
    const [added] = encodeStateEntry(reserveOf(2, 1n));
    past.changing(keys.state(added), null);
    await put(reserveOf(2, 1n));
    const shown = await past.placeOf(key);
    assert.equal(shown?.value, `0x${Buffer.from(old).toString("hex")}`);
    assert.equal(await past.placeOf(added), undefined);
  });

  it("says that it is not to be had once too much has changed, and not before", async () => {
    const key = await put(reserveOf(1, 5n));
    const past = new FrozenState(store, store.snapshot(), new StateRoot(), Promise.resolve());
    for (let cycle = 0; cycle < 1 << 18; cycle++) {
      const [name] = encodeStateEntry({
        kind: "window",
        cycle,
        member: 1,
        window: { delta: 0n, burns: 0n },
      });
      past.changing(keys.state(name), null);
    }
    assert.ok((await past.placeOf(key)) !== undefined);
    past.changing(keys.state(key), null);
    await assert.rejects(past.placeOf(key), (error) => isRefusal(error, "unavailable"));
  });
});
