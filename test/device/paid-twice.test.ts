/** A request is open to one payment: what comes a second time goes back, and nobody loses by it. */
import { expect } from "chai";
import { decodeRecord, encodeRecord } from "../../protocol/record.ts";
import { bundleOf, seal } from "./support/forger.ts";
import { refused } from "./support/refused.ts";
import { settle } from "./support/settle.ts";
import { type Device, total, World } from "./support/world.ts";

describe("a request", () => {
  let world: World;
  let [ada, ben, shop] = [] as unknown as [Device, Device, Device];

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
    ben = await world.device("Ben", { coins: [100n] });
    shop = await world.device("shop", { member: 2 });
  });

  const totals = () => [ada, ben, shop].map(({ purse }) => total(purse));

  it("is open to one payment: a second payer is told so, and gets the money back at once [R-110]", async () => {
    const request = await shop.purse.request(30n, "order 7");
    const [first, second] = [await ada.purse.pay(request), await ben.purse.pay(request)];
    const taken = await shop.purse.receive(first);
    const { confirmation, refusal, amount } = await shop.purse.receive(second);
    expect([confirmation.status, refusal?.code, amount]).to.deep.equal([
      "returned",
      "already-paid",
      30n,
    ]);
    await ada.purse.confirm(taken.confirmation.bytes);
    await ben.purse.confirm(confirmation.bytes);
    expect(totals()).to.deep.equal([70n, 100n, 30n]);
    await settle(world, shop, ada, ben);
    expect(totals()).to.deep.equal([70n, 100n, 30n]);
  });

  for (const first of ["Ben", "shop"] as const) {
    it(`gives the second payer the money back by sync, where the answer is lost and the ${first} syncs first [N-07]`, async () => {
      const request = await shop.purse.request(30n);
      await shop.purse.receive(await ada.purse.pay(request));
      await shop.purse.receive(await ben.purse.pay(request));
      await settle(world, ...(first === "Ben" ? [ben, shop, ada] : [shop, ben, ada]));
      expect(totals()).to.deep.equal([70n, 100n, 30n]);
    });
  }

  it("is answered the same when it is opened again in between, and when its payments come again", async () => {
    const request = await shop.purse.request(30n);
    const [first, second] = [await ada.purse.pay(request), await ben.purse.pay(request)];
    const answers = [await shop.purse.receive(first), await shop.purse.receive(second)];
    await world.reopen(shop);
    for (const [i, message] of [first, second].entries()) {
      const { confirmation, amount } = await shop.purse.receive(message);
      expect(confirmation.bytes).to.deep.equal(answers[i]!.confirmation.bytes);
      expect(amount).to.equal(0n);
    }
    expect(total(shop.purse)).to.equal(30n);
  });

  it("does not take as new money what it returned, when it is sealed into another message", async () => {
    const request = await shop.purse.request(30n);
    await shop.purse.receive(await ada.purse.pay(request));
    const returned = await shop.purse.receive(await ben.purse.pay(request));
    const { record } = ben.purse.pending()[0]!;
    const receipts = (await world.receiptsOf(ben.owner)).filter(({ outpoint }) =>
      record.inputs.includes(outpoint),
    );
    const copy = decodeRecord(encodeRecord(record));
    const bundle = bundleOf(copy, [ben.purse.identity().certificate!], receipts);
    const { confirmation, amount } = await shop.purse.receive(await seal(request, bundle));
    expect(confirmation.bytes).to.deep.equal(returned.confirmation.bytes);
    expect(amount).to.equal(0n);
    expect(total(shop.purse)).to.equal(30n);
  });

  it("is kept with fifteen others that were paid: what comes after that is not touched", async () => {
    const request = await shop.purse.request(1n);
    await shop.purse.receive(await ada.purse.pay(request));
    const late = await ben.purse.pay(request);
    await settle(world, ada, shop);
    await ada.purse.refresh({ receipts: await world.load(ada, Array(16).fill(1n)) });
    for (let i = 0; i < 16; i++) {
      await shop.purse.receive(await ada.purse.pay(await shop.purse.request(1n)));
    }
    await refused("not-for-us", shop.purse.receive(late));
    // The ledger decides: it was a payment, and the shop has it after all.
    await settle(world, ben, ada, shop);
    expect(totals()).to.deep.equal([99n, 99n, 18n]);
  });
});
