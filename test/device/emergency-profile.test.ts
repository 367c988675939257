/** The authority moves offline limits, for some places and some time, and no network is needed to hear of it. */
import { expect } from "chai";
import { EMERGENCY_PROFILE } from "../../protocol/list-version.ts";
import { keyOf } from "../support/ledger-parts.ts";
import { refused } from "./support/refused.ts";
import { DAY_MS, type Device, exchange, total, World } from "./support/world.ts";

describe("an emergency profile", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  const version = (device: Device) =>
    device.purse.identity().versions.find(({ member }) => member === EMERGENCY_PROFILE)?.version;

  const shop = (certificate = {}) => world.device("the shop", { certificate });

  describe("moves, of what a certificate allows,", () => {
    it("one payment: the payer pays more, and the payee takes it, or less [N-18]", async () => {
      const certificate = { maxPayment: 50n };
      const ada = await world.device("Ada", { coins: [200n], certificate });
      const ben = await world.device("Ben");
      await refused("over-payment-limit", ada.purse.pay(await ben.purse.request(99n)));
      const raised = await world.emergency({ payment: 200 });
      await ada.purse.refresh({ lists: [raised] });
      await exchange(ada, ben, 99n);
      await refused("over-payment-limit", ada.purse.pay(await ben.purse.request(100n)));
      await ada.purse.refresh({ lists: [await world.emergency({ payment: 10 })] });
      await refused("over-payment-limit", ada.purse.pay(await ben.purse.request(5n)));
      await exchange(ada, ben, 4n);
      expect(total(ben.purse)).to.equal(103n);
    });

    it("the payments of a window [N-18]", async () => {
      const certificate = { maxCount: 2, windowS: 3600 };
      const ada = await world.device("Ada", { coins: [10n, 10n, 10n, 10n], certificate });
      const ben = await world.device("Ben");
      await ada.purse.refresh({ lists: [await world.emergency({ count: 150 })] });
      for (let i = 0; i < 3; i++) await exchange(ada, ben, 10n);
      await refused("over-count-limit", ada.purse.pay(await ben.purse.request(10n)));
      expect(total(ben.purse)).to.equal(30n);
    });

    it("what a purse may hold, never above its member's guarantee [N-18]", async () => {
      const ben = await shop({ maxBalance: 1_000n });
      await refused("over-balance-limit", ben.purse.request(1_001n));
      await ben.purse.refresh({ lists: [await world.emergency({ balance: 250 })] });
      await ben.purse.request(2_500n);
      await refused("over-balance-limit", ben.purse.request(2_501n));
      await ben.purse.refresh({ lists: [await world.emergency({ balance: 65_535 })] });
      await ben.purse.request(655_350n);
      const guarantee = 2_000n;
      const lower = await world.trustList({}, [{ member: 1, guarantee }]);
      await ben.purse.refresh({ lists: [lower] });
      expect(ben.purse.limits().maxBalance).to.equal(guarantee);
      await ben.purse.request(2_000n);
      await refused("over-balance-limit", ben.purse.request(2_001n));
    });

    it("how often money changes hands: the spender's own limit, and what payees check [N-18]", async () => {
      const certificate = { maxDepth: 1 };
      const [ada, ben, cleo, dan] = [
        await world.device("Ada", { coins: [100n], certificate }),
        await world.device("Ben", { certificate }),
        await world.device("Cleo", { certificate }),
        await world.device("Dan", { certificate }),
      ];
      await exchange(ada, ben, 100n);
      await exchange(ben, cleo, 100n);
      await refused("over-depth-limit", cleo.purse.pay(await dan.purse.request(100n)));
      await cleo.purse.refresh({ lists: [await world.emergency({ depth: 200 })] });
      expect(cleo.purse.balance().spendable).to.equal(100n);
      await exchange(cleo, dan, 100n);
      expect(total(dan.purse)).to.equal(100n);
    });

    it("no depth for what only signs, and no limit that is off [N-18]", async () => {
      const certificate = { class: "host" as const, maxDepth: 0, maxPayment: 0n, maxCount: 0 };
      const ben = await shop(certificate);
      await ben.purse.refresh({
        lists: [await world.emergency({ depth: 65_535, payment: 1, count: 1 })],
      });
      expect(ben.purse.limits()).to.include({ maxDepth: 0, maxPayment: undefined });
      const ada = await world.device("Ada", { coins: [100n] });
      await exchange(ada, ben, 100n);
      await refused("over-depth-limit", ben.purse.pay(await ada.purse.request(1n)));
    });
  });

  it("lets a payee refuse what a payer that has not heard of it still pays [N-18]", async () => {
    const certificate = { maxPayment: 50n };
    const ada = await world.device("Ada", { coins: [100n], certificate });
    const ben = await world.device("Ben");
    await ben.purse.refresh({ lists: [await world.emergency({ payment: 20 })] });
    const payment = await ada.purse.pay(await ben.purse.request(10n));
    await refused("over-payment-limit", ben.purse.receive(payment));
    expect(total(ben.purse)).to.equal(0n);
  });

  it("travels in messages 2 and 3, to devices of any place, and never back [N-18]", async () => {
    const [ada, ben, cleo] = [
      await world.device("Ada", { coins: [10n, 10n] }),
      await world.device("Ben", { coins: [10n] }),
      await world.device("Cleo"),
    ];
    const older = await world.emergency({ payment: 50 });
    await cleo.purse.refresh({ lists: [older] });
    await ada.purse.refresh({
      lists: [await world.emergency({ payment: 70 }, { places: ["DE"] })],
    });
    const newest = version(ada);
    await exchange(ada, ben, 10n);
    expect(version(ben)).to.equal(newest);
    await exchange(ben, cleo, 10n);
    expect(version(cleo)).to.equal(newest);
    for (const { purse } of [ada, cleo]) await purse.refresh({ lists: [older] });
    expect([version(ada), version(cleo)]).to.deep.equal([newest, newest]);
    const dan = await world.device("Dan", { coins: [10n] });
    await exchange(dan, ada, 10n);
    expect(version(dan)).to.equal(newest);
    await world.reopen(dan);
    expect(version(dan)).to.equal(newest);
  });

  it("counts for its places alone, and those that lie in them [N-18]", async () => {
    const ben = await shop({ maxPayment: 100n });
    const places = ["CN-31", "DE"];
    await ben.purse.refresh({ lists: [await world.emergency({ payment: 50 }, { places })] });
    const limitAt = (place: string) => {
      world.places.set("the shop", place);
      return ben.purse.limits().maxPayment;
    };
    for (const place of ["DE", "CN-31", "DE-BY", "CN-31-PD"]) {
      expect(limitAt(place), place).to.equal(50n);
    }
    for (const place of ["", "CN", "CN-3", "CN-310", "DEX", "FR", "X-DE"]) {
      expect(limitAt(place), place).to.equal(100n);
    }
  });

  it("begins and ends by itself, by the later of the host's clock and signed time [N-18, N-05]", async () => {
    const ben = await shop({ maxPayment: 100n });
    const [notBefore, notAfter] = [world.now + DAY_MS, world.now + 2 * DAY_MS];
    const profile = await world.emergency({ payment: 50 }, { notBefore, notAfter });
    await ben.purse.refresh({ lists: [profile] });
    const limit = () => ben.purse.limits().maxPayment;
    expect(limit()).to.equal(100n);
    world.pass(DAY_MS);
    expect(limit()).to.equal(50n);
    world.pass(DAY_MS - 1);
    expect(limit()).to.equal(50n);
    world.pass(1);
    expect(limit()).to.equal(100n);
    world.deviceClock = () => notBefore;
    expect(limit()).to.equal(50n);
    await ben.purse.refresh({ lists: [await world.revocations(1)] });
    expect(limit()).to.equal(100n);
  });

  it("is passed over when it is forged, has ended, or is no profile at all [N-18]", async () => {
    const ben = await shop({ maxPayment: 100n });
    const { signedTime } = ben.purse.identity();
    world.pass(DAY_MS);
    const lists = [
      await world.emergency({ payment: 50 }, {}, keyOf("a stranger")),
      await world.emergency({ payment: 50 }, {}, world.ledger.bank(1).issuer),
      await world.emergency({ payment: 50 }, { issued: 0, notBefore: 0, notAfter: world.now }),
      { kind: "emergency" as const, bytes: new Uint8Array(101) },
    ];
    await ben.purse.refresh({ lists });
    expect(version(ben)).to.equal(undefined);
    expect(ben.purse.limits().maxPayment).to.equal(100n);
    expect(ben.purse.identity().signedTime).to.equal(signedTime);
  });

  it("gives the time to a device without a clock [N-05, N-18]", async () => {
    const ben = await shop();
    world.deviceClock = () => 0;
    world.pass(DAY_MS);
    await ben.purse.refresh({ lists: [await world.emergency({})] });
    expect(ben.purse.identity().signedTime).to.equal(world.now);
  });

  it("is signed by the trust key that devices know: after a change of it, by the new one [N-18]", async () => {
    const ben = await shop();
    const next = keyOf("the next trust key");
    await ben.purse.refresh({ lists: [await world.trustList({ nextTrustKey: next.publicKey })] });
    await ben.purse.refresh({ lists: [await world.emergency({})] });
    expect(version(ben)).to.equal(undefined);
    await ben.purse.refresh({ lists: [await world.emergency({}, {}, next)] });
    expect(version(ben)).to.not.equal(undefined);
  });
});
