/** What is asked of the stored ledger while events go on is of one moment. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stateRootOver } from "../../../node/ledger/state-root.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { fullLedger } from "../../support/full-ledger.ts";
import type { LogEntry } from "../../support/ledger.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { StoredLedger } from "./stored-ledger.ts";

describe("the stored ledger", () => {
  const temporaryFolder = temporaryFolders();

  it("is scanned as it stood at one moment, while events go on", async () => {
    const source = await fullLedger();
    const folder = join(await temporaryFolder(), "ledger");
    await using ledger = await StoredLedger.open(folder, { create: true });
    const roots = new Map<number, Hex>();
    const take = async (entry: LogEntry) => {
      await ledger.take(entry);
      roots.set(ledger.state.seq, stateRootOver(ledger.state.entries()));
    };
    const [first, ...others] = source.log;
    await take(first!);
    let isFollowed = false;
    const followed = (async () => {
      for (const entry of others) await take(entry);
    })().finally(() => (isFollowed = true));
    const seen = new Set<number>();
    while (!isFollowed) {
      const { accounts, entries } = await ledger.store.scan();
      // The event that it stands after may have been stored a moment ago, and be folded in this turn.
      await new Promise(setImmediate);
      assert.equal(stateRootOver(entries), roots.get(accounts.seq), `after event ${accounts.seq}`);
      seen.add(accounts.seq);
    }
    await followed;
    assert.ok(seen.size > 1);
  });
});
