/** Loads: the account is frozen, the vault pays in coins of the ladder, once, whatever happens in between. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { LoadAnswer } from "../../protocol/answer.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { message } from "../../protocol/message.ts";
import { checkReceiptSignature } from "../../protocol/receipt.ts";
import { decodeRecord, encodeRecord } from "../../protocol/record.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { networkId, pay, spend } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, type BankOptions, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

describe("loads", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;

  const open = async (vault: readonly bigint[] = [1_000_000n], options: BankOptions = {}) => {
    bank = await Bank.open(await folder(), options);
    for (const amount of vault) bank.node.ledger.deposit(MEMBER, amount);
    await bank.start();
    device = await TestDevice.enrolled(bank, "anna", 20_000n);
  };
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const ask = (amount: bigint, id: Uint8Array = randomBytes(16), parts: readonly bigint[] = []) =>
    device.ask({ kind: "load", id, amount, parts });
  const applied = async (amount: bigint, id: Uint8Array): Promise<LoadAnswer> => {
    let answer = await ask(amount, id);
    await until("the load has applied", async () => {
      answer = await ask(amount, id);
      return answer.state === "applied";
    });
    return answer;
  };
  const settled = (available: bigint, onDevices: bigint) =>
    until(`the account shows ${available} and ${onDevices}`, async () => {
      const balance = await bank.balance("anna");
      const shown = [balance.available, balance.held, balance.onDevices];
      return shown.join() === [available, 0n, onDevices].join();
    });

  it("freezes the amount in the account and makes the coins on the device [R-017, R-046, R-063, R-074, R-075]", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const id = randomBytes(16);
    expect(await ask(12_345n, id)).to.deep.include({ state: "pending", receipts: [] });
    expect(await bank.balance("anna")).to.include({
      available: "7655",
      held: "12345",
      onDevices: "0",
    });
    expect(device.balance()).to.equal(0n);
    await until("the node has it", () => bank.node.waiting === 1);
    bank.node.gatherMs = 2;
    bank.node.sequence();
    const { receipts } = await applied(12_345n, id);
    await settled(7_655n, 12_345n);
    expect(device.balance()).to.equal(12_345n);
    expect(receipts.reduce((sum, { output }) => sum + output.amount, 0n)).to.equal(12_345n);
    const { issuer } = bank.node.ledger.bank(MEMBER);
    for (const receipt of receipts) {
      checkReceiptSignature(networkId, receipt, issuer.publicKey, portableVerifier);
      expect(receipt.output).to.include({ owner: device.owner, custodian: MEMBER });
    }
  });

  it("comes in the coins asked for, if they are at most fifteen [R-051]", async () => {
    await open();
    const parts = Array.from({ length: 15 }, (_, i) => BigInt(i + 1));
    const receipts = await device.load(120n, parts);
    const amounts = receipts.map(({ output }) => output.amount);
    expect(amounts.sort((a, b) => Number(a - b))).to.deep.equal(parts);
    const sixteen = Array.from({ length: 16 }, () => 1n);
    await refusal("too-many-coins", ask(16n, randomBytes(16), sixteen));
    expect((await bank.balance("anna")).available).to.equal("19880");
  });

  it("is one load by its id, however often it is asked, also after a restart [N-13]", async () => {
    await open();
    const id = randomBytes(16);
    await Promise.all(Array.from({ length: 8 }, () => ask(500n, id)));
    await applied(500n, id);
    await bank.restart();
    expect((await ask(500n, id)).state).to.equal("applied");
    await settled(19_500n, 500n);
    await refusal("conflict", ask(501n, id));
    await refusal("conflict", ask(500n, id, [200n, 300n]));
  });

  it("is bounded by what the customer has at the bank [R-065]", async () => {
    await open();
    const id = randomBytes(16);
    await refusal("insufficient-funds", ask(20_001n, id));
    await bank.staff("/v1/accounts/anna/deposits", { amount: "1", reference: "more" });
    await applied(20_001n, id);
    await settled(0n, 20_001n);
  });

  it("is bounded by what the device may hold, with loads under way", async () => {
    await open([1_000_000n], { settings: {} });
    await bank.staff("/v1/accounts/anna/deposits", { amount: "80000", reference: "more" });
    await device.load(30_000n);
    bank.node.gatherMs = undefined;
    await ask(15_000n);
    await refusal("over-balance-limit", ask(5_001n));
    expect((await ask(5_000n)).state).to.equal("pending");
  });

  it("is for enrolled devices of this bank alone", async () => {
    await open();
    const stranger = new TestDevice(bank, await bank.node.ledger.enrol("a stranger", MEMBER));
    const load = { kind: "load", id: randomBytes(16), amount: 1n, parts: [] } as const;
    await refusal("unauthorised", stranger.ask(load));
    bank.node.gatherMs = undefined;
    const fresh = new TestDevice(bank);
    await fresh.enrol(await bank.credential("anna"));
    await refusal("sync-needed", fresh.ask(load));
  });

  it("freezes nothing while the vault cannot pay, and can be asked again when it can", async () => {
    await open([100n]);
    const id = randomBytes(16);
    const { detail } = await refusal("unavailable", ask(101n, id));
    expect(detail).to.include("vault");
    expect(await bank.balance("anna")).to.include({ available: "20000", held: "0" });
    bank.node.change((ledger) => ledger.deposit(MEMBER, 50n));
    await applied(101n, id);
    await settled(19_899n, 101n);
  });

  it("never uses a vault coin twice, however many load at once", async () => {
    await open([3_000n, 2_000n]);
    const others = await Promise.all(
      ["bert", "cleo", "dora"].map((account) => TestDevice.enrolled(bank, account, 2_000n)),
    );
    const devices = [device, ...others];
    const loads = devices.flatMap((each) => Array.from({ length: 5 }, () => each.load(200n)));
    await Promise.all(loads);
    expect(devices.map((each) => each.balance())).to.deep.equal([1000n, 1000n, 1000n, 1000n]);
    const vault = await bank.staff<object>("/v1/vault");
    expect(vault).to.include({ amount: "1000", spending: 0 });
    const refused = bank.log.filter((line) => line.includes("stuck"));
    expect(refused).to.deep.equal([]);
  });

  it("pays out of change that is still on its way", async () => {
    await open([1_000n]);
    bank.node.gatherMs = undefined;
    for (let i = 0; i < 4; i++) expect((await ask(100n)).state).to.equal("pending");
    await until("the node has all", () => bank.node.waiting === 4);
    expect(await bank.staff("/v1/vault")).to.include({ amount: "600", spending: 4 });
    for (let i = 0; i < 4; i++) bank.node.sequence();
    await settled(19_600n, 400n);
    expect(device.balance()).to.equal(400n);
  });

  it("hands in the same record after a restart, and no second one", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const id = randomBytes(16);
    await ask(500n, id);
    await until("the node has it", () => bank.node.waiting === 1);
    await bank.stop();
    await bank.node.stop();
    await bank.node.start();
    await bank.start();
    await until("the node has it again", () => bank.node.waiting === 1);
    await ask(500n, id);
    bank.node.gatherMs = 2;
    bank.node.sequence();
    await applied(500n, id);
    await settled(19_500n, 500n);
    expect(await bank.staff("/v1/vault")).to.include({ amount: "999500", spending: 0 });
  });

  it("stays frozen when another record took its coin: it is not certain that it never applies", async () => {
    await open([1_000n]);
    bank.node.gatherMs = undefined;
    const id = randomBytes(16);
    const [vaultCoin] = coinsOfVault();
    await ask(300n, id);
    await until("the node has it", () => bank.node.waiting === 1);
    const { treasury } = bank.node.ledger.bank(MEMBER);
    const rival = await spend({
      signer: treasury,
      inputs: [vaultCoin!],
      outputs: [pay(treasury, MEMBER, 1_000n)],
      counter: 77,
    });
    bank.node.sequenceForeign([rival.bytes]);
    bank.node.sequence();
    await until("it is told of", () => bank.log.some((line) => line.includes("a load is stuck")));
    expect(await bank.balance("anna")).to.include({ available: "19700", held: "300" });
    expect((await ask(300n, id)).state).to.equal("pending");
    await bank.restart();
    expect(await bank.balance("anna")).to.include({ held: "300" });
    bank.node.gatherMs = 2;
    await device.load(200n);
    expect(await bank.balance("anna")).to.include({ available: "19500", held: "300" });
  });

  it("stays frozen and paid when a stranger signs its record's body and is refused", async () => {
    await open([1_000n]);
    bank.node.gatherMs = undefined;
    const id = randomBytes(16);
    await ask(300n, id);
    await until("the node has it", () => bank.node.waiting === 1);
    const loaded = decodeRecord(bank.node.pooled()[0]!);
    const signature = await device.key.sign(message("record", networkId, loaded.body));
    const stolen = encodeRecord({ ...loaded, signer: device.key.publicKey, signature });
    await device.ask({ kind: "submit", leaves: [stolen] });
    await until("the node has both", () => bank.node.waiting === 2);
    bank.node.sequenceForeign([stolen]);
    await until("the stranger's is refused", async () => {
      const { leaves } = await bank.staff<{ leaves: number }>("/v1/intake");
      return leaves === 1;
    });
    expect(await bank.balance("anna")).to.include({ available: "19700", held: "300" });
    expect(await bank.staff("/v1/vault")).to.include({ amount: "700", spending: 1 });
    bank.node.gatherMs = 2;
    bank.node.sequence();
    await applied(300n, id);
    await settled(19_700n, 300n);
    expect(await bank.staff("/v1/vault")).to.include({ amount: "700", spending: 0 });
  });

  it("are not kept back by strangers who name the vault's coins in records of theirs", async () => {
    await open([1_000n]);
    const inputs = [coinsOfVault()[0]!.outpoint, `0x${"ab".repeat(33)}` as const];
    const record = await spend({
      signer: device.key,
      inputs,
      outputs: [pay(device.key, MEMBER, 1n)],
    });
    await device.ask({ kind: "submit", leaves: [record.bytes] });
    await until("the node has it", () => bank.node.waiting === 1);
    await device.load(200n);
    await settled(19_800n, 200n);
  });

  it("gives back what is frozen only when its record can never apply", async () => {
    await open([1_000n]);
    bank.node.gatherMs = undefined;
    bank.node.refuses = "bad-signature";
    const id = randomBytes(16);
    await ask(300n, id);
    await until("it is given back", async () => {
      const { available, held } = await bank.balance("anna");
      return available === "20000" && held === "0";
    });
    await refusal("bad-signature", ask(300n, id));
    bank.node.refuses = undefined;
    bank.node.gatherMs = 2;
    await bank.restart();
    await refusal("bad-signature", ask(300n, id));
    await applied(400n, randomBytes(16));
    await settled(19_600n, 400n);
  });

  it("refuses while the node is away, and goes on when it is back", async () => {
    await open();
    await bank.node.stop();
    const id = randomBytes(16);
    await refusal("unavailable", ask(10n, id));
    expect((await bank.balance("anna")).held).to.equal("0");
    await bank.node.start();
    await applied(10n, id);
  });

  it("carries amounts up to 2^64 - 1", async () => {
    await open([AMOUNT_MAX, AMOUNT_MAX], {
      settings: { "certificates.software": { maxBalance: String(AMOUNT_MAX) } },
    });
    await bank.publish([await bank.trustList({ version: 2, guarantee: AMOUNT_MAX })]);
    await bank.staff("/v1/accounts/anna/deposits", {
      amount: String(AMOUNT_MAX - 20_000n),
      reference: "much",
    });
    await until("the guarantee counts", async () => {
      const { certificate } = await device.ask({ kind: "certify" });
      return certificate.maxBalance === AMOUNT_MAX;
    });
    await device.load(AMOUNT_MAX - 1n);
    await device.load(1n);
    expect(device.balance()).to.equal(AMOUNT_MAX);
    await settled(0n, AMOUNT_MAX);
  });

  it("merges the vault's smallest coins into one", async () => {
    await open([10n, 20n, 30n]);
    const { record } = await bank.staff<{ record: string }>("/v1/vault/merge", {});
    expect(record).to.match(/^0x[0-9a-f]{64}$/);
    await until("it has applied", () => coinsOfVault().length === 1);
    await until("the vault knows", async () => {
      const { coins, spending } = await bank.staff<{ coins: number; spending: number }>(
        "/v1/vault",
      );
      return coins === 1 && spending === 0;
    });
    expect(await bank.staff("/v1/vault/merge", {})).to.deep.equal({ record: null });
  });

  function coinsOfVault() {
    const { treasury } = bank.node.ledger.bank(MEMBER);
    const owner = new TestDevice(bank, treasury).owner;
    return Array.from(bank.node.ledger.state.coinsOf(owner), ([outpoint, output]) => ({
      outpoint,
      output,
    }));
  }
});
