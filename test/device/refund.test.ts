/** Refunds: money that goes back the way it came, in an exchange of its own that names the payment. */
import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import { makeSealingKey } from "../../protocol/hpke.ts";
import { formatReference } from "../../protocol/reference.ts";
import { signRequest } from "../../protocol/request.ts";
import { collectRefund, payOver } from "../../device/exchange.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { memoryTransports } from "../../device/transport.ts";
import { keyOf, pay } from "../support/ledger-parts.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { bundleOf, forge, nonceOf, seal } from "./support/forger.ts";
import { refused } from "./support/refused.ts";
import { settle } from "./support/settle.ts";
import {
  DAY_MS,
  type Device,
  type DeviceOptions,
  exchange,
  networkId,
  randomOf,
  RECEIPT_LIFE_MS,
  total,
  World,
} from "./support/world.ts";

const refundOf = (of: Hex) => formatReference({ kind: "refund", of });

describe("a refund", () => {
  let world: World;
  let ada: Device;
  let shop: Device;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
    shop = await shopWith({});
  });

  function shopWith(options: Partial<DeviceOptions>): Promise<Device> {
    return world.device("shop", { member: 2, certificate: { class: "merchant" }, ...options });
  }

  const totals = () => [total(ada.purse), total(shop.purse)];

  /** What of a payment has gone back, as the two see it. */
  const givenBack = (id: Hex) =>
    [ada, shop].map(({ purse }) => purse.history().find((entry) => entry.id === id)!.givenBack);

  /** Message 2 of a broken element that pays a request with a coin of its own. */
  async function forgedPayment(name: string, member: number, request: Uint8Array, amount: bigint) {
    const signer = keyOf(name);
    const certificate = await world.certificate(name, { member });
    const coin = await world.ledger.coin(pay(signer, member, amount));
    const receipt = await world.receipt(coin.outpoint, coin.output);
    const outputs = [pay(ada.signer, 1, amount)];
    const nonce = nonceOf(request);
    const record = await forge({ signer, inputs: [coin.outpoint], outputs, nonce });
    return seal(request, bundleOf(record, [certificate], [receipt]));
  }

  /** A request that no honest purse makes. */
  async function forgedRequest(name: string, amount: bigint, reference: string) {
    const certificate = await world.certificate(name);
    const ephemeral = makeSealingKey(randomOf(`${name} asks`)).publicKey;
    const fields = { certificate, amount, ephemeral, versions: [], reference };
    return (await signRequest(networkId, fields, keyOf(name))).bytes;
  }

  it("brings a payment back whole, with both offline, and nets on the ledger [N-08]", async () => {
    const id = await exchange(ada, shop, 30n, "order 7");
    const [there, here] = memoryTransports();
    const [received] = await Promise.all([
      collectRefund(ada.purse, here, id, 30n),
      payOver(shop.purse, there),
    ]);
    expect(received.amount).to.equal(30n);
    expect(totals()).to.deep.equal([100n, 0n]);
    expect(givenBack(id)).to.deep.equal([30n, 30n]);
    await settle(world, shop, ada);
    expect(totals()).to.deep.equal([100n, 0n]);
  });

  it("brings parts back, offline twice in a row, out of what is left each time [N-08]", async () => {
    const id = await exchange(ada, shop, 60n);
    await exchange(shop, ada, 20n, refundOf(id));
    await exchange(shop, ada, 15n, refundOf(id));
    expect(totals()).to.deep.equal([75n, 25n]);
    expect(givenBack(id)).to.deep.equal([35n, 35n]);
    await settle(world, ada, shop);
    expect(totals()).to.deep.equal([75n, 25n]);
  });

  it("is paid with several coins, none of them the one that came in [N-08]", async () => {
    const id = await exchange(ada, shop, 90n);
    const ben = await world.device("Ben");
    await exchange(shop, ben, 90n);
    await settle(world, ben, shop, ada);
    await shop.purse.refresh({ receipts: await world.load(shop, [40n, 30n, 20n]) });
    await exchange(shop, ada, 85n, refundOf(id));
    expect(totals()).to.deep.equal([95n, 5n]);
    await settle(world, shop, ada);
  });

  it("comes after the money was settled, forgotten and spent on over several hops [N-08]", async () => {
    const id = await exchange(ada, shop, 60n);
    const [ben, cleo] = [await world.device("Ben"), await world.device("Cleo", { member: 2 })];
    await exchange(shop, ben, 60n);
    await exchange(ben, cleo, 60n);
    await settle(world, ada, shop, ben, cleo);
    world.pass(RECEIPT_LIFE_MS / 2);
    await settle(world, ada, shop);
    world.pass(RECEIPT_LIFE_MS / 2 + DAY_MS);
    await settle(world, ada, shop);
    await shop.purse.refresh({ receipts: await world.load(shop, [80n]) });
    await exchange(shop, ada, 60n, refundOf(id));
    await settle(world, ada, shop);
    expect(totals()).to.deep.equal([100n, 20n]);
  });

  it("is refused above what was paid, in one or in all, by both purses [N-08]", async () => {
    const id = await exchange(ada, shop, 30n);
    await refused("over-refund", ada.purse.request(31n, refundOf(id)));
    const late = await ada.purse.request(20n, refundOf(id));
    await exchange(shop, ada, 20n, refundOf(id));
    await refused("over-refund", ada.purse.request(11n, refundOf(id)));
    await refused("over-refund", shop.purse.pay(late));
    await exchange(shop, ada, 10n, refundOf(id));
    await refused("over-refund", ada.purse.request(1n, refundOf(id)));
    expect(totals()).to.deep.equal([100n, 0n]);
  });

  it("is returned above what was paid, if a broken shop pays it all the same [N-08]", async () => {
    const id = await exchange(ada, shop, 30n);
    const late = await ada.purse.request(20n, refundOf(id));
    await exchange(shop, ada, 20n, refundOf(id));
    const { confirmation, refusal } = await ada.purse.receive(
      await forgedPayment("shop", 2, late, 20n),
    );
    expect([confirmation.status, refusal?.code]).to.deep.equal(["returned", "over-refund"]);
    expect(total(ada.purse)).to.equal(90n);
    expect(givenBack(id)[0]).to.equal(20n);
  });

  it("is itself never refunded [N-08]", async () => {
    const id = await exchange(ada, shop, 30n);
    const refund = await exchange(shop, ada, 30n, refundOf(id));
    await refused("not-refundable", shop.purse.request(30n, refundOf(refund)));
    const forged = await forgedRequest("shop", 30n, refundOf(refund));
    await refused("not-refundable", ada.purse.pay(forged));
    expect(totals()).to.deep.equal([100n, 0n]);
  });

  it("is asked for by the device that paid alone, and paid to no other [N-08]", async () => {
    const id = await exchange(ada, shop, 30n);
    const ben = await world.device("Ben", { coins: [50n] });
    await refused("not-refundable", ben.purse.request(30n, refundOf(id)));
    await refused("not-refundable", shop.purse.request(30n, refundOf(id)));
    await refused("not-refundable", shop.purse.pay(await forgedRequest("Ben", 30n, refundOf(id))));
    const others = await exchange(ben, shop, 5n);
    await refused("not-refundable", ada.purse.request(5n, refundOf(others)));
    expect(totals()).to.deep.equal([70n, 35n]);
  });

  it("is paid by the device that was paid alone: another's money is returned [N-08]", async () => {
    const id = await exchange(ada, shop, 30n);
    const ben = await world.device("Ben", { coins: [50n] });
    const request = await ada.purse.request(30n, refundOf(id));
    await refused("not-refundable", ben.purse.pay(request));
    const { confirmation, refusal } = await ada.purse.receive(
      await forgedPayment("Ben", 1, request, 30n),
    );
    expect([confirmation.status, refusal?.code]).to.deep.equal(["returned", "not-refundable"]);
    expect(total(ada.purse)).to.equal(70n);
    expect(givenBack(id)).to.deep.equal([0n, 0n]);
  });

  it("counts for nothing when it is returned: the shop can refund again [N-08]", async () => {
    ada = await world.device("Ada's small purse", {
      coins: [50n],
      certificate: { maxBalance: 50n },
    });
    const id = await exchange(ada, shop, 30n);
    const request = await ada.purse.request(30n, refundOf(id));
    await ada.purse.refresh({ receipts: await world.load(ada, [10n]) });
    const { confirmation, refusal } = await ada.purse.receive(await shop.purse.pay(request));
    expect(refusal?.code).to.equal("over-balance-limit");
    expect(givenBack(id)).to.deep.equal([0n, 30n]);
    await shop.purse.confirm(confirmation.bytes);
    await shop.purse.confirm(confirmation.bytes);
    expect(givenBack(id)).to.deep.equal([0n, 0n]);
    await exchange(shop, ada, 20n, refundOf(id));
    await settle(world, shop, ada);
  });

  it("is refused for a payment that was returned, and for one that the ledger does not take", async () => {
    const request = await shop.purse.request(30n);
    const certificate = await world.certificate("shop", {
      member: 2,
      certificate: { class: "merchant", maxBalance: 20n },
    });
    await shop.purse.refresh({ certificate });
    const returned = await shop.purse.receive(await ada.purse.pay(request));
    await ada.purse.confirm(returned.confirmation.bytes);
    const { id: first } = returned.confirmation;
    await refused("not-refundable", ada.purse.request(30n, refundOf(first)));
    await refused(
      "not-refundable",
      shop.purse.pay(await forgedRequest("Ada", 30n, refundOf(first))),
    );
    const id = await exchange(ada, shop, 10n);
    const asked = await ada.purse.request(10n, refundOf(id));
    const reason = { code: "spent", text: "another record took the coin" } as const;
    await shop.purse.noted({ state: "refused", id, reason });
    await refused("not-refundable", shop.purse.pay(asked));
  });

  it("gives back as it came what may not be spent otherwise before a sync; a part waits for it [N-08, R-066]", async () => {
    shop = await world.device("frozen shop", { member: 2, certificate: { maxDepth: 0 } });
    const [whole, part] = [await exchange(ada, shop, 30n), await exchange(ada, shop, 20n)];
    await refused("over-depth-limit", shop.purse.pay(await ada.purse.request(10n, refundOf(part))));
    await exchange(shop, ada, 30n, refundOf(whole));
    expect(totals()).to.deep.equal([80n, 20n]);
    await settle(world, shop, ada);
    await exchange(shop, ada, 10n, refundOf(part));
    await settle(world, shop, ada);
    expect(totals()).to.deep.equal([90n, 10n]);
  });

  it("is all that a till pays: nobody else is paid by one, whatever its element does", async () => {
    const certificate = { class: "terminal", label: "Till 3" } as const;
    const till = await world.device("till", { member: 2, certificate });
    const id = await exchange(ada, till, 30n);
    const plain = await ada.purse.request(30n, "order 7");
    await refused("refunds-only", till.purse.pay(plain));
    const outputs = [pay(ada.signer, 1, 30n)];
    const [coin] = await world.load(till, [30n]);
    const nonce = nonceOf(plain);
    const record = await forge({ signer: till.signer, inputs: [coin!.outpoint], outputs, nonce });
    const shown = await world.certificate("till", { member: 2, certificate });
    await refused(
      "refunds-only",
      ada.purse.receive(await seal(plain, bundleOf(record, [shown], [coin!]))),
    );
    await exchange(till, ada, 10n, refundOf(id));
    expect(total(till.purse)).to.equal(20n);
  });

  it("is not asked for, and not paid, by a reference that has only the look of one", async () => {
    const id = await exchange(ada, shop, 30n);
    const torn = refundOf(id).slice(0, -1);
    await refused("malformed", ada.purse.request(30n, torn));
    await refused("malformed", shop.purse.pay(await forgedRequest("Ada", 30n, torn)));
  });

  it("loses and doubles nothing when either side is cut off at any write [N-07, N-08]", async () => {
    for (const side of ["Ada", "shop"] as const) {
      for (let at = 1, isReached = true; isReached; at++) {
        for (const isKept of [false, true]) isReached = await tornRefund(side, at, isKept);
      }
    }
  });

  /** @returns whether the cut was reached. */
  async function tornRefund(side: "Ada" | "shop", at: number, isKept: boolean): Promise<boolean> {
    world = new World();
    const stores = {
      Ada: new CutStore(new MemoryPurseStore()),
      shop: new CutStore(new MemoryPurseStore()),
    };
    ada = await world.device("Ada", { coins: [100n], store: stores.Ada });
    shop = await shopWith({ store: stores.shop });
    const id = await exchange(ada, shop, 30n);
    const store = stores[side];
    store.cut = { at: store.writes + at, isKept };
    const messages: Uint8Array[] = [];
    const run = async () => {
      messages[0] ??= await ada.purse.request(20n, refundOf(id));
      messages[1] = await shop.purse.pay(messages[0]);
      messages[2] = (await ada.purse.receive(messages[1])).confirmation.bytes;
      await shop.purse.confirm(messages[2]);
    };
    const isReached = await run().then(
      () => false,
      (error) => {
        if (!isCut(error)) throw error;
        return true;
      },
    );
    store.cut = undefined;
    for (const device of [ada, shop]) await world.reopen(device);
    await run();
    expect(givenBack(id)).to.deep.equal([20n, 20n]);
    expect(totals()).to.deep.equal([90n, 10n]);
    await settle(world, shop, ada);
    return isReached;
  }
});
