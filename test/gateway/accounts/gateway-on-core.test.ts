/** A whole gateway whose accounts a core system keeps, one that loses, delays and repeats what it can. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { CoreAccounts } from "../../../gateway/core-banking/core-accounts.ts";
import { CoreClient } from "../../../gateway/core-banking/core-client.ts";
import { EmbeddedAccounts } from "../../../gateway/embedded-accounts.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { randomOf } from "../../support/random-of.ts";
import { until } from "../../support/until.ts";
import { Bank, MEMBER } from "../support/bank.ts";
import { TestDevice } from "../support/device.ts";
import { refusal } from "../support/refusal.ts";
import { testStores } from "../support/stores.ts";
import { CoreSystem, faults } from "./core-system.ts";

/** Longer than a busy machine takes for an answer. */
const TIMEOUT_MS = 300;
const ACCOUNTS = ["suspense", "recoveries", "anna", "bert"];

describe("a gateway before a core system", () => {
  const folder = temporaryFolders();
  const openStore = testStores();
  let books: EmbeddedAccounts;
  let core: CoreSystem;
  let bank: Bank;

  beforeEach(async () => {
    books = await EmbeddedAccounts.open(await openStore(), Date.now);
    for (const account of ACCOUNTS) await books.openAccount(account, `customer of ${account}`);
    core = await CoreSystem.start(books, 2 * TIMEOUT_MS);
    const logger = makeLogger({ name: "test", level: "fatal" });
    const options = { url: core.url, timeoutMs: TIMEOUT_MS, tries: 4, pauseMs: 1, logger };
    const accounts = new CoreAccounts(new CoreClient(options));
    bank = await Bank.open(await folder(), { accounts, settings: { "accounts.sweepMs": 200 } });
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
    await core.stop();
  });

  const enrolled = async (account: string) => {
    const device = new TestDevice(bank);
    const credential = await bank.credential(account);
    await until(`${account} is enrolled`, async () => {
      return (await device.enrol(credential)).certificate !== undefined;
    });
    return device;
  };
  const shows = (account: string, available: bigint, onDevices: bigint) =>
    until(`${account} has ${available} and ${onDevices}`, async () => {
      const found = await books.balance(account);
      return (
        [found.available, found.held, found.onDevices].join() === `${available},0,${onDevices}`
      );
    });

  /** Asks for one and the same load until it has applied. */
  const loaded = async (device: TestDevice, amount: bigint) => {
    const load = { kind: "load", id: randomBytes(16), amount, parts: [] } as const;
    await until(`${amount} are loaded`, async () => {
      try {
        return (await device.ask(load)).state === "applied";
      } catch (error) {
        if (!isRefusal(error, "unavailable")) throw error;
        return false;
      }
    });
  };

  it("freezes, takes, credits and follows, to the last unit, whatever becomes of its calls [R-064, R-075, R-081, N-13]", async () => {
    await books.deposit("anna", 1_000n, "at the counter");
    const [anna, bert] = [await enrolled("anna"), await enrolled("bert")];
    const random = randomOf(7);
    core.plan = () => faults[Math.floor(random() * faults.length * 2)];
    for (const amount of [100n, 200n, 300n]) await loaded(anna, amount);
    bank.node.sequenceForeign([(await anna.pay(bert.owner, 150n)).bytes]);
    await bank.restart();
    bank.node.sequenceForeign([(await anna.redemption(50n)).bytes]);
    await shows("bert", 0n, 150n);
    await shows("anna", 450n, 400n);
    await core.quiet();
    await shows("anna", 450n, 400n);
    expect((await books.trialBalance()).total).to.equal(0n);
    const kinds = (await books.statement("anna", 99)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "debit")).to.have.length(3);
    expect(kinds.filter((kind) => kind === "credit")).to.have.length(1);
  });

  it("loads nothing that the core system refuses to freeze, and shows what it says [R-065]", async () => {
    const anna = await enrolled("anna");
    await refusal("insufficient-funds", anna.load(1n));
    expect(await bank.balance("anna")).to.deep.include({ customer: "customer of anna", held: "0" });
    await refusal("not-found", bank.staff("/v1/accounts/nobody"));
  });

  it("has no counter and no books of its own", async () => {
    await refusal("not-found", bank.staff("/v1/books"));
    const opening = bank.staff("/v1/accounts", { account: "carl", customer: "c" });
    await refusal("not-found", opening);
  });
});
