/** A second factor on a purse: no high amount leaves without its code, in one payment or in many, and no cut helps. */
import { expect } from "chai";
import { sealingKeyOf } from "../../protocol/hpke.ts";
import { NOBODY, ownerOf } from "../../protocol/key.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import {
  payeeNumber,
  secondFactorCode,
  WINDOW_MS,
  windowOf,
} from "../../protocol/second-factor-code.ts";
import { askGateway } from "../../device/gateway-client.ts";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import type { ToConfirm } from "../../device/second-factor-pad.ts";
import { sync } from "../../device/sync.ts";
import { bytes } from "../../scripts/vectors/keys.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { TestGateway } from "./support/gateway.ts";
import { refused } from "./support/refused.ts";
import { type Device, exchange, networkId, World } from "./support/world.ts";

const FROM = 100n;
const PIN = "2580";
const coins = Array.from({ length: 12 }, () => 100n);

describe("a second factor", () => {
  let world: World;
  let bank: TestGateway;
  let store: CutStore;
  let ada: Device;
  let ben: Device;
  let cleo: Device;
  let secret: Uint8Array;

  beforeEach(async () => {
    world = new World();
    bank = new TestGateway(world, 1, ["Ada", "Ben", "Cleo"]);
    store = new CutStore(new MemoryPurseStore());
    ada = await world.device("Ada", { coins, store });
    ben = await world.device("Ben");
    cleo = await world.device("Cleo");
    secret = bank.setSecondFactor(ada, FROM);
    await sync(ada.purse, bank);
  });

  const status = () => ada.purse.secondFactor.status();
  const toBen = (amount: bigint): ToConfirm => ({ amount, payee: ben.owner });
  /** What a voice line says. */
  const codeOf = ({ amount, payee }: ToConfirm, windows = 0, key = secret) => {
    const confirmed = { amount, payee: payeeNumber(payee) };
    return secondFactorCode(networkId, key, confirmed, windowOf(world.now) + windows);
  };
  const enter = (payment: ToConfirm, code = codeOf(payment)) =>
    ada.purse.secondFactor.enter(payment, code);
  const wrong = (payment: ToConfirm) => {
    const code = codeOf(payment);
    return `${(Number(code[0]) + 5) % 10}${code.slice(1)}`;
  };

  it("comes with a sync, and is asked for from its amount on [N-25, R-171]", async () => {
    expect(status()).to.deep.equal({ from: FROM, unconfirmed: 0n, tries: 3 });
    expect([99n, 100n].map((amount) => ada.purse.secondFactor.isNeeded(amount))).to.deep.equal([
      false,
      true,
    ]);
    const request = await ben.purse.request(100n);
    const { writes } = store;
    const refusal = await refused("second-factor-needed", ada.purse.pay(request));
    const number = payeeNumber(ben.owner);
    expect(refusal.message.replaceAll(" ", "")).to.contain(number);
    expect(store.writes).to.equal(writes);
    await enter(toBen(100n));
    const message = await ada.purse.pay(request);
    const { confirmation } = await ben.purse.receive(message);
    await ada.purse.confirm(confirmation.bytes);
    expect(ben.purse.balance().spendable).to.equal(100n);
    expect(await ada.purse.pay(request), "asked again, without a code").to.deep.equal(message);
  });

  it("is asked for once what left without a code adds up to its amount, whatever was synced since [N-25, R-171]", async () => {
    for (let paid = 0; paid < 90; paid += 30) {
      await exchange(ada, ben, 30n);
      bank.sequence();
      await sync(ada.purse, bank);
    }
    await world.reopen(ada);
    expect(status()).to.include({ unconfirmed: 90n });
    await exchange(ada, ben, 9n);
    await refused("second-factor-needed", ada.purse.pay(await ben.purse.request(1n)));
    await enter(toBen(1n));
    await exchange(ada, ben, 1n);
    expect(status()).to.include({ unconfirmed: 0n });
    await exchange(ada, ben, 99n);
  });

  it("confirms one payment of one amount to one payee, and nothing else [N-25, R-125, R-126]", async () => {
    const code = codeOf(toBen(100n));
    await refused("wrong-second-factor", enter(toBen(101n), code));
    await refused("wrong-second-factor", enter({ amount: 100n, payee: cleo.owner }, code));
    await enter(toBen(100n), code);
    await refused("second-factor-needed", ada.purse.pay(await ben.purse.request(101n)));
    await refused("second-factor-needed", ada.purse.pay(await cleo.purse.request(100n)));
    await exchange(ada, ben, 100n);
    await refused("second-factor-needed", ada.purse.pay(await ben.purse.request(100n)));
    await refused("wrong-second-factor", enter(toBen(100n), code));
    world.pass(WINDOW_MS);
    await enter(toBen(100n));
    await exchange(ada, ben, 100n);
  });

  it("bears clocks a minute apart, and what a code opened closes with its time [N-25, R-125]", async () => {
    for (const windows of [-2, 2]) {
      await refused("wrong-second-factor", enter(toBen(100n), codeOf(toBen(100n), windows)));
    }
    for (const windows of [-1, 1]) {
      await enter(toBen(100n), codeOf(toBen(100n), windows));
      expect(status()).to.include({ tries: 3 });
    }
    world.pass(3 * WINDOW_MS);
    await refused("second-factor-needed", ada.purse.pay(await ben.purse.request(100n)));
  });

  it("has three tries, which the right code gives back; then the bank sets it anew [N-25, R-171]", async () => {
    await refused("malformed", enter(toBen(100n), "1234"));
    await refused("wrong-second-factor", enter(toBen(100n), wrong(toBen(100n))));
    const refusal = await refused("wrong-second-factor", enter(toBen(100n), wrong(toBen(100n))));
    expect(refusal.message).to.contain("1 tries are left");
    await enter(toBen(100n));
    expect(status()).to.include({ tries: 3 });
    world.pass(2 * WINDOW_MS);
    for (let i = 0; i < 2; i++) {
      await refused("wrong-second-factor", enter(toBen(100n), wrong(toBen(100n))));
    }
    await refused("second-factor-blocked", enter(toBen(100n), wrong(toBen(100n))));
    await refused("second-factor-blocked", enter(toBen(100n)));
    await world.reopen(ada);
    await refused("second-factor-blocked", ada.purse.pay(await ben.purse.request(100n)));
    await exchange(ada, ben, 99n);
    const old = secret;
    secret = bank.setSecondFactor(ada, FROM);
    await sync(ada.purse, bank);
    expect(status()).to.deep.equal({ from: FROM, unconfirmed: 0n, tries: 3 });
    await refused("wrong-second-factor", enter(toBen(100n), codeOf(toBen(100n), 0, old)));
    await enter(toBen(100n));
    await exchange(ada, ben, 100n);
  });

  it("confirms money under a claim code as nobody's, and a redemption needs none [N-25, N-19]", async () => {
    await refused("second-factor-needed", ada.purse.payCode(150n, "open sesame"));
    await enter({ amount: 150n, payee: NOBODY });
    await refused("second-factor-needed", ada.purse.pay(await ben.purse.request(150n)));
    await ada.purse.payCode(150n, "open sesame");
    bank.sequence();
    await sync(ada.purse, bank);
    bank.sequence();
    await sync(ada.purse, bank);
    await ada.purse.redeem(200n, ownerOf(world.ledger.bank(1).treasury.publicKey));
  });

  it("is entered and shown after the PIN alone [N-25, R-028]", async () => {
    await ada.purse.pin.set(PIN, "12345678");
    await refused("pin-needed", enter(toBen(100n), wrong(toBen(100n))));
    expect(status()).to.include({ tries: 3 });
    await ada.purse.pin.unlock(PIN);
    await enter(toBen(100n));
    await exchange(ada, ben, 100n);
  });

  it("is taken off or changed by the bank's word alone, each newer than the last [N-25, R-171]", async () => {
    await askGateway(ada.purse, bank, { kind: "second-factors" });
    const { publicKey } = ada.signer;
    const reader = ada.purse.secondFactor.ask().key;
    const own = { device: publicKey, keeper: publicKey, version: 2, from: 5n };
    const forged: [string, ...Parameters<TestGateway["grant"]>][] = [
      ["bad-signature", own, reader, {}, world.ledger.bank(2).issuer],
      ["not-for-us", own, reader, { member: 2 }],
      ["not-for-us", own, reader, { keeper: ben.signer.publicKey }],
      ["not-for-us", own, sealingKeyOf(bytes("another", 32)).publicKey],
    ];
    for (const [code, ...fields] of forged) {
      const grant = await bank.grant(...fields);
      await refused(code as "not-for-us", ada.purse.secondFactor.take([grant]));
    }
    const lower = await bank.grant({ ...own, version: 1, from: 5n }, reader);
    const off = await bank.grant({ ...own, version: 1, from: 0n }, reader);
    await ada.purse.secondFactor.take([lower, off]);
    expect(status()).to.include({ from: FROM });
    const newer = await bank.grant({ ...own, version: 3, from: 0n }, reader);
    await ada.purse.secondFactor.take([newer]);
    expect(status()).to.equal(undefined);
    await ada.purse.secondFactor.take([await bank.grant(own, reader)]);
    expect(status()).to.equal(undefined);
    await exchange(ada, ben, 200n);
  });

  it("never gives its secret to whoever drives the purse [N-25]", async () => {
    bank.setSecondFactor(ada, FROM);
    const stranger = sealingKeyOf(bytes("a stranger", 32)).publicKey;
    const question = { kind: "second-factors", key: stranger, kept: [] } as const;
    const { ask } = await ada.purse.ask(question);
    expect(ask).to.include({ kind: "second-factors" });
    expect((ask as typeof question).key).not.to.deep.equal(stranger);
  });

  it("holds back certificates and receipts from a purse that has not taken it [N-25, R-171]", async () => {
    bank.setSecondFactor(ada, 50n);
    const { asked } = bank;
    asked.length = 0;
    await sync(ada.purse, bank);
    expect(asked.slice(0, 5)).to.deep.equal([
      "lists",
      "receipts",
      "second-factors",
      "second-factors",
      "receipts",
    ]);
    expect(status()).to.include({ from: 50n });
    asked.length = 0;
    await sync(ada.purse, bank);
    expect(asked).not.to.include("second-factors");
  });

  describe("on a second device", () => {
    beforeEach(async () => {
      secret = bank.setSecondFactor(ada, FROM, cleo);
      await sync(ada.purse, bank);
      await sync(cleo.purse, bank);
    });

    it("is shown for the request that both have read, with no network [N-25, R-119]", async () => {
      const request = await ben.purse.request(250n);
      const { amount, certificate } = cleo.purse.checkRequest(request);
      const payment = { amount, payee: ownerOf(certificate.deviceKey) };
      const confirmed = { amount, payee: payeeNumber(payment.payee) };
      const { code, expires } = cleo.purse.secondFactor.codeFor(ada.owner, confirmed);
      expect(expires - world.now).to.be.within(WINDOW_MS, 2 * WINDOW_MS);
      await enter(payment, `${code.slice(0, 4)} ${code.slice(4)}`);
      await ada.purse.pay(request);
      expect(cleo.purse.secondFactor.shown()).to.deep.equal([{ device: ada.owner, from: FROM }]);
      expect(cleo.purse.secondFactor.status(), "pays without").to.equal(undefined);
    });

    it("is kept over a restart, behind the PIN, and goes when the bank takes it off [N-25]", async () => {
      const payment = { amount: 1n, payee: payeeNumber(ben.owner) };
      const shown = async ({ owner }: Device) => cleo.purse.secondFactor.codeFor(owner, payment);
      await cleo.purse.pin.set(PIN, "12345678");
      await world.reopen(cleo);
      await refused("pin-needed", shown(ada));
      await cleo.purse.pin.unlock(PIN);
      await shown(ada);
      await refused("not-found", shown(ben));
      bank.setSecondFactor(ada, 0n, cleo);
      await sync(cleo.purse, bank);
      expect(cleo.purse.secondFactor.shown()).to.deep.equal([]);
    });
  });

  describe("cut off at any write", () => {
    const cuts = [1, 2, 3].flatMap((at) => [
      { at, isKept: false },
      { at, isKept: true },
    ]);

    it("is never compared more than three times [N-07, N-25]", async () => {
      const every = cuts.flatMap((first) => cuts.map((second) => [first, second, first, second]));
      for (const sequence of every) {
        secret = bank.setSecondFactor(ada, FROM);
        await sync(ada.purse, bank);
        let compared = 0;
        for (const cut of [...sequence, ...sequence]) {
          const before = status()!.tries;
          store.cut = { at: store.writes + cut.at, isKept: cut.isKept };
          const error: unknown = await enter(toBen(100n), wrong(toBen(100n))).catch((e) => e);
          if (isRefusal(error, "wrong-second-factor")) compared++;
          else if (isRefusal(error, "second-factor-blocked")) compared += before > 0 ? 1 : 0;
          else expect(isCut(error), String(error)).to.equal(true);
          store.cut = undefined;
          await world.reopen(ada);
          expect(status()!.tries).to.be.at.most(before);
        }
        expect(compared).to.be.at.most(3);
      }
    });

    it("lets one payment go for one code, wherever entering and paying are cut [N-07, N-25]", async () => {
      const work = async (request: Uint8Array) => {
        await enter(toBen(100n));
        await ada.purse.pay(request);
      };
      for (const at of [1, 2, 3, 4]) {
        for (const isKept of [false, true]) {
          secret = bank.setSecondFactor(ada, FROM);
          await sync(ada.purse, bank);
          world.pass(WINDOW_MS);
          const [request, other] = [await ben.purse.request(100n), await ben.purse.request(100n)];
          const count = () => ada.purse.history().filter(({ kind }) => kind === "paid").length;
          const before = count();
          store.cut = { at: store.writes + at, isKept };
          const error: unknown = await work(request).catch((reason) => reason);
          expect(isCut(error), `${at} ${isKept}: ${String(error)}`).to.equal(true);
          store.cut = undefined;
          await world.reopen(ada);
          const isOpen = (at === 2 && isKept) || (at === 3 && !isKept);
          const isPaid = (at === 3 && isKept) || at === 4;
          const paying = ada.purse.pay(request);
          if (isOpen || isPaid) await paying;
          else await refused("second-factor-needed", paying);
          expect(count() - before).to.equal(isOpen || isPaid ? 1 : 0);
          await refused("second-factor-needed", ada.purse.pay(other));
        }
      }
    });
  });
});
