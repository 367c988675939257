/** The limits of a certificate, and time: what a purse itself refuses to do. */
import { expect } from "chai";
import { collect, payOver } from "../../device/exchange.ts";
import { memoryTransports } from "../../device/transport.ts";
import { pay } from "../support/ledger-parts.ts";
import { refused } from "./support/refused.ts";
import { DAY_MS, exchange, RECEIPT_LIFE_MS, total, World } from "./support/world.ts";

describe("the limits of a certificate", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it("let a payment be below maxPayment, and refuse one that equals it [R-008]", async () => {
    const ada = await world.device("Ada", { coins: [100n], certificate: { maxPayment: 50n } });
    const ben = await world.device("Ben");
    await refused("over-payment-limit", ada.purse.pay(await ben.purse.request(50n)));
    expect(total(ada.purse)).to.equal(100n);
    await exchange(ada, ben, 49n);
    expect(total(ben.purse)).to.equal(49n);
  });

  it("refuse a payment when the count in the window is not below maxCount [R-009]", async () => {
    const certificate = { maxCount: 2, windowS: 3600 };
    const ada = await world.device("Ada", { coins: [10n, 10n, 10n, 10n], certificate });
    const ben = await world.device("Ben");
    await exchange(ada, ben, 10n);
    await exchange(ada, ben, 10n);
    await refused("over-count-limit", ada.purse.pay(await ben.purse.request(10n)));
    expect(total(ada.purse)).to.equal(20n);
  });

  it("count a window in signed time, which the host's clock cannot move [R-009, N-05]", async () => {
    const certificate = { maxCount: 1, windowS: 3600 };
    const ada = await world.device("Ada", { coins: [10n, 10n], certificate });
    const ben = await world.device("Ben");
    await exchange(ada, ben, 10n);
    world.deviceClock = () => world.now + DAY_MS;
    await refused("over-count-limit", ada.purse.pay(await ben.purse.request(10n)));
    world.pass(3_600_000);
    await ada.purse.refresh({ lists: [await world.revocations(1)] });
    await exchange(ada, ben, 10n);
    expect(total(ben.purse)).to.equal(20n);
  });

  for (const [maxPayment, maxCount, windowS] of [
    [0n, 0, 0],
    [20n, 0, 0],
    [0n, 2, 60],
    [20n, 2, 60],
  ] as const) {
    const on = `amount ${maxPayment > 0n ? "on" : "off"}, count ${maxCount > 0 ? "on" : "off"}`;
    it(`can each be on alone or both: ${on} [R-010]`, async () => {
      const certificate = { maxPayment, maxCount, windowS };
      const coins = [10n, 10n, 10n, 20n];
      const ada = await world.device("Ada", { coins, certificate });
      const ben = await world.device("Ben");
      const large = ada.purse.pay(await ben.purse.request(20n));
      if (maxPayment > 0n) await refused("over-payment-limit", large);
      else await ada.purse.confirm((await ben.purse.receive(await large)).confirmation.bytes);
      await exchange(ada, ben, 10n);
      const next = exchange(ada, ben, 10n);
      if (maxCount > 0 && maxPayment === 0n) await refused("over-count-limit", next);
      else await next;
      const third = exchange(ada, ben, 10n);
      if (maxCount > 0) await refused("over-count-limit", third);
      else await third;
    });
  }

  it("freeze what was received until a sync where maxDepth is 0 [R-066, R-068, R-159]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben", { certificate: { maxDepth: 0 } });
    const cleo = await world.device("Cleo");
    await exchange(ada, ben, 100n);
    expect(ben.purse.balance()).to.include({ spendable: 0n, frozen: 100n });
    await refused("over-depth-limit", ben.purse.pay(await cleo.purse.request(10n)));
    world.ledger.apply(ben.purse.pending()[0]!.record);
    await ben.purse.refresh({ receipts: await world.receiptsOf(ben.owner) });
    expect(ben.purse.balance()).to.include({ spendable: 100n, frozen: 0n });
    await exchange(ben, cleo, 10n);
    expect(total(cleo.purse)).to.equal(10n);
  });

  it("let a coin with a receipt be paid where maxDepth is 0, and freeze its change", async () => {
    const ada = await world.device("Ada", { coins: [100n], certificate: { maxDepth: 0 } });
    const ben = await world.device("Ben");
    await exchange(ada, ben, 10n);
    expect(ada.purse.balance()).to.include({ spendable: 0n, frozen: 90n });
    await refused("over-depth-limit", ada.purse.pay(await ben.purse.request(10n)));
  });

  it("keep a purse below maxBalance: it asks for no more [R-065]", async () => {
    const ben = await world.device("Ben", { coins: [60n], certificate: { maxBalance: 100n } });
    await refused("over-balance-limit", ben.purse.request(41n));
    const ada = await world.device("Ada", { coins: [40n] });
    await exchange(ada, ben, 40n);
    expect(total(ben.purse)).to.equal(100n);
  });

  it("take no certificate older than the one that is held, so that lowered limits stay", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const old = await world.certificate("Ada");
    world.pass(1000);
    await ada.purse.refresh({
      certificate: await world.certificate("Ada", { certificate: { maxPayment: 5n } }),
    });
    await ada.purse.refresh({ certificate: old });
    const ben = await world.device("Ben");
    await refused("over-payment-limit", ada.purse.pay(await ben.purse.request(5n)));
  });
});

