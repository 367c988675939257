/** The books of a bank: every posting moves money from one book to another, once. */
import { expect } from "chai";
import fc from "fast-check";
import type { Refusal } from "../../protocol/refusal.ts";
import { EmbeddedAccounts } from "../../gateway/embedded-accounts.ts";
import type { Store } from "../../gateway/store.ts";
import { keyOf } from "../support/ledger-parts.ts";
import { ownerOf } from "../../protocol/key.ts";
import { refusal } from "./support/refusal.ts";
import { testStores } from "./support/stores.ts";

const phone = ownerOf(keyOf("a phone").publicKey);
const tablet = ownerOf(keyOf("a tablet").publicKey);

describe("embedded accounts", () => {
  const openStore = testStores();
  let store: Store;
  let accounts: EmbeddedAccounts;

  beforeEach(async () => {
    store = await openStore();
    accounts = await EmbeddedAccounts.open(store, () => 1000);
    await accounts.openAccount("anna", "customer 7");
  });

  it("books once what the bond has paid, and who bears it: the bank, or what was set aside [R-033, N-12]", async () => {
    await accounts.openAccount("recoveries", "the bank");
    await accounts.credit("recoveries", 100n, "reclaim");
    for (let i = 0; i < 2; i++) {
      await accounts.bondPaid("restitution", 70n, "restitution", "recoveries");
      await accounts.bondPaid("restitution", 50n, "another");
      await accounts.bondPaid("fine", 100n, "fine");
      await accounts.transfer("recoveries", "anna", 30n, "recovered");
    }
    await refusal("conflict", accounts.bondPaid("restitution", 70n, "restitution"));
    await refusal("conflict", accounts.bondPaid("fine", 101n, "fine"));
    await refusal("conflict", accounts.transfer("recoveries", "recoveries", 30n, "recovered"));
    await refusal("insufficient-funds", accounts.transfer("recoveries", "anna", 1n, "more"));
    await refusal("not-found", accounts.transfer("recoveries", "nobody", 1n, "more"));
    expect(await accounts.trialBalance()).to.include({
      bond: 220n,
      losses: -150n,
      settlement: -100n,
      available: 30n,
      total: 0n,
    });
    const lines = async (account: string) =>
      (await accounts.statement(account, 9)).map(({ kind, available }) => [kind, available]);
    expect(await lines("anna")).to.deep.equal([["recovery", 30n]]);
    expect(await lines("recoveries")).to.deep.equal([
      ["recovery", -30n],
      ["restitution", -70n],
      ["credit", 100n],
    ]);
  });

  it("makes no money of what an account is to pay itself [R-035]", async () => {
    await accounts.deposit("anna", 100n, "d1");
    await accounts.transfer("anna", "anna", 30n, "round");
    expect((await accounts.balance("anna")).available).to.equal(100n);
    expect((await accounts.trialBalance()).total).to.equal(0n);
    expect(await accounts.recount()).to.deep.equal([]);
  });

  it("freezes, gives back and takes, and says so in the statement [R-064, R-075, R-081]", async () => {
    await accounts.deposit("anna", 100n, "d1");
    await accounts.hold("anna", 60n, "l1");
    await accounts.hold("anna", 30n, "l2");
    expect(await accounts.balance("anna")).to.deep.equal({
      available: 10n,
      held: 90n,
      onDevices: 0n,
    });
    await accounts.release("l2");
    await accounts.debit("l1");
    await accounts.settle("anna", phone, 60n, 5);
    await accounts.credit("anna", 20n, "r1");
    await accounts.settle("anna", phone, 40n, 6);
    expect(await accounts.balance("anna")).to.deep.equal({
      available: 60n,
      held: 0n,
      onDevices: 40n,
    });
    const kinds = (await accounts.statement("anna", 100)).map(({ kind }) => kind);
    expect(kinds).to.deep.equal([
      "settle",
      "credit",
      "settle",
      "debit",
      "release",
      "hold",
      "hold",
      "deposit",
    ]);
  });

  it("shows a statement page by page", async () => {
    for (let i = 1; i <= 7; i++) await accounts.deposit("anna", BigInt(i), `d${i}`);
    const first = await accounts.statement("anna", 3);
    const second = await accounts.statement("anna", 3, first.at(-1)!.number);
    const rest = await accounts.statement("anna", 3, second.at(-1)!.number);
    const amounts = [first, second, rest].map((page) => page.map(({ available }) => available));
    expect(amounts).to.deep.equal([[7n, 6n, 5n], [4n, 3n, 2n], [1n]]);
  });

  it("does nothing twice under one reference [N-13]", async () => {
    for (let i = 0; i < 3; i++) {
      await accounts.deposit("anna", 100n, "d1");
      await accounts.hold("anna", 60n, "l1");
      await accounts.debit("l1");
      await accounts.hold("anna", 60n, "l1");
      await accounts.credit("anna", 5n, "r1");
    }
    expect(await accounts.balance("anna")).to.deep.equal({
      available: 45n,
      held: 0n,
      onDevices: 0n,
    });
    expect(await accounts.statement("anna", 100)).to.have.length(4);
  });

  it("does nothing twice when the same call comes many times at once", async () => {
    await accounts.deposit("anna", 100n, "d1");
    const calls = Array.from({ length: 20 }, () => accounts.hold("anna", 60n, "l1"));
    await Promise.all(calls);
    expect((await accounts.balance("anna")).held).to.equal(60n);
  });

  it("refuses to freeze more than is available, and changes nothing [R-065]", async () => {
    await accounts.deposit("anna", 100n, "d1");
    await refusal("insufficient-funds", accounts.hold("anna", 101n, "l1"));
    await accounts.hold("anna", 100n, "l2");
    await refusal("insufficient-funds", accounts.hold("anna", 1n, "l3"));
    expect(await accounts.balance("anna")).to.deep.equal({
      available: 0n,
      held: 100n,
      onDevices: 0n,
    });
  });

  it("refuses a reference that stands for something else", async () => {
    await accounts.openAccount("bert", "customer 8");
    await accounts.deposit("anna", 100n, "x");
    await refusal("conflict", accounts.deposit("anna", 99n, "x"));
    await refusal("conflict", accounts.deposit("bert", 100n, "x"));
    await refusal("conflict", accounts.hold("anna", 100n, "x"));
    await refusal("conflict", accounts.openAccount("anna", "customer 8"));
    expect((await accounts.balance("anna")).available).to.equal(100n);
  });

  it("ends a hold one way only, and never makes a released one again", async () => {
    await accounts.deposit("anna", 100n, "d1");
    await accounts.hold("anna", 10n, "l1");
    await accounts.release("l1");
    await accounts.release("l1");
    await refusal("conflict", accounts.debit("l1"));
    await refusal("conflict", accounts.hold("anna", 10n, "l1"));
    await refusal("not-found", accounts.debit("d1"));
    await refusal("not-found", accounts.release("nothing"));
    expect(await accounts.balance("anna")).to.deep.equal({
      available: 100n,
      held: 0n,
      onDevices: 0n,
    });
  });

  it("knows no account that was not opened", async () => {
    const calls = [
      accounts.balance("bert"),
      accounts.statement("bert", 1),
      accounts.deposit("bert", 1n, "d"),
      accounts.hold("bert", 1n, "h"),
      accounts.credit("bert", 1n, "c"),
      accounts.settle("bert", phone, 1n, 1),
    ];
    for (const call of calls) await refusal("not-found", call);
  });

  it("passes over a word of the ledger that is older than the last", async () => {
    await accounts.settle("anna", phone, 40n, 7);
    await accounts.settle("anna", phone, 90n, 6);
    await accounts.settle("anna", tablet, 5n, 6);
    expect((await accounts.balance("anna")).onDevices).to.equal(45n);
    await accounts.settle("anna", phone, 0n, 8);
    expect((await accounts.balance("anna")).onDevices).to.equal(5n);
  });

  it("keeps amounts beyond 2^64 in sum", async () => {
    const most = 2n ** 64n - 1n;
    for (let i = 0; i < 3; i++) await accounts.deposit("anna", most, `d${i}`);
    await accounts.hold("anna", most, "l");
    expect(await accounts.balance("anna")).to.deep.equal({
      available: 2n * most,
      held: most,
      onDevices: 0n,
    });
  });

  it("keeps all books at zero together, whatever is posted, over restarts [R-035]", async () => {
    await accounts.openAccount("bert", "customer 8");
    const account = fc.constantFrom("anna", "bert");
    const amount = fc.bigInt(1n, 50n);
    const reference = fc.constantFrom("a", "b", "c", "d", "e");
    const device = fc.constantFrom(phone, tablet);
    const act = fc.oneof(
      fc.tuple(fc.constant("deposit" as const), account, amount, reference),
      fc.tuple(fc.constant("hold" as const), account, amount, reference),
      fc.tuple(fc.constant("credit" as const), account, amount, reference),
      fc.tuple(fc.constant("release" as const), reference),
      fc.tuple(fc.constant("debit" as const), reference),
      fc.tuple(fc.constant("settle" as const), device, amount),
      fc.tuple(fc.constant("reopen" as const)),
    );
    let seq = 0;
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        round++;
        const name = (text: string) => `${round}${text}`;
        for (const [kind, ...rest] of acts) {
          try {
            if (kind === "reopen") accounts = await EmbeddedAccounts.open(store, () => 2000);
            else if (kind === "settle") {
              const [owner, level] = rest as [typeof phone, bigint];
              await accounts.settle(owner === phone ? "anna" : "bert", owner, level, ++seq);
            } else if (kind === "release" || kind === "debit") {
              await accounts[kind](name(rest[0] as string));
            } else {
              const [to, value, under] = rest as [string, bigint, string];
              await accounts[kind](to, value, name(under));
            }
          } catch (error) {
            expect((error as Refusal).code).to.be.oneOf([
              "not-found",
              "conflict",
              "insufficient-funds",
            ]);
          }
        }
        const books = await accounts.trialBalance();
        expect(books.total).to.equal(0n);
        for (const each of ["anna", "bert"]) {
          const { available, held, onDevices } = await accounts.balance(each);
          expect([available, held, onDevices].every((balance) => balance >= 0n)).to.equal(true);
        }
      }),
      { numRuns: 25 },
    );
  });
});
