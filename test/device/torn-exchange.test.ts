/**
 * Exchanges that are cut off: at each message, and at each write of either purse, before or after the
 * write is kept. Afterwards the two either go on with the same messages, or never meet again and sync,
 * one or both. Value is never lost and never doubled.
 */
import { expect } from "chai";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { TestGateway } from "./support/gateway.ts";
import { type Device, total, World } from "./support/world.ts";

const LOADED = 100n;
const PAID = 30n;

type Side = "payer" | "payee";

class Exchange {
  readonly world = new World();
  readonly stores = {
    payer: new CutStore(new MemoryPurseStore()),
    payee: new CutStore(new MemoryPurseStore()),
  };
  readonly devices: Record<Side, Device>;
  /** The messages that a side has shown, by number. */
  readonly shown = new Map<1 | 2 | 3, Uint8Array>();

  private constructor(devices: (exchange: Exchange) => Record<Side, Device>) {
    this.devices = devices(this);
  }

  static async start(): Promise<Exchange> {
    const devices = {} as Record<Side, Device>;
    const exchange = new Exchange(() => devices);
    const { world, stores } = exchange;
    devices.payer = await world.device("payer", { coins: [LOADED], store: stores.payer });
    devices.payee = await world.device("payee", { member: 2, store: stores.payee });
    for (const store of Object.values(stores)) store.writes = 0;
    return exchange;
  }

  /** Goes on from the last message that was shown, up to message `last`, or until the power goes. */
  async run(last: 1 | 2 | 3 | "confirmed" = "confirmed"): Promise<void> {
    const { payer, payee } = this.devices;
    await this.#show(1, () => payee.purse.request(PAID));
    if (last === 1) return;
    await this.#show(2, () => payer.purse.pay(this.shown.get(1)!));
    if (last === 2) return;
    await this.#show(
      3,
      async () => (await payee.purse.receive(this.shown.get(2)!)).confirmation.bytes,
    );
    if (last === 3) return;
    await payer.purse.confirm(this.shown.get(3)!);
  }

  async reopen(): Promise<void> {
    for (const side of ["payer", "payee"] as const) {
      this.stores[side].cut = undefined;
      await this.world.reopen(this.devices[side]);
    }
  }

  /** The side syncs until nothing more becomes of it. */
  async sync(side: Side): Promise<void> {
    const device = this.devices[side];
    const gateway = new TestGateway(this.world, device.member);
    await sync(device.purse, gateway);
    gateway.sequence();
    await sync(device.purse, gateway);
  }

  /** Both know what the ledger knows, and all the money is there. */
  async isWhole(paid: bigint): Promise<void> {
    for (const side of ["payer", "payee", "payer", "payee"] as const) await this.sync(side);
    const { payer, payee } = this.devices;
    expect(total(payee.purse), "payee's").to.equal(paid);
    expect(total(payer.purse), "payer's").to.equal(LOADED - paid);
    expect(this.world.onLedger(payee), "payee's on the ledger").to.equal(paid);
    expect(this.world.onLedger(payer), "payer's on the ledger").to.equal(LOADED - paid);
    for (const { purse } of [payer, payee]) {
      expect(purse.pending()).to.deep.equal([]);
      expect(purse.balance().waiting).to.equal(0n);
    }
  }

  /** A message that is shown again is the same bytes. */
  async #show(number: 1 | 2 | 3, make: () => Promise<Uint8Array>): Promise<void> {
    const before = this.shown.get(number);
    if (before !== undefined && number === 1) return;
    const message = await make();
    if (before !== undefined) expect(message, `message ${number}`).to.deep.equal(before);
    this.shown.set(number, message);
  }
}

describe("a torn exchange", () => {
  for (const message of [1, 2, 3] as const) {
    it(`goes on with the same messages when message ${message} is lost [N-07, R-110]`, async () => {
      const exchange = await Exchange.start();
      await exchange.run(message);
      await exchange.reopen();
      await exchange.run();
      expect(total(exchange.devices.payer.purse)).to.equal(LOADED - PAID);
      await exchange.isWhole(PAID);
    });

    for (const first of ["payer", "payee"] as const) {
      it(`is whole when message ${message} is lost for good and the ${first} syncs first [N-07, R-078]`, async () => {
        const exchange = await Exchange.start();
        await exchange.run(message);
        await exchange.sync(first);
        await exchange.isWhole(message === 1 ? 0n : PAID);
      });
    }
  }

  it("leaves the payer's coins committed until message 3 or a sync, and never pays twice with them", async () => {
    const exchange = await Exchange.start();
    await exchange.run(2);
    const { payer } = exchange.devices;
    const other = await exchange.world.device("another payee");
    const request = await other.purse.request(1n);
    await payer.purse.pay(request).then(
      () => expect.fail("it paid"),
      (error) => expect(error.code).to.equal("sync-needed"),
    );
    await exchange.sync("payer");
    expect(payer.purse.balance()).to.include({ spendable: LOADED - PAID, waiting: 0n });
    await payer.purse.pay(request);
  });

  it("gives message 3 again after the payee has synced", async () => {
    const exchange = await Exchange.start();
    await exchange.run(3);
    await exchange.sync("payee");
    await exchange.reopen();
    await exchange.run();
    expect(exchange.devices.payer.purse.balance().spendable).to.equal(LOADED - PAID);
    await exchange.isWhole(PAID);
  });

  describe("at every write", () => {
    const cuts: { side: Side; at: number; isKept: boolean }[] = [];

    before(async () => {
      const exchange = await Exchange.start();
      await exchange.run();
      for (const side of ["payer", "payee"] as const) {
        for (let at = 1; at <= exchange.stores[side].writes; at++) {
          for (const isKept of [false, true]) cuts.push({ side, at, isKept });
        }
      }
    });

    async function cutOff({ side, at, isKept }: (typeof cuts)[number]): Promise<Exchange> {
      const exchange = await Exchange.start();
      exchange.stores[side].cut = { at, isKept };
      await exchange.run().then(
        () => expect.fail("the cut was not reached"),
        (error) => expect(isCut(error), String(error)).to.equal(true),
      );
      return exchange;
    }

    it("is cut at three writes of the payer and at least two of the payee, kept or not", () => {
      expect(cuts.filter(({ side }) => side === "payer")).to.have.length(6);
      expect(cuts.filter(({ side }) => side === "payee").length).to.be.at.least(4);
    });

    it("goes on with the same messages [N-07, R-110, R-170]", async () => {
      for (const cut of cuts) {
        const exchange = await cutOff(cut);
        await exchange.reopen();
        await exchange.run();
        await exchange.isWhole(PAID);
      }
    });

    for (const first of ["payer", "payee"] as const) {
      it(`is whole when the two never meet again and the ${first} syncs first [N-07, R-170]`, async () => {
        for (const cut of cuts) {
          const exchange = await cutOff(cut);
          await exchange.reopen();
          await exchange.sync(first);
          // The body, once stored, is signed at the next opening: the payment is final.
          const isStored =
            exchange.shown.has(1) && !(cut.side === "payer" && cut.at === 1 && !cut.isKept);
          await exchange.isWhole(isStored ? PAID : 0n);
        }
      });
    }

    it("stops the purse: it does nothing more before it is opened again", async () => {
      const exchange = await cutOff({ side: "payer", at: 1, isKept: false });
      await exchange.devices.payer.purse.pay(exchange.shown.get(1)!).then(
        () => expect.fail("it paid"),
        (error) => expect(isCut(error)).to.equal(true),
      );
    });
  });
});