describe("time", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it("ends receipts: money with old ones cannot be paid until it is renewed [R-069, R-070]", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    world.pass(RECEIPT_LIFE_MS);
    for (const { name, purse } of [ada, ben]) {
      await purse.refresh({
        lists: await world.lists(),
        certificate: await world.certificate(name),
      });
    }
    expect(ada.purse.balance()).to.include({ spendable: 0n, frozen: 100n });
    await refused("expired", ada.purse.pay(await ben.purse.request(10n)));
    await ada.purse.refresh({ receipts: await world.receiptsOf(ada.owner) });
    await exchange(ada, ben, 10n);
    expect(total(ben.purse)).to.equal(10n);
  });

  it("ends the purse's own certificate: it neither asks nor pays", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    const request = await ben.purse.request(10n);
    world.pass(RECEIPT_LIFE_MS);
    await refused("expired", ben.purse.request(10n));
    await refused("expired", ada.purse.pay(request));
  });

  it("is the later of the host's clock and signed time, so that a clock set back revives nothing", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const ben = await world.device("Ben");
    world.pass(RECEIPT_LIFE_MS);
    await ada.purse.refresh({ lists: [await world.revocations(1)] });
    world.deviceClock = () => 0;
    const certificate = await world.certificate("Ben");
    await ben.purse.refresh({ lists: await world.lists(), certificate });
    await refused("expired", ada.purse.pay(await ben.purse.request(10n)));
  });

  it("comes to a device without a clock in the messages of a fresher one [N-05]", async () => {
    world.deviceClock = () => 0;
    const ben = await world.device("Ben");
    const issued = ben.purse.identity().signedTime;
    world.pass(2 * DAY_MS);
    const ada = await world.device("Ada", { coins: [100n] });
    const [there, here] = memoryTransports();
    await Promise.all([collect(ben.purse, here, 10n), payOver(ada.purse, there)]);
    expect(ben.purse.identity().signedTime).to.equal(issued + 2 * DAY_MS);
    world.pass(RECEIPT_LIFE_MS);
    await refused(
      "expired",
      ben.purse.request(10n).then(async (request) => {
        await ada.purse.refresh({ lists: await world.lists() });
        return ada.purse.pay(request);
      }),
    );
  });

  it("is taken from the own member and the authority, never from another member or a device", async () => {
    const ada = await world.device("Ada", { coins: [100n] });
    const { signedTime } = ada.purse.identity();
    world.pass(DAY_MS);
    await ada.purse.refresh({ lists: [await world.revocations(2)] });
    expect(ada.purse.identity().signedTime).to.equal(signedTime);
    await ada.purse.refresh({ lists: [await world.trustList()] });
    expect(ada.purse.identity().signedTime).to.equal(world.now);
    world.pass(DAY_MS);
    const coin = await world.ledger.coin(pay(ada.signer, 1, 1n));
    await ada.purse.refresh({ receipts: [await world.receipt(coin.outpoint, coin.output)] });
    expect(ada.purse.identity().signedTime).to.equal(world.now);
  });
});
