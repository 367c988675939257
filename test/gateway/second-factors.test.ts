/** Second factors at a gateway: set by its staff, taken by devices, said by the voice line; real purses pay by them. */
import { expect } from "chai";
import { enrol, load } from "../../device/account.ts";
import { HttpGatewayClient } from "../../device/gateway-client.ts";
import { Purse } from "../../device/purse.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { toHex } from "../../protocol/bytes.ts";
import { makeSealingKey } from "../../protocol/hpke.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { limits } from "../../protocol/limits.ts";
import { payeeNumber, secondFactorCode, windowOf } from "../../protocol/second-factor-code.ts";
import { checkSecondFactorGrantSignature, openSecret } from "../../protocol/second-factor-grant.ts";
import type { StaffApi } from "../../gateway/staff-api.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { networkId } from "../support/ledger-parts.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { until } from "../support/until.ts";
import { authority, Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { RECEIPT_LIFE_S } from "./support/node-double.ts";
import { refusal } from "./support/refusal.ts";

type State = StaffApi["POST /v1/devices/{owner}/second-factor"]["reply"];
type Code = StaffApi["POST /v1/devices/{owner}/second-factor/code"]["reply"];

describe("second factors at a gateway", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  before(async () => {
    bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  let names = 0;
  const nameOf = (what: string) => `${what}-${++names}`;
  const set = (owner: Owner, body: { from: string; shownBy?: Owner }) =>
    bank.staff<State>(`/v1/devices/${owner}/second-factor`, body);
  const lift = (owner: Owner) => bank.staff<State>(`/v1/devices/${owner}/second-factor/lift`, {});
  const stateOf = (owner: Owner) => bank.staff<State>(`/v1/devices/${owner}/second-factor`);
  const said = (owner: Owner, amount: bigint, payee: Owner) =>
    bank.staff<Code>(`/v1/devices/${owner}/second-factor/code`, {
      amount: String(amount),
      payee: payeeNumber(payee),
    });
  const receipts = { kind: "receipts", outpoints: [] } as const;
  /** What a device that keeps nothing yet is answered. */
  const askedBy = async (
    device: TestDevice,
    kept: readonly { device: TestDevice; version: number }[] = [],
  ) => {
    const reader = makeSealingKey(systemRandom);
    const rows = kept.map(({ device: { key }, version }) => {
      return { device: toHex(key.publicKey), version };
    });
    const ask = { kind: "second-factors", key: reader.publicKey, kept: rows } as const;
    const { grants } = await device.ask(ask);
    return { reader, grants };
  };
  /** A second device of the same customer's account. */
  const another = async (account: string) => {
    const device = new TestDevice(bank);
    const bytes = await bank.credential(account);
    await until(
      "it is enrolled",
      async () => (await device.enrol(bytes)).certificate !== undefined,
    );
    return device;
  };

  it("is sealed to the device that asks, signed by the issuer, and taken once the device says so [N-25, R-171]", async () => {
    const anna = await TestDevice.enrolled(bank, nameOf("anna"), 0n);
    await refusal("not-found", stateOf(anna.owner));
    expect(await set(anna.owner, { from: "10000" })).to.deep.equal({
      version: 1,
      from: "10000",
      isTaken: false,
    });
    await refusal("second-factor-waiting", anna.ask(receipts));
    await refusal("second-factor-waiting", anna.ask({ kind: "certify" }));
    await refusal("second-factor-waiting", anna.load(10n));
    await anna.ask({ kind: "lists", versions: [] });
    const { reader, grants } = await askedBy(anna);
    const [grant] = grants as [(typeof grants)[0]];
    const { issuer } = bank.node.ledger.bank(MEMBER);
    checkSecondFactorGrantSignature(networkId, grant, issuer.publicKey, new NodeVerifier());
    expect(grant).to.include({ member: MEMBER, version: 1, from: 10_000n });
    const secret = await openSecret(networkId, grant, reader);
    expect((await stateOf(anna.owner)).isTaken).to.equal(false);
    expect((await askedBy(anna, [{ device: anna, version: 1 }])).grants).to.deep.equal([]);
    expect((await stateOf(anna.owner)).isTaken).to.equal(true);
    await anna.ask(receipts);
    const { code, expires } = await said(anna.owner, 45_000n, anna.owner);
    const confirmed = { amount: 45_000n, payee: payeeNumber(anna.owner) };
    const codes = [0, 1].map((back) =>
      secondFactorCode(networkId, secret, confirmed, windowOf(bank.now()) - back),
    );
    expect(codes).to.include(code);
    expect(expires - bank.now()).to.be.within(0, 120_000);
    expect(bank.log.join(""), "in no log").not.to.contain(code);
  });

  it("is made anew with another secret, and taken off, each time as a higher version, over restarts [N-25]", async () => {
    const anna = await TestDevice.enrolled(bank, nameOf("anna"), 0n);
    await set(anna.owner, { from: "100" });
    const first = await askedBy(anna);
    expect(await set(anna.owner, { from: "200" })).to.include({ version: 2, from: "200" });
    await bank.restart();
    await refusal("second-factor-waiting", anna.ask(receipts));
    const second = await askedBy(anna, [{ device: anna, version: 1 }]);
    const secrets = await Promise.all(
      [first, second].map(({ grants, reader }) => openSecret(networkId, grants[0]!, reader)),
    );
    expect(secrets[0]).not.to.deep.equal(secrets[1]);
    expect(await lift(anna.owner)).to.deep.equal({ version: 3, from: "0", isTaken: false });
    expect(await lift(anna.owner)).to.include({ version: 3 });
    await refusal("not-found", said(anna.owner, 1n, anna.owner));
    const { grants } = await askedBy(anna, [{ device: anna, version: 2 }]);
    expect(grants[0]).to.include({ version: 3, from: 0n, sealed: undefined });
    await askedBy(anna, [{ device: anna, version: 3 }]);
    await anna.ask(receipts);
  });

  it("goes to another device of the customer's that shows the codes, which the voice line then does not say [N-25, R-119]", async () => {
    const account = nameOf("anna");
    const anna = await TestDevice.enrolled(bank, account, 0n);
    const tablet = await another(account);
    await set(anna.owner, { from: "100", shownBy: tablet.owner });
    await refusal("conflict", said(anna.owner, 500n, anna.owner));
    const atTablet = await askedBy(tablet);
    const atPurse = await askedBy(anna);
    expect(atTablet.grants[0]!.keeper).to.deep.equal(tablet.key.publicKey);
    const secrets = await Promise.all(
      [atTablet, atPurse].map(({ grants, reader }) => openSecret(networkId, grants[0]!, reader)),
    );
    expect(secrets[0]).to.deep.equal(secrets[1]);
    await refusal("not-for-us", openSecret(networkId, atPurse.grants[0]!, atTablet.reader));
    await set(anna.owner, { from: "100" });
    await refusal("second-factor-waiting", tablet.ask(receipts));
    const gone = await askedBy(tablet, [{ device: anna, version: 1 }]);
    expect(gone.grants[0]).to.include({ version: 2, from: 0n });
    await askedBy(tablet);
    await tablet.ask(receipts);
    await said(anna.owner, 500n, anna.owner);
  });

  it("is refused to a stranger's device, a chip, the device itself, and where it is blocked [N-25, R-171]", async () => {
    const account = nameOf("anna");
    const anna = await TestDevice.enrolled(bank, account, 0n);
    const bert = await TestDevice.enrolled(bank, nameOf("bert"), 0n);
    const from = "100";
    await refusal("forbidden", set(anna.owner, { from, shownBy: bert.owner }));
    await refusal("conflict", set(anna.owner, { from, shownBy: anna.owner }));
    await refusal("not-found", set(anna.owner, { from, shownBy: ownerOf(systemRandom(33)) }));
    await refusal("not-found", set(ownerOf(systemRandom(33)), { from }));
    await refusal("not-found", stateOf(ownerOf(systemRandom(33))));
    await refusal("malformed", set(anna.owner, { from: "0" }));
    await refusal("malformed", set(anna.owner, { from: "99999999999999999999" }));
    const chip = new TestDevice(bank);
    const { credential } = await bank.staff<{ credential: string }>(
      `/v1/accounts/${account}/credentials?class=chip`,
      {},
    );
    const bytes = new TextEncoder().encode(credential);
    await until(
      "it is enrolled",
      async () => (await chip.enrol(bytes, "chip")).certificate !== undefined,
    );
    await refusal("conflict", set(chip.owner, { from }));
    await refusal("conflict", set(anna.owner, { from, shownBy: chip.owner }));
    await set(anna.owner, { from });
    await bank.staff(`/v1/devices/${anna.owner}/block`, {});
    await refusal("revoked", set(anna.owner, { from }));
    await refusal("revoked", lift(anna.owner));
    await refusal("revoked", said(anna.owner, 500n, anna.owner));
    const ask = { kind: "second-factors", key: authority.publicKey, kept: [] } as const;
    await refusal("revoked", anna.ask(ask));
    await refusal("unauthorised", new TestDevice(bank).ask(ask));
  });

  it("is shown by one device for as many others as it can keep, and no more", async () => {
    const account = nameOf("family");
    const tablet = await TestDevice.enrolled(bank, account, 0n);
    const devices = Array.from({ length: limits.secondFactorsMax }, () => another(account));
    const [last, ...others] = await Promise.all(devices);
    const shown = { from: "100", shownBy: tablet.owner };
    for (const { owner } of others) await set(owner, shown);
    await refusal("conflict", set(last!.owner, shown));
    await set(others[0]!.owner, shown);
    expect((await askedBy(tablet)).grants).to.have.length(limits.secondFactorsMax - 1);
  });

  it("confirms a payment of a real purse, by the code that the voice line says, with the purse offline [N-25, R-119, R-125, R-171]", async () => {
    const gateway = new HttpGatewayClient(bank.url, MEMBER, describedFetch);
    const purseOf = async (account: string) => {
      const purse = await Purse.open({
        networkId: toHex(networkId),
        member: MEMBER,
        class: "software",
        signer: NodeSigner.generate(),
        verifier: new NodeVerifier(),
        store: new MemoryPurseStore(),
        random: systemRandom,
        clock: () => bank.now(),
        trustKey: authority.publicKey,
        receiptLifeMs: RECEIPT_LIFE_S * 1000,
      });
      const credential = await bank.customer(account, 1_000n);
      await until("it is enrolled", () => enrol(purse, gateway, credential));
      return purse;
    };
    const anna = await purseOf(nameOf("anna"));
    const bert = await purseOf(nameOf("bert"));
    const { owner } = anna.identity();
    const payee = bert.identity().owner;
    await set(owner, { from: "300" });
    const id = systemRandom(16);
    await until("the load is there", () => load(anna, gateway, { id, amount: 1_000n }));
    expect(anna.secondFactor.status()).to.include({ from: 300n });
    expect((await stateOf(owner)).isTaken).to.equal(true);
    const request = await bert.request(400n);
    await refusal("second-factor-needed", anna.pay(request));
    const { code } = await said(owner, 400n, payee);
    const { code: other } = await said(owner, 401n, payee);
    await refusal("wrong-second-factor", anna.secondFactor.enter({ amount: 400n, payee }, other));
    await anna.secondFactor.enter({ amount: 400n, payee }, code);
    const { confirmation } = await bert.receive(await anna.pay(request));
    await anna.confirm(confirmation.bytes);
    await lift(owner);
    const settled = async () => (await sync(anna, gateway)).pending === 0;
    await until("all has settled", settled);
    expect(anna.secondFactor.status()).to.equal(undefined);
    await anna.pay(await bert.request(500n));
  });
});
