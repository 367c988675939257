/** Real purses against a real gateway: enrolled, loaded, paid offline, settled, redeemed. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { enrol, load, redeem } from "../../device/account.ts";
import { HttpGatewayClient } from "../../device/gateway-client.ts";
import type { PendingRecord } from "../../device/pending-store.ts";
import { Purse } from "../../device/purse.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { ownerOf } from "../../protocol/key.ts";
import { toHex } from "../../protocol/bytes.ts";
import { systemRandom } from "../../protocol/random.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { networkId } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { authority, Bank, MEMBER } from "./support/bank.ts";
import { RECEIPT_LIFE_S } from "./support/node-double.ts";
import { refusal } from "./support/refusal.ts";

describe("purses at a gateway", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  /** What purses have sent to the gateway. */
  const sent: Uint8Array[] = [];
  const gateway = () =>
    new HttpGatewayClient(bank.url, MEMBER, (url, init) => {
      sent.push(init?.body as Uint8Array);
      return describedFetch(url, init);
    });
  const purseOf = async (
    account: string,
    deposit: bigint,
    { signer = NodeSigner.generate(), store = new MemoryPurseStore() } = {},
  ) => {
    const purse = await Purse.open({
      networkId: toHex(networkId),
      member: MEMBER,
      class: "software",
      signer,
      verifier: new NodeVerifier(),
      store,
      random: systemRandom,
      clock: () => bank.now(),
      trustKey: authority.publicKey,
      receiptLifeMs: RECEIPT_LIFE_S * 1000,
    });
    const credential = await bank.customer(account, deposit);
    await until("it is enrolled", () => enrol(purse, gateway(), credential));
    return purse;
  };
  const loaded = async (account: string, amount: bigint) => {
    const purse = await purseOf(account, amount);
    const id = randomBytes(16);
    await until("the load is there", () => load(purse, gateway(), { id, amount }));
    return purse;
  };
  const pay = async (payer: Purse, payee: Purse, amount: bigint) => {
    const { confirmation } = await payee.receive(await payer.pay(await payee.request(amount)));
    await payer.confirm(confirmation.bytes);
  };
  const synced = (purse: Purse) =>
    until("everything has settled", async () => (await sync(purse, gateway())).pending === 0);
  const shows = (account: string, available: bigint, onDevices: bigint) =>
    until(`${account} shows ${available} and ${onDevices}`, async () => {
      const balance = await bank.balance(account);
      return [balance.available, balance.onDevices].join() === [available, onDevices].join();
    });

  it("pay each other offline in a chain, and whoever syncs settles all of it [R-001, R-026, R-027, R-078]", async () => {
    const a = await loaded("anna", 1_000n);
    const [b, c, d] = await Promise.all(["bert", "cleo", "dora"].map((name) => purseOf(name, 0n)));
    await bank.stop();
    await pay(a, b!, 300n);
    await pay(b!, c!, 200n);
    await pay(a, d!, 100n);
    await bank.start();
    await Promise.all([synced(c!), synced(d!)]);
    await shows("anna", 0n, 600n);
    await shows("bert", 0n, 100n);
    await shows("cleo", 0n, 200n);
    await shows("dora", 0n, 100n);
    await Promise.all([synced(a), synced(b!)]);
    expect([a, b!, c!, d!].map((purse) => purse.balance().spendable)).to.deep.equal([
      600n,
      100n,
      200n,
      100n,
    ]);
  });

  for (const amount of [2n ** 53n, 2n ** 64n - 1n]) {
    it(`load, pay on and redeem ${amount}, to the last unit`, async () => {
      await bank[Symbol.asyncDispose]();
      const settings = {
        "certificates.software": { maxBalance: String(2n ** 64n - 1n), maxPayment: "0" },
      };
      bank = await Bank.open(await folder(), { settings });
      await bank.publish([await bank.trustList({ guarantee: 2n ** 64n - 1n })]);
      bank.node.ledger.deposit(MEMBER, amount);
      await bank.start();
      const a = await loaded("anna", amount);
      await shows("anna", 0n, amount);
      const b = await purseOf("bert", 0n);
      await pay(a, b, amount);
      expect([a.balance().spendable, b.balance().spendable]).to.deep.equal([0n, amount]);
      await synced(b);
      const vault = ownerOf(bank.node.ledger.bank(MEMBER).treasury.publicKey);
      await redeem(b, gateway(), amount - 1n, vault);
      await synced(b);
      await shows("bert", amount - 1n, 1n);
      await shows("anna", 0n, 0n);
      expect(b.balance().spendable).to.equal(1n);
      expect(await bank.staff<object>("/v1/books")).to.include({
        cash: String(-amount),
        total: "0",
      });
    });
  }

  it("settle a payment long after certificates and receipts have run out: the payee comes alone, and all are renewed by the sync [R-168]", async () => {
    // The gateway's clock and the chain's show the same from here on.
    bank.pass(0);
    await bank.publish([await bank.trustList({ version: 2 })]);
    await bank.restart();
    const a = await loaded("anna", 1_000n);
    const b = await purseOf("bert", 0n);
    await bank.stop();
    await pay(a, b, 400n);
    bank.pass(3 * RECEIPT_LIFE_S);
    await refusal("expired", b.request(1n));
    const [late] = b.pending();
    expect(late!.record.outputs[0]!.amount).to.equal(400n);
    await bank.start();
    await synced(b);
    await shows("anna", 0n, 600n);
    await shows("bert", 0n, 400n);
    await synced(a);
    await pay(b, a, 150n);
    await synced(a);
    await shows("anna", 0n, 750n);
    expect(b.balance().spendable + b.balance().waiting).to.equal(250n);
  });

  it("have one code each, by which bank, ledger and payees know them; the key behind it is in nothing that they send, show or store [R-098]", async () => {
    const secret = randomBytes(32);
    const [signer, store] = [NodeSigner.fromScalar(secret), new MemoryPurseStore()];
    const code = ownerOf(signer.publicKey);
    const a = await purseOf("anna", 100n, { signer, store });
    const b = await purseOf("bert", 0n);
    const id = randomBytes(16);
    await until("the load is there", () => load(a, gateway(), { id, amount: 100n }));
    const payment = await a.pay(await b.request(30n));
    const { confirmation } = await b.receive(payment);
    await a.confirm(confirmation.bytes);
    await synced(a);

    const { owner, certificate } = a.identity();
    const { account } = await bank.staff<{ account: string }>(`/v1/devices/${code}`);
    const [{ record }] = b.pending() as [PendingRecord];
    expect([owner, ownerOf(certificate!.deviceKey), ownerOf(record.signer)]).to.deep.equal([
      code,
      code,
      code,
    ]);
    expect([account, bank.node.ledger.state.memberOf(code)]).to.deep.equal(["anna", MEMBER]);
    const rows = [...(await store.rows()).values()];
    expect([sent.length, rows.length].every((count) => count > 3)).to.equal(true);
    for (const bytes of [...sent, ...rows, payment, record.bytes])
      expect(Buffer.from(bytes).includes(secret)).to.equal(false);
  });

  it("redeem what they have received into their holder's account [R-067, R-068]", async () => {
    const a = await loaded("anna", 1_000n);
    const b = await purseOf("bert", 0n);
    await pay(a, b, 400n);
    await synced(b);
    const vault = ownerOf(bank.node.ledger.bank(MEMBER).treasury.publicKey);
    await redeem(b, gateway(), 150n, vault);
    await synced(b);
    await shows("bert", 150n, 250n);
    expect(b.balance().spendable).to.equal(250n);
  });

  it("learn from any sync that their bank has blocked a payer [N-04]", async () => {
    const a = await loaded("anna", 1_000n);
    const b = await purseOf("bert", 0n);
    await bank.staff(`/v1/devices/${a.identity().owner}/block`, {});
    await sync(b, gateway());
    const request = await b.request(100n);
    const paid = a.pay(request).then((payment) => b.receive(payment));
    await refusal("revoked", paid);
  });

  it("learn the time and a new certificate after a long time away [R-070]", async () => {
    const a = await loaded("anna", 1_000n);
    bank.ahead = 20 * 86_400_000;
    await bank.publish([await bank.trustList({ version: 2 })]);
    await until("the new list is taken", async () => {
      await sync(a, gateway());
      return (a.identity().versions.find(({ member }) => member === 0)?.version ?? 0) === 2;
    });
    expect(a.identity().certificate!.notAfter).to.be.above(bank.now());
    expect(a.balance().spendable).to.equal(1_000n);
  });
});
