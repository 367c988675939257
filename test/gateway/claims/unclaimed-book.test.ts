import { expect } from "chai";
import { UnclaimedBook, type UnclaimedCoin } from "../../../gateway/claims/unclaimed-book.ts";
import type { Owner } from "../../../protocol/key.ts";
import type { Outpoint } from "../../../protocol/output.ts";
import { testStores } from "../support/stores.ts";

describe("the book of money that nobody claims", () => {
  const openStore = testStores();

  it("has an owner revoked while one of its coins goes back, whatever others lock to the same", async () => {
    const store = await openStore();
    const events = {
      write: (_: unknown, changes: Parameters<typeof store.write>[0]) => store.write(changes),
    };
    const open = () => UnclaimedBook.open({ store, events });
    const owner = `0x${"01".repeat(20)}` as Owner;
    const coin = (byte: string, fields: Partial<UnclaimedCoin>): UnclaimedCoin => ({
      owner,
      outpoint: `0x${byte.repeat(34)}` as Outpoint,
      amount: "5",
      found: 1,
      state: "waiting",
      ...fields,
    });
    const book = await open();
    await book.save(coin("02", { state: "expired", expired: 7 }));
    await book.save(coin("03", {}));
    expect([...book.expired]).to.deep.equal([[owner, 7]]);
    await book.forget(coin("03", {}));
    await book.save(coin("04", {}));
    expect([...(await open()).expired]).to.deep.equal([[owner, 7]]);
    await book.forget(coin("02", {}));
    expect(book.expired.size).to.equal(0);
  });
});
