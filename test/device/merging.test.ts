/** Small coins that become few: when, into what, and that nothing is lost or doubled on the way. */
import { expect } from "chai";
import { ownerOf } from "../../protocol/key.ts";
import { redeem } from "../../device/account.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { refused } from "./support/refused.ts";
import { TestGateway } from "./support/gateway.ts";
import { type Device, type DeviceOptions, exchange, total, World } from "./support/world.ts";

describe("coins that are merged", () => {
  let world: World;
  let bank: TestGateway;

  beforeEach(() => {
    world = new World(1);
    bank = new TestGateway(world, 1, ["Till", "Ben"]);
  });

  const till = (count: number, options: DeviceOptions = {}) =>
    world.device("Till", {
      coins: Array.from({ length: count }, (_, i) => BigInt(i + 1)),
      ...options,
    });
  const vault = () => ownerOf(world.ledger.bank(1).treasury.publicKey);
  const roles = ({ purse }: Device) => purse.pending().map(({ role }) => role);
  const settle = async (device: Device) => {
    await sync(device.purse, bank);
    bank.sequence();
    await sync(device.purse, bank);
  };

  it("are the smallest of more than 32, by a record that the sync hands in", async () => {
    const device = await till(40);
    expect(await sync(device.purse, bank)).to.include({ handedIn: 1, settled: 0, pending: 1 });
    expect(roles(device)).to.deep.equal(["merged"]);
    const { record } = device.purse.pending()[0]!;
    const spent = record.inputs.map((input) => Number(world.ledger.state.coin(input)!.amount));
    expect(spent.toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 16 }, (_, i) => i + 1),
    );
    expect(record.outputs.length).to.be.below(9);
    bank.sequence();
    expect(await sync(device.purse, bank)).to.include({ handedIn: 0, settled: 1, pending: 0 });
    expect(device.purse.coins().every(({ receiptUntil }) => receiptUntil !== undefined)).to.equal(
      true,
    );
    expect([total(device.purse), world.onLedger(device)]).to.deep.equal([820n, 820n]);
    expect(device.purse.history().map(({ kind }) => kind)).to.not.include("redeemed");
  });

  it("are left alone where they are few, or nobody vouches for them", async () => {
    const device = await till(32);
    const ben = await world.device("Ben", { coins: [50n, 50n, 50n] });
    for (let i = 0; i < 3; i++) await exchange(ben, device, 40n);
    expect(await device.purse.merge()).to.equal(false);
    await settle(device);
    expect(roles(device), "35 coins with receipts").to.deep.equal(["merged"]);
  });

  it("can be paid before the ledger has seen them, to whoever takes money one payment deep", async () => {
    const device = await till(33);
    await sync(device.purse, bank);
    expect(device.purse.balance()).to.include({ spendable: 561n, waiting: 0n });
    const ben = await world.device("Ben");
    const made = device.purse.coins().filter(({ receiptUntil }) => receiptUntil === undefined);
    const request = await ben.purse.request(100n);
    const payment = await device.purse.pay(
      request,
      made.map(({ outpoint }) => outpoint),
    );
    const { refusal } = await ben.purse.receive(payment);
    expect(refusal).to.equal(undefined);
    await settle(ben);
    await settle(device);
    expect([world.onLedger(ben), world.onLedger(device)]).to.deep.equal([100n, 461n]);
    expect(total(device.purse)).to.equal(461n);
  });

  it("let a till give what it took in a day back to its bank", async () => {
    const device = await till(300, { certificate: { class: "terminal" } });
    const half = total(device.purse) / 2n;
    await refused("too-many-coins", redeem(device.purse, bank, half, vault()));
    for (let i = 0; i < 4; i++) await settle(device);
    expect(device.purse.coins().length).to.be.below(33);
    expect(total(device.purse)).to.equal(2n * half);
    await redeem(device.purse, bank, half, vault());
    await settle(device);
    expect(world.onLedger(device)).to.equal(half);
  });

  it("hold up no load and no redemption [R-021]", async () => {
    const device = await till(33);
    await sync(device.purse, bank);
    expect(roles(device)).to.deep.equal(["merged"]);
    await redeem(device.purse, bank, 5n, vault());
    expect(roles(device)).to.deep.equal(["merged", "redeemed"]);
    await settle(device);
    expect(world.onLedger(device)).to.equal(556n);
  });

  it("are neither lost nor doubled when the device is cut off at any write", async () => {
    for (let at = 1, isDone = false; !isDone; at++) {
      for (const isKept of [false, true]) {
        world = new World(1);
        bank = new TestGateway(world, 1, ["Till"]);
        const inner = new MemoryPurseStore();
        const device = await till(33, { store: inner });
        const store = new CutStore(inner);
        device.purse = await world.open("Till", 1, store);
        store.cut = { at: store.writes + at, isKept };
        isDone = await sync(device.purse, bank).then(
          () => true,
          (error: unknown) => {
            if (isCut(error)) return false;
            throw error;
          },
        );
        await world.reopen(device);
        expect(total(device.purse)).to.equal(561n);
        await settle(device);
        await settle(device);
        expect(device.purse.pending()).to.deep.equal([]);
        expect([total(device.purse), world.onLedger(device)]).to.deep.equal([561n, 561n]);
      }
    }
  });
});
