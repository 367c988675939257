/** A lost device: blocked, revoked, reclaimed, replaced, and nobody is paid or credited what is another's. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { Static } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import { prefixOf } from "../../protocol/lists.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import type { DeviceState, LostDeviceRow } from "../../gateway/schema.ts";
import type { ConflictStage } from "../../node/client.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { idOf } from "../support/ledger-parts.ts";
import { RECLAIM_DELAY_S } from "../support/ledger.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { CLAIM_PERIOD_S } from "./support/node-double.ts";
import { refusal } from "./support/refusal.ts";

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

describe("a lost device", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let card: TestDevice;
  let shop: TestDevice;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    bank.pass(0);
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
    card = await TestDevice.enrolled(bank, "anna", 100n);
    shop = await TestDevice.enrolled(bank, "shop", 0n);
    await card.load(100n, [100n]);
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const stateOf = (device = card) => bank.staff<DeviceState>(`/v1/devices/${device.owner}`);
  const report = () => bank.staff<DeviceState>(`/v1/devices/${card.owner}/lost`, {});
  const untilRevoked = () =>
    until("the chain has revoked it", async () => (await stateOf()).revoked !== undefined);
  const untilLost = (says: Partial<Static<typeof LostDeviceRow>>) =>
    until(`the state is ${JSON.stringify(says)}`, async () => {
      const { lost } = await stateOf();
      return Object.entries(says).every(([name, value]) => lost?.[name as "proven"] === value);
    });
  /** Until the time to reclaim. */
  const wait = async () => {
    await untilRevoked();
    bank.pass(RECLAIM_DELAY_S);
  };
  const settleCycle = () =>
    bank.node.change((ledger) => {
      ledger.closeCycle();
      ledger.settle();
    });
  /** Until what was reclaimed so far can no longer be reported, and is the customer's. */
  const passClaimPeriod = async () => {
    settleCycle();
    await until("the gateway has seen it settle", async () => {
      const { lost } = await stateOf();
      return lost?.creditFrom !== undefined;
    });
    bank.pass(CLAIM_PERIOD_S);
  };
  /** Lets time pass to whatever is due next, until so much is the customer's. */
  const untilCredited = async (amount: string) => {
    settleCycle();
    await until(`${amount} are the customer's`, async () => {
      const { lost } = await stateOf();
      const creditFrom = lost?.creditFrom ?? 0;
      if (creditFrom > bank.now()) bank.pass(Math.ceil((creditFrom - bank.now()) / 1000));
      return lost?.credited === amount;
    });
  };
  const available = async (account: string) => (await bank.balance(account)).available;
  const books = () => bank.staff<Record<string, string>>("/v1/books");

  /** The node's word on a coin that `loser` lost to a reclaim. */
  function tell(stage: ConflictStage, loser: SignedRecord): void {
    const [outpoint] = loser.inputs as [Hex];
    const winner = bank.node.ledger.history.spenderOf(outpoint)!;
    bank.node.tellConflict({
      id: `0x${idOf(loser).slice(2)}`,
      stage,
      code: stage,
      detail: stage,
      outpoint,
      amount: "100",
      owner: card.owner,
      custodian: MEMBER,
      loser: idOf(loser),
      winner,
      winnerKind: "reclaim",
      seq: 1,
      cycle: 1,
      isOurs: true,
    });
  }

  /** What the consortium does for a payee who comes after the reclaim. */
  async function restitute(loser: SignedRecord): Promise<void> {
    const [outpoint] = loser.inputs as [Hex];
    const output = {
      lock: 0 as const,
      owner: card.owner,
      custodian: MEMBER,
      amount: 100n,
    };
    tell("waiting", loser);
    bank.node.change((ledger) => ledger.restitute({ outpoint, output }, loser));
    tell("restituted", loser);
    bank.node.sequenceForeign([loser.bytes]);
    tell("paid", loser);
  }

  it("is blocked at once, stands on the list, and is revoked on the chain by the node, however long the chain is away [N-04, N-06]", async () => {
    bank.node.isChainDown = true;
    const { blocked, revoked, lost } = await report();
    expect(blocked).to.be.a("number");
    expect(revoked).to.equal(undefined);
    expect(lost!.sentences.join(" ")).to.match(
      /is blocked.*revocation is on the way to the chain/s,
    );
    await refusal("revoked", card.ask({ kind: "receipts", outpoints: [] }));
    await refusal("revoked", card.ask({ kind: "certify" }));
    await refusal("revoked", card.load(1n));
    const { lists } = await shop.ask({ kind: "lists", versions: [] });
    const own = lists.find(({ kind }) => kind === "revocations")!;
    expect(Buffer.from(own.bytes).toString("hex")).to.contain(prefixOf(card.owner).slice(2));
    await bank.restart();
    bank.node.isChainDown = false;
    await untilRevoked();
    const revokedAt = bank.node.ledger.timeS * 1000;
    const after = await stateOf();
    expect(after.revoked).to.equal(revokedAt);
    expect(after.lost!.reclaimableFrom).to.equal(revokedAt + RECLAIM_DELAY_S * 1000);
    await report();
    await bank.restart();
    await until("the node answers", async () => (await stateOf()).revoked === revokedAt);
    expect(bank.node.revocations).to.equal(1);
  });

  it("gives back what it did not spend: 100 loaded, 30 spent, the payee first: payee 30, customer 70 [N-06]", async () => {
    const payment = await card.pay(shop.owner, 30n);
    await report();
    await shop.ask({ kind: "submit", leaves: [payment.bytes] });
    await until("the shop has it", () => shop.balance() === 30n);
    await wait();
    await untilLost({ onDevice: "0", reclaimed: "70", credited: "0" });
    expect(await available("anna")).to.equal("0");
    expect(await available("recoveries")).to.equal("70");
    await untilCredited("70");
    expect(await available("anna")).to.equal("70");
    expect(await books()).to.include({ bond: "0", losses: "0", total: "0" });
  });

  it("credits nothing that a payee proves after the reclaim: payee 30 from the bond, customer 70 [N-06, N-12]", async () => {
    const payment = await card.pay(shop.owner, 30n);
    await report();
    await wait();
    await untilLost({ onDevice: "0", reclaimed: "100" });
    settleCycle();
    bank.pass(20 * DAY_S);
    await restitute(payment);
    expect(shop.balance()).to.equal(30n);
    await untilLost({ reclaimed: "170", proven: "100", credited: "0" });
    const { lost } = await stateOf();
    expect(lost!.sentences.join(" ")).to.match(/1\.00 EUR of that had been spent before/);
    bank.pass(CLAIM_PERIOD_S - 20 * DAY_S);
    await untilLost({ credited: "0" });
    await untilCredited("70");
    expect(await available("anna")).to.equal("70");
    expect(await available("recoveries")).to.equal("0");
    await shop.ask({ kind: "submit", leaves: [payment.bytes] });
    await until("the books tie out", async () => {
      const { bond, losses, settlement, onDevices, total } = await books();
      return [bond, losses, settlement, onDevices, total].join() === "100,0,-100,30,0";
    });
    expect((await stateOf()).doubleSpends).to.have.length(1);
    expect((await stateOf()).doubleSpends[0]).to.include({ fine: "0", winnerKind: "reclaim" });
  });

  it("is left alone while a payee's record waits to take its coin [N-06]", async () => {
    const payment = await card.pay(shop.owner, 30n);
    await report();
    bank.node.gatherMs = undefined;
    await shop.ask({ kind: "submit", leaves: [payment.bytes] });
    await until("the node has it", () => bank.node.waiting === 1);
    await wait();
    await untilLost({ reclaimed: "0", onDevice: "100" });
    expect(bank.node.waiting).to.equal(1);
    bank.node.gatherMs = 2;
    bank.node.sequence();
    await untilLost({ reclaimed: "70", onDevice: "0" });
    expect(shop.balance()).to.equal(30n);
  });

  it("is reclaimed all the same from a record that never applies [N-06]", async () => {
    const stranger = new TestDevice(bank);
    const payment = await card.pay(stranger.owner, 30n);
    await report();
    await shop.ask({ kind: "submit", leaves: [payment.bytes] });
    await wait();
    await untilLost({ reclaimed: "0" });
    bank.pass(DAY_S + 1);
    await untilLost({ reclaimed: "100", onDevice: "0" });
  });

  it("keeps from the customer what a record names that nobody pays: it is the bank's to look at [N-06]", async () => {
    const payment = await card.pay(shop.owner, 30n);
    await report();
    await wait();
    await untilLost({ reclaimed: "100" });
    tell("refused", payment);
    await passClaimPeriod();
    await untilLost({ credited: "0", proven: "0", contested: "100" });
    const { sentences } = (await stateOf()).lost!;
    expect(sentences.join(" ")).to.include("1.00 EUR of that is named by a payment");
    expect(sentences.join(" ")).not.to.include("waits for its cycle");
    expect(await available("recoveries")).to.equal("100");
    expect(await available("anna")).to.equal("0");
  });

  it("costs the bank what is ruled after the customer was credited [N-06]", async () => {
    const payment = await card.pay(shop.owner, 30n);
    await report();
    await wait();
    await untilLost({ reclaimed: "100" });
    await untilCredited("100");
    await restitute(payment);
    await until("the books say so", async () => (await books())["losses"] === "-100");
    expect(await books()).to.include({ bond: "100", total: "0" });
    expect(await available("anna")).to.equal("100");
  });

  it("has what was made once more for a record that never comes taken back, too", async () => {
    const payment = await card.pay(shop.owner, 30n);
    await report();
    await wait();
    await untilLost({ reclaimed: "100" });
    const [outpoint] = payment.inputs as [Hex];
    const output = { lock: 0 as const, owner: card.owner, custodian: MEMBER, amount: 100n };
    tell("restituted", payment);
    bank.node.change((ledger) => ledger.restitute({ outpoint, output }, payment));
    await untilLost({ onDevice: "100", proven: "100" });
    bank.pass(RECLAIM_DELAY_S - HOUR_S);
    await untilLost({ onDevice: "100", reclaimed: "100" });
    bank.pass(HOUR_S);
    await untilLost({ onDevice: "0", reclaimed: "200" });
  });

  it("is taken back in records of at most 16 coins, and again when more comes to it", async () => {
    const other = await TestDevice.enrolled(bank, "bert", 1_000n);
    for (let i = 0; i < 2; i++) await other.load(150n, Array<bigint>(15).fill(10n));
    for (const { outpoint, output } of other.coins()) {
      const record = await other.pay(card.owner, output.amount, [{ outpoint, output }]);
      bank.node.sequenceForeign([record.bytes]);
    }
    await other.load(50n, [50n]);
    const late = await other.pay(card.owner, 50n);
    await report();
    await wait();
    await untilLost({ reclaimed: "400", onDevice: "0" });
    bank.node.sequenceForeign([late.bytes]);
    await untilLost({ reclaimed: "450", onDevice: "0" });
  });

  it("is replaced: by one device, with what was taken back loaded onto it if that is wanted [N-06]", async () => {
    await refusal("not-found", bank.staff(`/v1/devices/${card.owner}/replacement`, { load: true }));
    await report();
    const replace = (body: object) =>
      bank.staff<{ credential?: string; device?: string }>(
        `/v1/devices/${card.owner}/replacement`,
        body,
      );
    const first = await replace({ load: true });
    const second = await replace({ load: true });
    const next = new TestDevice(bank);
    const enrol = (credential = "") => next.enrol(new TextEncoder().encode(credential));
    await refusal("unauthorised", enrol(first.credential));
    await until("it is enrolled", async () => {
      return (await enrol(second.credential)).certificate !== undefined;
    });
    expect(await replace({ load: true })).to.deep.equal({ device: next.owner });
    await wait();
    await untilLost({ reclaimed: "100" });
    await untilCredited("100");
    await bank.publish([await bank.trustList({ version: 2 })]);
    await until("it is loaded", () => next.balance() === 100n);
    await until("it is said", async () => {
      const { lost } = await stateOf();
      return lost?.replacement?.loaded === "100" && lost.replacement.device === next.owner;
    });
    expect(await bank.balance("anna")).to.include({ available: "0", onDevices: "100" });
    await refusal("revoked", card.enrol(new TextEncoder().encode(second.credential)));
  });

  it("gets no load that was frozen and not paid yet: what was held is free again", async () => {
    await bank.staff("/v1/accounts/anna/deposits", { amount: "40", reference: "more" });
    await bank.stop();
    // Nonce, load, hold: dead before the vault pays.
    await bank.start({ at: 3, written: true });
    const load = { kind: "load", id: randomBytes(16), amount: 40n, parts: [] } as const;
    await card.ask(load).catch(() => undefined);
    expect(bank.store.isCut).to.equal(true);
    await bank.stop();
    await bank.node.stop();
    await bank.start();
    expect(await bank.balance("anna")).to.include({ available: "0", held: "40" });
    await refusal("unavailable", report());
    await bank.node.start();
    await until("it is free again", async () => (await bank.balance("anna")).held === "0");
    expect((await bank.balance("anna")).available).to.equal("40");
    await refusal("revoked", card.ask(load));
    expect(card.balance()).to.equal(100n);
  });

  for (const written of [true, false]) {
    it(`is seen to by a gateway that dies at any write, ${written ? "written" : "lost"}: everything happens once [N-06, N-13]`, async () => {
      const payment = await card.pay(shop.owner, 30n);
      await bank.stop();
      const { timeS } = bank.node.ledger;
      let cuts = 0;
      const survive = async (act: () => Promise<unknown>) => {
        for (;;) {
          try {
            return await act();
          } catch (error) {
            if (!bank.store.isCut) throw error;
            cuts++;
            await bank.stop();
            // A few writes further each time, so that each of them is the last once.
            await bank.start({ at: cuts, written });
          }
        }
      };
      await bank.start({ at: 1, written });
      await survive(report);
      await survive(wait);
      bank.ahead = (timeS + RECLAIM_DELAY_S) * 1000 - Date.now();
      bank.node.ledger.timeS = timeS + RECLAIM_DELAY_S;
      await survive(() => untilLost({ onDevice: "0", reclaimed: "100" }));
      settleCycle();
      await restitute(payment);
      await survive(() => untilLost({ reclaimed: "170", proven: "100" }));
      await survive(() => untilCredited("70"));
      await bank.stop();
      await bank.start();
      expect(cuts).to.be.above(5);
      await untilLost({ reclaimed: "170", proven: "100", credited: "70" });
      await until("the books tie out", async () => {
        const { bond, losses, available: free, total } = await books();
        return [bond, losses, free, total].join() === "100,0,70,0";
      });
      expect(await available("anna")).to.equal("70");
    });
  }
});
