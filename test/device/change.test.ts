/** A payer who holds only a coin that is larger than the price: the payee gives change. */
import { expect } from "chai";
import { formatReference } from "../../protocol/reference.ts";
import { collectGivingChange, payOver, payTakingChange } from "../../device/exchange.ts";
import { memoryTransports, type Transport } from "../../device/transport.ts";
import { refused } from "./support/refused.ts";
import { settle } from "./support/settle.ts";
import { type Device, exchange, total, World } from "./support/world.ts";

const SALE = { price: 7n, tendered: 100n, text: "two coffees" };
const PROMISE = formatReference({ kind: "price", price: 7n, text: "two coffees" });

describe("change", () => {
  let world: World;
  let ada: Device;
  let shop: Device;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
    shop = await world.device("shop", { member: 2, coins: [50n, 40n, 20n, 3n] });
  });

  const totals = () => [total(ada.purse), total(shop.purse)];
  const large = () => ada.purse.coins().map(({ outpoint }) => outpoint);

  it("is an output of the payer's own record, wherever a coin can be split [R-051]", async () => {
    await exchange(ada, shop, 7n);
    expect(ada.purse.coins().map(({ amount, state }) => [amount, state])).to.deep.equal([
      [100n, "committed"],
      [93n, "free"],
    ]);
  });

  for (const first of ["Ada", "shop"] as const) {
    it(`is given with the payee's coins: 7 from a 100, and all nets when the ${first} syncs first [N-09, R-051]`, async () => {
      const [there, here] = memoryTransports();
      const [sold, change] = await Promise.all([
        collectGivingChange(shop.purse, here, SALE),
        payTakingChange(ada.purse, there, large()),
      ]);
      expect([sold.amount, change?.amount]).to.deep.equal([100n, 93n]);
      expect(totals()).to.deep.equal([93n, 120n]);
      // The large coin was given whole.
      const { record } = ada.purse.pending().find(({ role }) => role === "paid")!;
      expect(record.outputs.map(({ amount }) => amount)).to.deep.equal([100n]);
      await settle(world, ...(first === "Ada" ? [ada, shop] : [shop, ada]));
      expect(totals()).to.deep.equal([93n, 120n]);
    });
  }

  it("counts with refunds: what goes back in all is never more than was tendered [N-08, N-09]", async () => {
    const id = await exchange(ada, shop, 100n, PROMISE);
    await exchange(shop, ada, 93n, formatReference({ kind: "change", of: id }));
    const refund = formatReference({ kind: "refund", of: id });
    await refused("over-refund", ada.purse.request(8n, refund));
    await exchange(shop, ada, 7n, refund);
    expect(totals()).to.deep.equal([100n, 113n]);
    await settle(world, shop, ada);
  });

  it("is given once, all of it, and only where it was promised [N-09]", async () => {
    const id = await exchange(
      ada,
      shop,
      90n,
      formatReference({ kind: "price", price: 60n, text: "" }),
    );
    const change = formatReference({ kind: "change", of: id });
    await refused("wrong-amount", ada.purse.request(29n, change));
    const twice = await ada.purse.request(30n, change);
    await exchange(shop, ada, 30n, change);
    await refused("over-refund", ada.purse.request(30n, change));
    await refused("over-refund", shop.purse.pay(twice));
    const plain = await exchange(ada, shop, 10n);
    const none = formatReference({ kind: "change", of: plain });
    await refused("not-refundable", ada.purse.request(3n, none));
    expect(totals()).to.deep.equal([30n, 183n]);
  });

  it("is not promised where there is none: what is asked for is more than the price", async () => {
    await refused("wrong-amount", shop.purse.request(7n, PROMISE));
    const [there, here] = memoryTransports();
    await here.send(await shop.purse.request(7n, "two coffees"));
    await refused("not-refundable", payTakingChange(ada.purse, there));
    expect(total(ada.purse)).to.equal(100n);
  });

  it("is not given to a payer who asks for something else in its place", async () => {
    const [there, here] = memoryTransports();
    const sold = collectGivingChange(shop.purse, here, SALE);
    await payOver(ada.purse, there, large());
    await there.send(await ada.purse.request(93n, "my change"));
    await refused("not-for-us", sold);
    expect(totals()).to.deep.equal([0n, 213n]);
  });

  it("is not asked for where the payment was returned", async () => {
    shop = await world.device("full shop", {
      member: 2,
      coins: [95n],
      certificate: { maxBalance: 200n },
    });
    const [there, here] = memoryTransports();
    const sold = collectGivingChange(shop.purse, here, SALE);
    const slow: Transport = {
      send: (message) => there.send(message),
      async receive() {
        const message = await there.receive();
        await shop.purse.refresh({ receipts: await world.load(shop, [10n]) });
        return message;
      },
    };
    expect(await payTakingChange(ada.purse, slow)).to.equal(undefined);
    expect((await sold).refusal?.code).to.equal("over-balance-limit");
    expect(total(ada.purse)).to.equal(100n);
  });
});
