/** What does not tie out is named, and what only moves while it is looked at is not. */
import { expect } from "chai";
import type { Accounts } from "../../gateway/accounts.ts";
import { EmbeddedAccounts } from "../../gateway/embedded-accounts.ts";
import { keys } from "../../gateway/keys.ts";
import type { Held } from "../../gateway/held.ts";
import { encodeRow } from "../../gateway/row.ts";
import type { Store } from "../../gateway/store.ts";
import { TieOut, type TieOutParts } from "../../gateway/tie-out.ts";
import { ownerOf } from "../../protocol/key.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { keyOf } from "../support/ledger-parts.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { testStores } from "./support/stores.ts";

const phone = ownerOf(keyOf("a phone").publicKey);
const load = { account: "anna", amount: 30n, reference: "load:1", state: "paid" } as const;

describe("the tie-out", () => {
  const openStore = testStores();
  const folder = temporaryFolders();
  let store: Store;
  let accounts: EmbeddedAccounts;
  let balances: string[];
  let loads: Held[];

  beforeEach(async () => {
    store = await openStore();
    accounts = await EmbeddedAccounts.open(store, () => 1000);
    await accounts.openAccount("anna", "customer 7");
    await accounts.deposit("anna", 100n, "at the counter");
    await accounts.hold("anna", 30n, load.reference);
    balances = ["20"];
    loads = [load];
  });

  const run = async (parts: Partial<TieOutParts> = {}) => {
    let seq = 0;
    const devices = {
      all: async function* () {
        yield { owner: phone, account: "anna" } as never;
      },
    };
    const node = {
      enrolment: async () => {
        const balance = balances[Math.min(seq, balances.length - 1)]!;
        return { owner: phone, member: 1, seq: ++seq, coins: 1, balance };
      },
    };
    const all = {
      accounts,
      embedded: accounts,
      devices,
      holders: [{ holdPrefix: "load:", holds: async () => loads }],
      node,
    };
    return new TieOut({ ...all, ...parts }).run();
  };

  it("finds all in order, and says how much it has looked at", async () => {
    expect(await run()).to.deep.equal({ accounts: 1, entries: 3, devices: 1, differences: [] });
  });

  it("names a hold that no load stands for, and a load without its hold [R-075]", async () => {
    loads = [{ ...load, reference: "load:2" }];
    expect((await run()).differences).to.deep.equal([
      { account: "anna", what: "hold", name: "load:1", expected: 0n, found: 30n },
      { account: "anna", what: "hold", name: "load:2", expected: 30n, found: 0n },
    ]);
    loads = [load, { ...load, reference: "load:2", state: "asked" }];
    expect((await run()).differences).to.deep.equal([]);
  });

  it("names what is frozen for a device that is none of the account's [R-064]", async () => {
    await accounts.settle("anna", ownerOf(keyOf("a stranger").publicKey), 5n, 1);
    expect((await run()).differences).to.deep.equal([
      { account: "anna", what: "devices", expected: 20n, found: 25n },
    ]);
  });

  it("names a book that was meddled with, whoever it makes richer [R-035]", async () => {
    const key = keys.book("available/anna");
    await store.write([{ key, value: encodeRow({ balance: "71" }) }]);
    expect((await run()).differences).to.deep.equal([
      { what: "book", name: "available/anna", expected: 70n, found: 71n },
      { what: "book", name: "all", expected: 0n, found: 1n },
      { account: "anna", what: "available", expected: 70n, found: 71n },
    ]);
  });

  it("names the balance that a core system's statement does not add up to", async () => {
    const short: Pick<Accounts, "balance" | "statement" | "settle"> = {
      balance: (account) => accounts.balance(account),
      settle: (...word) => accounts.settle(...word),
      statement: async (account, limit, before) => {
        const page = await accounts.statement(account, limit, before);
        return limit === 1 ? page : page.slice(0, -1);
      },
    };
    expect((await run({ accounts: short, embedded: undefined })).differences).to.deep.equal([
      { account: "anna", what: "available", expected: -30n, found: 70n },
    ]);
  });

  it("passes over what was only moving while it looked", async () => {
    let looks = 0;
    const holds = async () => (looks++ === 0 ? [] : [load]);
    expect((await run({ holders: [{ holdPrefix: "load:", holds }] })).differences).to.deep.equal(
      [],
    );
    expect(looks).to.equal(2);
  });

  it("ties out an account in which money moves all the while", async () => {
    let deposits = 0;
    const busy: Pick<Accounts, "balance" | "statement" | "settle"> = {
      balance: (account) => accounts.balance(account),
      settle: (...word) => accounts.settle(...word),
      statement: async (account, limit, before) => {
        const page = await accounts.statement(account, limit, before);
        if (limit > 1) await accounts.deposit("anna", 1n, `meanwhile ${++deposits}`);
        return page;
      },
    };
    expect((await run({ accounts: busy, embedded: undefined })).differences).to.deep.equal([]);
    expect(deposits).to.equal(1);
  });

  it("names what is under way for an account that has no device", async () => {
    const stray = { ...load, account: "bert", reference: "load:9" };
    await accounts.openAccount("bert", "customer 8");
    const report = await run({
      embedded: undefined,
      holders: [{ holdPrefix: "load:", holds: async () => [load, stray] }],
    });
    expect(report.differences).to.deep.equal([
      { account: "bert", what: "hold", name: "load:9", expected: 30n, found: 0n },
    ]);
  });

  it("of a gateway is told to its staff, with a load under way and devices that paid each other [R-064]", async () => {
    await using bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 10_000n);
    await bank.start();
    const [anna, bert] = [
      await TestDevice.enrolled(bank, "anna", 500n),
      await TestDevice.enrolled(bank, "bert", 0n),
    ];
    await anna.load(200n);
    bank.node.sequenceForeign([(await anna.pay(bert.owner, 50n)).bytes]);
    bank.node.gatherMs = undefined;
    await anna.ask({ kind: "load", id: new Uint8Array(16), amount: 30n, parts: [] });
    const { differences, ...counts } = await bank.staff<{ differences: object[] }>("/v1/tie-out");
    expect(differences).to.deep.equal([]);
    expect(counts).to.include({ accounts: 4, devices: 2 });
  });
});
