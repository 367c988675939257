/** The end of a device and of an account: all money is back first, and what comes late is not lost. */
import { expect } from "chai";
import type { Static } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import type { LostDeviceRow } from "../../gateway/schema.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { RECLAIM_DELAY_S } from "../support/ledger.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

type DeviceState = {
  readonly closed?: number;
  readonly blocked?: number;
  readonly lost?: Static<typeof LostDeviceRow>;
};

describe("closing", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.pass(0);
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
    device = await TestDevice.enrolled(bank, "anna", 1_000n);
    await device.load(600n, [300n, 200n, 100n]);
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const closeDevice = (owner: Hex = device.owner) =>
    bank.staff<DeviceState>(`/v1/devices/${owner}/close`, {});
  const closeAccount = () => bank.staff<object>("/v1/accounts/anna/close", {});
  const shows = (available: bigint, onDevices: bigint) =>
    until(`anna has ${available} and ${onDevices}`, async () => {
      const found = await bank.balance("anna");
      return (
        [found.available, found.held, found.onDevices].join() === `${available},0,${onDevices}`
      );
    });
  const redeemAll = async () => {
    await device.ask({ kind: "redeem", record: await device.redemption(600n) });
    await shows(1_000n, 0n);
  };
  const payOut = (amount: string) =>
    bank.staff("/v1/accounts/anna/withdrawals", { amount, reference: `out:${amount}` });

  it("a device is refused while money is on it, or on its way to it, and then the account takes all [R-065, R-081]", async () => {
    expect((await refusal("conflict", closeDevice())).detail).to.include("600 is on device");
    bank.node.gatherMs = undefined;
    const load = { kind: "load", id: new Uint8Array(16), amount: 5n, parts: [] } as const;
    await device.ask(load);
    expect((await refusal("conflict", closeDevice())).detail).to.include("a load is on its way");
    bank.node.gatherMs = 1;
    bank.node.sequence();
    await shows(395n, 605n);
    await device.ask({ kind: "redeem", record: await device.redemption(605n) });
    await shows(1_000n, 0n);
    const { closed, blocked, lost } = await closeDevice();
    expect(closed).to.be.a("number").and.equal(blocked);
    expect(lost).to.deep.include({ isClosed: true });
    expect(lost!.sentences[0]).to.include("given up");
    expect((await closeDevice()).closed).to.equal(closed);
    await bank.restart();
    await refusal("revoked", device.load(1n));
  });

  it("an account is refused while a device is in use, or money is in it; then it is closed for good", async () => {
    expect((await refusal("conflict", closeAccount())).detail).to.include("still in use");
    await redeemAll();
    await closeDevice();
    expect((await refusal("conflict", closeAccount())).detail).to.include("1000 available");
    await payOut("1000");
    for (let i = 0; i < 2; i++) {
      expect(await closeAccount()).to.include({ isClosed: true, available: "0", onDevices: "0" });
      await bank.restart();
    }
    const deposit = { amount: "1", reference: "more" };
    await refusal("conflict", bank.staff("/v1/accounts/anna/deposits", deposit));
    await refusal("conflict", bank.credential("anna"));
    await refusal("not-found", bank.staff("/v1/accounts/nobody/close", {}));
    expect(await bank.staff("/v1/books")).to.include({ total: "0", cash: "0", available: "0" });
  });

  it("an account leaves no credential behind with which a device could be enrolled", async () => {
    const credential = await bank.credential("anna");
    await redeemAll();
    await closeDevice();
    await payOut("1000");
    await closeAccount();
    await refusal("forbidden", new TestDevice(bank).enrol(credential));
  });

  it("leaves what another device paid late to the customer, who is paid out of the closed account [N-06]", async () => {
    const payer = await TestDevice.enrolled(bank, "bert", 500n);
    await payer.load(500n);
    const payment = await payer.pay(device.owner, 120n);
    await redeemAll();
    await closeDevice();
    await payOut("1000");
    await closeAccount();
    await payer.ask({ kind: "submit", leaves: [payment.bytes] });
    await shows(0n, 120n);
    const state = async () => (await bank.staff<DeviceState>(`/v1/devices/${device.owner}`)).lost!;
    await until("it is revoked", async () => (await state()).reclaimableFrom !== undefined);
    bank.pass(RECLAIM_DELAY_S);
    await shows(0n, 0n);
    bank.node.change((ledger) => {
      ledger.closeCycle();
      ledger.settle();
    });
    await until("no payee can report it any more", async () => {
      const { creditFrom = 0, credited } = await state();
      if (creditFrom > bank.now()) bank.pass(Math.ceil((creditFrom - bank.now()) / 1000));
      return credited === "120";
    });
    await shows(120n, 0n);
    await payOut("120");
    await shows(0n, 0n);
  });
});
