/** The state at the end of the last settled cycle, shown entry by entry while the ledger goes on. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type SettledEntry, SettledState } from "../../../node/checkpoints/settled-state.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { hashLeaf, isIncluded } from "../../../protocol/merkle.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { BUCKETS, bucketOf, decodeStateEntry, stateLeaf } from "../../../protocol/state-entry.ts";
import { stateRootOver } from "../../../node/ledger/state-root.ts";
import { TestLedger } from "../../support/ledger.ts";
import { pay, spend } from "../../support/ledger-parts.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { StoredLedger } from "../store/stored-ledger.ts";

describe("the state at the last settlement", () => {
  const temporaryFolder = temporaryFolders();

  /** Takes what `source` has taken since the last call, and tells it on as a node does. */
  async function follow(ledger: StoredLedger, settled: SettledState, source: TestLedger) {
    for (const entry of source.log.slice(ledger.state.seq)) {
      await ledger.take(entry);
      const { event } = entry;
      settled.folded({ placed: { event, place: ledger.store.place! } });
    }
  }

  function isUnder({ entry: { key, value, place } }: SettledEntry, stateRoot: Hex): boolean {
    const [name, root] = [fromHex(key), fromHex(place.bucketRoot)];
    const bytes = (path: readonly Hex[]) => path.map((hash) => fromHex(hash));
    const leaf = stateLeaf(name, fromHex(value));
    return (
      isIncluded(leaf, place.index, place.count, bytes(place.path), root) &&
      isIncluded(
        hashLeaf(root),
        bucketOf(name),
        BUCKETS,
        bytes(place.bucketPath),
        fromHex(stateRoot),
      )
    );
  }

  async function refuses(code: RefusalCode, work: Promise<unknown>): Promise<void> {
    await assert.rejects(work, (error) => isRefusal(error, code));
  }

  it("shows a coin under the root of that cycle's end, though it was spent since, until the next settles [N-11, R-087]", async () => {
    const source = new TestLedger(1, 2);
    const ann = await source.enrol("ann", 1);
    const coin = await source.coin(pay(ann, 1, 5n));
    source.closeCycle();
    const stateRoot = stateRootOver(source.state.entries());

    const folder = join(await temporaryFolder(), "ledger");
    await using ledger = await StoredLedger.open(folder, { create: true });
    await using settled = new SettledState(ledger.store);
    await follow(ledger, settled, source);
    await refuses("unavailable", settled.coin(coin.outpoint));
    const next = await spend({ signer: ann, inputs: [coin], outputs: [pay(ann, 1, 5n)] });
    source.apply(next);
    source.settle();
    await follow(ledger, settled, source);

    const shown = await settled.coin(coin.outpoint);
    assert.equal(shown.cycle, 1);
    assert.ok(isUnder(shown, stateRoot));
    const { key, value } = shown.entry;
    assert.deepEqual(decodeStateEntry(fromHex(key), fromHex(value)), { kind: "coin", ...coin });
    assert.ok(isUnder(await settled.member(2), stateRoot));
    await refuses("unknown-member", settled.member(3));

    source.closeCycle();
    source.settle();
    // Whoever reads while it is let go of has its answer.
    const reading = settled.coin(coin.outpoint);
    await follow(ledger, settled, source);
    assert.ok(isUnder(await reading, stateRoot));
    await refuses("not-found", settled.coin(coin.outpoint));
  });

  it("shows nothing from before its start, and goes on with the next settlement", async () => {
    const source = new TestLedger(1);
    const coin = source.deposit(1, 7n);
    source.closeCycle();
    source.settle();
    const folder = join(await temporaryFolder(), "ledger");
    await using ledger = await StoredLedger.open(folder, { create: true });
    await ledger.follow(source.log);
    await using settled = new SettledState(ledger.store);
    await refuses("unavailable", settled.coin(coin.outpoint));
    source.closeCycle();
    source.settle();
    await follow(ledger, settled, source);
    assert.equal((await settled.coin(coin.outpoint)).cycle, 2);
  });
});
