/** A change is worked out apart from the state, and what is kept of it is all there is of it. */
import assert from "node:assert/strict";
import { fold } from "../../../node/ledger/fold.ts";
import type { LedgerEvent } from "../../../node/ledger/event.ts";
import { checkIdentities } from "../../../node/ledger/identities.ts";
import { LedgerState } from "../../../node/ledger/state.ts";
import { stateRootOver } from "../../../node/ledger/state-root.ts";
import { contentOf, fullLedger } from "../../support/full-ledger.ts";
import { context, MemoryHistory, reload } from "../../support/ledger.ts";

describe("a change of the ledger", () => {
  it("leaves the state as it was until it is committed", async () => {
    const ledger = await fullLedger();
    const before = contentOf(ledger.state);
    const event: LedgerEvent = {
      kind: "deposited",
      member: 1,
      amount: 5n,
      seq: ledger.state.seq + 1,
    };
    const change = fold(context, ledger.state, event, [], ledger.history);
    checkIdentities(change);
    assert.deepEqual(contentOf(ledger.state), before);
    ledger.state.commit(change);
    assert.equal(ledger.state.reserveOf(1) - change.reserveOf(1), 0n);
    assert.notDeepEqual(contentOf(ledger.state), before);
  });

  it("leaves in memory what a node reads back from its entries: same root, same accounts, same future", async () => {
    const ledger = await fullLedger();
    const kinds = new Set([...ledger.state.entries()].map(({ kind }) => kind));
    assert.equal(kinds.size, 8, "every kind of entry stands");
    const loaded = reload(ledger.state);
    checkIdentities(loaded);
    assert.deepEqual(contentOf(loaded), contentOf(ledger.state));
    assert.equal(stateRootOver(loaded.entries()), stateRootOver(ledger.state.entries()));
    ledger.settle();
    const { event } = ledger.log.at(-1)!;
    loaded.commit(fold(context, loaded, event, [], ledger.history));
    assert.deepEqual(contentOf(loaded), contentOf(ledger.state));
  });

  it("is the same on every node that folds the log, whatever the seed of its table", async () => {
    const ledger = await fullLedger();
    const replayed = new LedgerState(12345);
    const history = new MemoryHistory();
    for (const { event, leaves } of ledger.log) {
      const change = fold(context, replayed, event, leaves, history);
      replayed.commit(change);
      history.note(change);
    }
    assert.deepEqual(contentOf(replayed), contentOf(ledger.state));
  });
});
