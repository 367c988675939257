/** What is reclaimed becomes the customer's once, of one amount, wherever the gateway dies. */
import { expect } from "chai";
import { EmbeddedAccounts } from "../../gateway/embedded-accounts.ts";
import { keys } from "../../gateway/keys.ts";
import { creditedOf, type Reclaim, Reclaims, type ReclaimsParts } from "../../gateway/reclaims.ts";
import { encodeRow } from "../../gateway/row.ts";
import type { Store } from "../../gateway/store.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { Outpoint } from "../../protocol/output.ts";
import { keyOf } from "../support/ledger-parts.ts";
import { BrokenStore, Cut } from "./support/broken-store.ts";
import { testStores } from "./support/stores.ts";

const owner = ownerOf(keyOf("a lost phone").publicKey);
const id = `0x${"11".repeat(32)}` as Hex;
const coins = [0, 1].map((index) => `${id}0${index}` as Outpoint);
const applied: Reclaim = {
  state: "applied",
  id,
  leaf: `0x${"22".repeat(32)}`,
  coins: coins.map((outpoint) => ({ outpoint, amount: "40" })),
  settled: 1_000,
  proven: [],
  credited: [],
};

describe("reclaimed coins", () => {
  const openStore = testStores();

  for (const written of [true, false]) {
    it(`are credited once where another claim to one is dropped while the gateway is away, its last write ${written ? "written" : "lost"} [N-13]`, async () => {
      for (let at = 1; at <= 2; at++) {
        const [store, books] = [await openStore(), await openStore()];
        const accounts = await EmbeddedAccounts.open(books, Date.now);
        for (const account of ["anna", "recoveries"]) await accounts.openAccount(account, account);
        await accounts.credit("recoveries", 80n, "reclaim");
        await store.write([{ key: keys.reclaim(owner, id), value: encodeRow(applied) }]);
        const claim = { winnerKind: "reclaim", stage: "reportable", outpoint: coins[0] };
        const open = (on: Store, conflicts: readonly object[]) =>
          Reclaims.open({
            store: on,
            accounts,
            recoveries: "recoveries",
            node: { conflicts: async () => conflicts },
            claimPeriodMs: () => 0,
            clock: () => 2_000,
          } as unknown as ReclaimsParts);
        const dying = await open(new BrokenStore(store, { at, written }), [claim]);
        await dying.credit(owner, "anna").catch((error: unknown) => {
          expect(error).to.be.an.instanceOf(Cut);
          expect(creditedOf(dying.of(owner)[0]!)).to.equal(0n);
        });
        const next = await open(store, []);
        await next.credit(owner, "anna");
        const [row] = next.of(owner);
        expect(row!.state).to.equal("credited");
        const { available } = await accounts.balance("anna");
        expect(available).to.equal(creditedOf(row!)).and.to.be.above(0n);
      }
    });
  }
});
