/**
 * The gateway dies at every one of its writes in turn, with the write on the disk and without it. Whoever
 * was asking asks again after the restart, and in the end everything has happened once.
 */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";

const VAULT = 1_000_000n;
const DEPOSIT = 1_000n;
const LOAD = 300n;
const PAYMENT = 100n;
const REDEMPTION = 50n;

describe("a gateway that dies", () => {
  const folder = temporaryFolders();

  for (const written of [true, false]) {
    it(`at any write, ${written ? "written" : "lost"}, does everything once [N-13, N-21]`, async () => {
      await using bank = await Bank.open(await folder());
      bank.node.ledger.deposit(MEMBER, VAULT);
      await bank.start();
      const shop = await TestDevice.enrolled(bank, "shop", 0n);
      await bank.stop();
      let cuts = 0;
      let wasCut = true;
      for (let at = 1; wasCut; at++) {
        await bank.start({ at, written });
        wasCut = await journey(bank, shop, `customer-${at}`);
        if (wasCut) cuts++;
        await checkBooks(bank, shop, at);
        await bank.stop();
      }
      expect(cuts).to.be.above(15);
    });
  }
});

/** Everything a customer does. @returns whether the gateway died on the way. */
async function journey(bank: Bank, shop: TestDevice, account: string): Promise<boolean> {
  let died = false;
  /** Does a step again until the gateway has lived through it. */
  const step = async <T>(act: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!bank.store.isCut) throw error;
        died = true;
        await bank.stop();
        await bank.start();
      }
    }
  };
  /** What a gateway has to do by itself, one that is dead does no more. */
  const untilDone = (what: string, condition: () => Promise<boolean>) =>
    until(what, () => {
      if (bank.store.isCut) throw new Error("the gateway has died");
      return condition();
    });
  const device = new TestDevice(bank);
  await step(() => bank.customer(account, DEPOSIT));
  await step(async () => {
    const credential = await bank.credential(account);
    await untilDone("it is enrolled", async () => {
      const { certificate } = await device.enrol(credential);
      return certificate !== undefined;
    });
  });
  const id = randomBytes(16);
  await step(() =>
    untilDone("the load has applied", async () => {
      const { state } = await device.ask({ kind: "load", id, amount: LOAD, parts: [] });
      return state === "applied";
    }),
  );
  const payment = await device.pay(shop.owner, PAYMENT);
  await step(() => shop.ask({ kind: "submit", leaves: [payment.bytes] }));
  await step(() => untilDone("the payment has applied", () => isPaid(bank, shop, payment.inputs)));
  const redemption = await device.redemption(REDEMPTION);
  await step(() => device.ask({ kind: "redeem", record: redemption }));
  await step(() =>
    untilDone("the account is as it must be", async () => {
      const { available, held, onDevices } = await bank.balance(account);
      const expected = [DEPOSIT - LOAD + REDEMPTION, 0n, LOAD - PAYMENT - REDEMPTION];
      return [available, held, onDevices].join() === expected.join();
    }),
  );
  await step(() => bank.staff("/v1/vault/merge", {}));
  await step(() =>
    untilDone("nothing is under way", async () => {
      const { leaves, loads } = await bank.staff<{ leaves: number; loads: number }>("/v1/intake");
      const { spending } = await bank.staff<{ spending: number }>("/v1/vault");
      return leaves + loads + spending === 0;
    }),
  );
  return died || bank.store.isCut;
}

async function isPaid(bank: Bank, shop: TestDevice, inputs: readonly `0x${string}`[]) {
  await bank.staff("/v1/intake");
  return (
    inputs.every((input) => bank.node.ledger.state.coin(input) === undefined) && shop.balance() > 0n
  );
}

/** Books and ledger say the same, after so many journeys. */
async function checkBooks(bank: Bank, shop: TestDevice, journeys: number): Promise<void> {
  if (bank.store.isCut) {
    await bank.stop();
    await bank.start();
  }
  const n = BigInt(journeys);
  const onDevices = n * (LOAD - REDEMPTION);
  await until("the books are right", async () => {
    const books = await bank.staff<Record<string, string>>("/v1/books");
    return books.onDevices === String(onDevices);
  });
  expect(await bank.staff("/v1/books")).to.deep.equal({
    cash: String(-n * DEPOSIT),
    settlement: "0",
    bond: "0",
    losses: "0",
    available: String(n * (DEPOSIT - LOAD + REDEMPTION)),
    held: "0",
    onDevices: String(onDevices),
    total: "0",
  });
  expect(shop.balance()).to.equal(n * PAYMENT);
  expect(await bank.staff<{ amount: string }>("/v1/vault")).to.include({
    amount: String(VAULT - onDevices),
    spending: 0,
  });
}
