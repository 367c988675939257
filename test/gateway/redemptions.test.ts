/** Money that comes back to the bank: credited once, to whom it belongs, whichever way it came. */
import { expect } from "chai";
import { checkAcknowledgement } from "../../protocol/acknowledgement.ts";
import { message } from "../../protocol/message.ts";
import { decodeRecord, encodeRecord, type SignedRecord } from "../../protocol/record.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { keyOf, networkId, pay, spend } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

describe("redemptions", () => {
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

  const redeem = (record: SignedRecord, by = device) => by.ask({ kind: "redeem", record });
  const settled = (account: string, available: bigint, onDevices: bigint) =>
    until(`${account} shows ${available} and ${onDevices}`, async () => {
      const { available: free, onDevices: out, held } = await bank.balance(account);
      return [free, held, out].join() === [available, 0n, onDevices].join();
    });
  const credits = async (account: string) => {
    const entries = await bank.staff<{ kind: string }[]>(`/v1/accounts/${account}/statement`);
    return entries.filter(({ kind }) => kind === "credit").length;
  };

  it("credits the account when the record has applied, and unfreezes as much [R-068, R-081]", async () => {
    await settled("anna", 400n, 600n);
    bank.node.gatherMs = undefined;
    const { acknowledgement } = await redeem(await device.redemption(250n));
    const { issuer } = bank.node.ledger.bank(MEMBER);
    checkAcknowledgement(networkId, acknowledgement, issuer.publicKey, portableVerifier);
    await until("the node has it", () => bank.node.waiting === 1);
    await settled("anna", 400n, 600n);
    bank.node.sequence();
    await settled("anna", 650n, 350n);
    expect(await bank.staff("/v1/books")).to.include({ total: "0", settlement: "0", held: "0" });
  });

  it("credits once what is handed in again and again, over restarts [N-13]", async () => {
    const record = await device.redemption(250n);
    for (let i = 0; i < 3; i++) {
      await redeem(record);
      await device.ask({ kind: "submit", leaves: [record.bytes] });
      await settled("anna", 650n, 350n);
      await bank.restart();
    }
    expect(await credits("anna")).to.equal(1);
  });

  it("credits what came to the ledger through another bank's gateway [R-026]", async () => {
    const record = await device.redemption(250n);
    bank.node.sequenceForeign([record.bytes]);
    await settled("anna", 650n, 350n);
    await bank.restart();
    await settled("anna", 650n, 350n);
    expect(await credits("anna")).to.equal(1);
  });

  it("credits what applied while the gateway was down", async () => {
    const record = await device.redemption(250n);
    await bank.stop();
    bank.node.sequenceForeign([record.bytes]);
    await bank.start();
    await settled("anna", 650n, 350n);
  });

  it("credits the owner of the coins, not a stranger who signed the same body", async () => {
    const thief = await TestDevice.enrolled(bank, "thief", 0n);
    const record = await device.redemption(250n);
    const signature = await thief.key.sign(message("record", networkId, record.body));
    const stolen = decodeRecord(
      encodeRecord({ ...record, signer: thief.key.publicKey, signature }),
    );
    bank.node.gatherMs = undefined;
    await redeem(stolen, thief);
    await redeem(record);
    await until("the node has both", () => bank.node.waiting === 2);
    bank.node.sequenceForeign([record.bytes]);
    bank.node.sequence();
    await settled("anna", 650n, 350n);
    await settled("thief", 0n, 0n);
    expect(await credits("thief")).to.equal(0);
  });

  it("credits a payee with what others have paid its device [R-067, R-081]", async () => {
    const payee = await TestDevice.enrolled(bank, "bert", 0n);
    const payment = await device.pay(payee.owner, 250n);
    await payee.ask({ kind: "submit", leaves: [payment.bytes] });
    await settled("bert", 0n, 250n);
    await settled("anna", 400n, 350n);
    await redeem(await payee.redemption(250n), payee);
    await settled("bert", 250n, 0n);
    expect(await bank.staff("/v1/books")).to.include({ total: "0", settlement: "0" });
  });

  it("shows what has gone to another bank as settled with it [R-080]", async () => {
    const foreign = await bank.node.ledger.enrol("a foreign phone", 2);
    const payment = await device.pay(new TestDevice(bank, foreign).owner, 250n, undefined, 2);
    await device.ask({ kind: "submit", leaves: [payment.bytes] });
    await settled("anna", 400n, 350n);
    expect(await bank.staff("/v1/books")).to.include({ settlement: "250", total: "0" });
  });

  it("keeps money from nobody known in the suspense account", async () => {
    const stranger = await bank.node.ledger.enrol("a foreign phone", 2);
    const coin = await bank.node.ledger.coin(pay(stranger, 2, 70n));
    const { treasury } = bank.node.ledger.bank(MEMBER);
    const outputs = [pay(treasury, MEMBER, 70n)];
    const record = await spend({ signer: stranger, inputs: [coin], outputs });
    bank.node.sequenceForeign([record.bytes]);
    await settled("suspense", 70n, 0n);
  });

  it("refuses what is no redemption of the device's own", async () => {
    const other = await TestDevice.enrolled(bank, "bert", 0n);
    await refusal("wrong-owner", redeem(await device.redemption(10n), other));
    await refusal("unknown-recipient", redeem(await device.pay(other.owner, 10n)));
    const stranger = new TestDevice(bank, await bank.node.ledger.enrol("a stranger", MEMBER));
    const record = await spend({
      signer: stranger.key,
      inputs: [`0x${"ab".repeat(33)}`],
      outputs: [pay(keyOf("treasury of 1"), MEMBER, 1n)],
    });
    await refusal("unauthorised", redeem(record, stranger));
  });

  it("spends no coin of the vault before it is credited whose it was", async () => {
    const record = await device.redemption(250n);
    bank.node.gatherMs = undefined;
    await bank.stop();
    bank.node.sequenceForeign([record.bytes]);
    bank.node.gatherMs = 2;
    await bank.start();
    await bank.staff("/v1/vault/merge", {});
    expect((await bank.balance("anna")).available).to.equal("650");
  });
});
