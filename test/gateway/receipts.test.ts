/** Receipts: for coins of the member's own devices that are unspent and that nothing is about to spend. */
import { expect } from "chai";
import { RECEIPT_LENGTH, type SignedReceipt } from "../../protocol/receipt.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { NodeClient } from "../../node/client.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { coinsOf, idOf, pay, spend } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { RECEIPT_LIFE_S } from "./support/node-double.ts";
import { refusal } from "./support/refusal.ts";

describe("receipts", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
    device = await TestDevice.enrolled(bank, "anna", 1_000n);
    await device.load(600n, [300n, 200n, 100n]);
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const receipts = async (outpoints: readonly `0x${string}`[] = [], by = device) =>
    (await by.ask({ kind: "receipts", outpoints: outpoints.toSorted() })).receipts;
  const amounts = (given: readonly SignedReceipt[]) =>
    given.map(({ output }) => output.amount).sort((a, b) => Number(b - a));

  it("are for all coins of the device, or for those it names, ascending", async () => {
    expect(amounts(await receipts())).to.deep.equal([300n, 200n, 100n]);
    const [first, second] = device.coins();
    const named = await receipts([first!.outpoint, second!.outpoint]);
    expect(named.map(({ outpoint }) => outpoint)).to.deep.equal(
      [first!.outpoint, second!.outpoint].sort(),
    );
    expect(named.every(({ bytes }) => bytes.length === RECEIPT_LENGTH)).to.equal(true);
  });

  it("are issued now, as of the ledger now, and live as long as the network allows", async () => {
    const before = bank.now();
    const [receipt] = await receipts();
    expect(receipt!.issued).to.be.within(before, bank.now());
    expect(receipt!.notAfter - receipt!.issued).to.equal(RECEIPT_LIFE_S * 1000);
    expect(receipt!.seq).to.equal(bank.node.ledger.state.seq);
  });

  it("are renewed on request, for as long as the coin is unspent [R-070]", async () => {
    const [old] = await receipts();
    bank.ahead = 6 * 86_400_000;
    const renewed = (await receipts()).find(({ outpoint }) => outpoint === old!.outpoint);
    expect(renewed!.notAfter).to.be.above(old!.notAfter);
  });

  it("are not given for a coin that a record held here would take", async () => {
    await bank.node.stop();
    const payment = await device.pay(device.owner, 300n);
    await device.ask({ kind: "submit", leaves: [payment.bytes] });
    bank.node.loses = () => true;
    await bank.node.start();
    await until(
      "the node is back",
      async () => (await describedFetch(`${bank.gateway.managementUrl}/readyz`)).ok,
    );
    const inputs = new Set(payment.inputs);
    const given = await receipts();
    expect(given.length).to.be.below(3);
    expect(given.some(({ outpoint }) => inputs.has(outpoint))).to.equal(false);
    expect(await receipts([...inputs])).to.deep.equal([]);
  });

  it("are not given for a coin that a record waiting at the node would take", async () => {
    bank.node.gatherMs = undefined;
    const payment = await device.pay(device.owner, 300n);
    await new NodeClient({ url: bank.node.url }).submit([payment.bytes]);
    expect(bank.node.waiting).to.equal(1);
    expect(await receipts([...payment.inputs])).to.deep.equal([]);
  });

  it("are not kept from a device by strangers who name its coins in records of theirs", async () => {
    const thief = new TestDevice(bank, await bank.node.ledger.enrol("thief", MEMBER));
    const [coin] = device.coins();
    const inputs = [coin!.outpoint, `0x${"ab".repeat(33)}` as const];
    const record = await spend({
      signer: thief.key,
      inputs,
      outputs: [pay(thief.key, MEMBER, 1n)],
    });
    await thief.ask({ kind: "submit", leaves: [record.bytes] });
    await until("the node has it", () => bank.node.waiting === 1);
    expect(await receipts([coin!.outpoint])).to.have.length(1);
  });

  it("are given for what a payment has made once it has applied, and no more for what it took [R-068]", async () => {
    const payee = await TestDevice.enrolled(bank, "bert", 0n);
    const payment = await device.pay(payee.owner, 250n);
    await device.ask({ kind: "submit", leaves: [payment.bytes] });
    await until("it has applied", () => bank.node.hasApplied(idOf(payment)));
    expect(await receipts([...payment.inputs])).to.deep.equal([]);
    await until("the payee has its receipt", async () => {
      return amounts(await receipts([], payee)).join() === "250";
    });
    expect(amounts(await receipts()).reduce((sum, each) => sum + each, 0n)).to.equal(350n);
  });

  it("are for the device's own coins alone", async () => {
    const other = await TestDevice.enrolled(bank, "bert", 0n);
    const theirs = device.coins().map(({ outpoint }) => outpoint);
    expect(await receipts(theirs, other)).to.deep.equal([]);
    expect(await receipts([`0x${"ab".repeat(33)}`])).to.deep.equal([]);
    const foreign = new TestDevice(bank, await bank.node.ledger.enrol("foreign", 2));
    await refusal("unauthorised", receipts([], foreign));
  });

  it("are not for an owner that the bank has revoked on the chain, or blocked [R-088]", async () => {
    bank.node.change((ledger) => ledger.revoke(MEMBER, device.owner));
    await until("the gateway has heard", async () => {
      return receipts().then(
        () => false,
        (error: { code: string }) => error.code === "revoked",
      );
    });
    const other = await TestDevice.enrolled(bank, "bert", 0n);
    await bank.staff(`/v1/devices/${other.owner}/block`, {});
    await refusal("revoked", receipts([], other));
  });

  it("are not given while the node is behind its chain", async () => {
    bank.node.chainState = "chain-behind";
    await until(
      "the gateway has seen it",
      async () => !(await describedFetch(`${bank.gateway.managementUrl}/readyz`)).ok,
    );
    const { row } = await refusal("unavailable", receipts());
    expect(row.retry).to.equal(true);
    bank.node.chainState = "following";
    await until(
      "the gateway has seen it",
      async () => (await describedFetch(`${bank.gateway.managementUrl}/readyz`)).ok,
    );
    expect(await receipts()).to.have.length(3);
  });

  it("are for the largest coins of a purse that has more than fit", async () => {
    const { treasury } = bank.node.ledger.bank(MEMBER);
    let vault = bank.node.ledger.deposit(MEMBER, 50_000n);
    for (let i = 0; i < 70; i++) {
      const small = Array.from({ length: 15 }, () => pay(device.key, MEMBER, 1n));
      const rest = vault.output.amount - 15n;
      const outputs = [...small, pay(treasury, MEMBER, rest)];
      const record = await spend({ signer: treasury, inputs: [vault], outputs, counter: i });
      bank.node.ledger.apply(record);
      vault = coinsOf(record)[15]!;
    }
    const given = await receipts();
    expect(given.length).to.be.within(900, 1024);
    expect(fromHex(given[0]!.outpoint)).to.have.length(33);
    const sorted = given.map(({ outpoint }) => outpoint);
    expect(sorted).to.deep.equal(sorted.toSorted());
  });
});
