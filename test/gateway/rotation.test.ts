/** Keys that are rotated while the gateway runs: nothing stops, and nobody is shown a key that he cannot know. */
import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import { toHex } from "../../protocol/bytes.ts";
import { checkCertificateSignature, type SignedCertificate } from "../../protocol/certificate.ts";
import { ownerOf } from "../../protocol/key.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { checkReceiptSignature, type SignedReceipt } from "../../protocol/receipt.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { networkId } from "../support/ledger-parts.ts";
import { RECLAIM_DELAY_S } from "../support/ledger.ts";
import { until } from "../support/until.ts";
import { ask, Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";

describe("a gateway whose keys are rotated", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let device: TestDevice;
  const [nextIssuer, nextTreasury] = [NodeSigner.generate(), NodeSigner.generate()];
  let oldIssuer: NodeSigner;
  let oldTreasury: NodeSigner;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.pass(0);
    await bank.publish([await bank.trustList({})]);
    oldIssuer = bank.node.ledger.bank(MEMBER).issuer;
    oldTreasury = bank.node.ledger.bank(MEMBER).treasury;
    bank.next = { nextIssuer, nextTreasury };
    bank.node.ledger.deposit(MEMBER, 1_000n);
    await bank.start();
    device = await TestDevice.enrolled(bank, "anna", 500n);
    await device.load(100n, [100n]);
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const isBy = (check: () => void): boolean => {
    try {
      check();
      return true;
    } catch (error) {
      if (!isRefusal(error, "bad-signature")) throw error;
      return false;
    }
  };
  const certifies = (key: NodeSigner, certificate: SignedCertificate) =>
    isBy(() => checkCertificateSignature(networkId, certificate, key.publicKey, portableVerifier));
  const receipts = (key: NodeSigner, receipt: SignedReceipt) =>
    isBy(() => checkReceiptSignature(networkId, receipt, key.publicKey, portableVerifier));
  const certificate = async () => (await device.ask({ kind: "certify" })).certificate;
  const info = () => ask<{ issuer: Hex; vault: Hex }>(`${bank.url}/v1/member`);

  it("enrols with the issuer key that the ledger has, and vouches with the one that devices know, until the trust list names the next [N-23]", async () => {
    bank.node.change((ledger) => ledger.changeMember(MEMBER, { issuer: nextIssuer }));
    await until("it goes by the next key", async () => {
      return (await info()).issuer === toHex(nextIssuer.publicKey);
    });
    expect(certifies(oldIssuer, await certificate())).to.equal(true);
    const late = await TestDevice.enrolled(bank, "bert", 0n);
    expect(bank.node.ledger.state.custodianOf(late.owner)).to.equal(MEMBER);
    await bank.staff(`/v1/devices/${late.owner}/block`, {});
    await until("the node takes its word", () => bank.node.revocations === 1);
    const previousIssuer = oldIssuer.publicKey;
    await bank.publish([await bank.trustList({ version: 2, previousIssuer })]);
    await until("it vouches with the next key", async () => {
      return certifies(nextIssuer, await certificate());
    });
    const { receipts: renewed } = await device.ask({ kind: "receipts", outpoints: [] });
    expect(renewed).to.have.length(1);
    expect(receipts(nextIssuer, renewed[0]!)).to.equal(true);
    const ready = await describedFetch(`${bank.gateway.managementUrl}/readyz`);
    expect(ready.status).to.equal(200);
  });

  it("spends with the present treasury key, and moves what the one before still has [N-23]", async () => {
    const payment = await device.redemption(40n);
    bank.node.change((ledger) => ledger.changeMember(MEMBER, { treasury: nextTreasury }));
    const ownerOfNext = ownerOf(nextTreasury.publicKey);
    await until("all of the vault is under the next key", () => {
      const { state } = bank.node.ledger;
      const sum = [...state.coinsOf(ownerOfNext)].reduce((all, [, { amount }]) => all + amount, 0n);
      return sum === 900n && [...state.coinsOf(ownerOf(oldTreasury.publicKey))].length === 0;
    });
    expect((await info()).vault).to.equal(ownerOfNext);
    await device.ask({ kind: "redeem", record: payment });
    await until("a redemption to the old key is credited", async () => {
      return (await bank.balance("anna")).available === "440";
    });
    await device.load(25n);
    await until("the vault is whole", async () => {
      const { amount, spending } = await bank.staff<{ amount: string; spending: number }>(
        "/v1/vault",
      );
      return amount === "915" && spending === 0;
    });
    await until("the books follow", async () => {
      const { settlement, total } = await bank.staff<Record<string, string>>("/v1/books");
      return settlement === "0" && total === "0";
    });
    const ready = await describedFetch(`${bank.gateway.managementUrl}/readyz`);
    expect(ready.status).to.equal(200);
  });

  it("reclaims anew what it was about to reclaim with the treasury key before [N-06, N-23]", async () => {
    const lostUrl = `/v1/devices/${device.owner}`;
    const reclaimed = async () =>
      (await bank.staff<{ lost: { reclaimed: string } }>(lostUrl)).lost.reclaimed;
    await bank.staff(`${lostUrl}/lost`, {});
    await until("it is revoked", () => bank.node.revocations === 1);
    bank.node.gatherMs = undefined;
    bank.pass(RECLAIM_DELAY_S);
    await until("a reclaim waits", () => bank.node.waiting === 1);
    bank.node.change((ledger) => ledger.changeMember(MEMBER, { treasury: nextTreasury }));
    await until("it goes by the next key", async () => {
      return (await info()).vault === ownerOf(nextTreasury.publicKey);
    });
    bank.node.gatherMs = 2;
    bank.node.sequence();
    await until("it is reclaimed all the same", async () => (await reclaimed()) === "100");
  });
});
