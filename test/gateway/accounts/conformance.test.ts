/** Every keeper of accounts passes the same checks; and the checks find what is wrong with one that is not. */
import { expect } from "chai";
import type { Accounts } from "../../../gateway/accounts.ts";
import { checks, runChecks } from "../../../gateway/core-banking/checks.ts";
import { CoreAccounts } from "../../../gateway/core-banking/core-accounts.ts";
import { CoreClient } from "../../../gateway/core-banking/core-client.ts";
import { type Bench, Trial } from "../../../gateway/core-banking/trial.ts";
import { EmbeddedAccounts } from "../../../gateway/embedded-accounts.ts";
import type { Store } from "../../../gateway/store.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { randomOf } from "../../support/random-of.ts";
import { testStores } from "../support/stores.ts";
import { CoreSystem, faults, type Plan } from "./core-system.ts";

const logger = makeLogger({ name: "test", level: "error" });

describe("accounts", () => {
  const openStore = testStores();

  describe("embedded", () => {
    for (const { title, run } of checks) {
      it(`${title} [R-064, R-065, R-075]`, async () => {
        const store = await opened();
        await run(await Trial.open(bench(() => EmbeddedAccounts.open(store, Date.now))));
      });
    }
  });

  describe("of a core system over HTTP", () => {
    for (const { title, run } of checks) {
      it(`${title} [R-064, R-065, R-075]`, () =>
        withCore({ timeoutMs: 10_000 }, async (open) => run(await Trial.open(bench(open)))));
    }
  });

  describe("of a core system that loses, delays, repeats and garbles answers", () => {
    for (const seed of [1, 2]) {
      it(`pass every check, seed ${seed} [N-13]`, () => {
        const random = randomOf(seed);
        // Never three times in a row for one path, so that no call is given up.
        const bad = new Map<string, number>();
        const plan: Plan = (_, path) => {
          const times = bad.get(path) ?? 0;
          const fault = faults[Math.floor(random() * faults.length * 2)];
          bad.set(path, fault === undefined ? 0 : times + 1);
          return times >= 2 ? undefined : fault;
        };
        return withCore({ plan, timeoutMs: 200 }, async (open, core) => {
          expect(await runChecks(bench(open))).to.deep.equal(
            checks.map(({ title }) => ({ title })),
          );
          expect(core.calls.length).to.be.above(200);
        });
      });
    }
  });

  it("that go wrong are found, each by the check that is about it", async () => {
    const wrongs: Record<string, (accounts: EmbeddedAccounts) => Partial<Accounts>> = {
      "freeze once": (accounts) => ({
        hold: (account, amount) => accounts.hold(account, amount, String(Math.random())),
      }),
      "credit once": (accounts) => ({
        credit: (account, amount) => accounts.credit(account, amount, String(Math.random())),
      }),
      "freeze for each device": (accounts) => ({
        settle: (account, _, amount, seq) => accounts.settle(account, "0x01", amount, seq),
      }),
      "say in the statement": (accounts) => ({
        statement: async (...page) => (await accounts.statement(...page)).toReversed(),
      }),
      "close an account": () => ({ close: () => Promise.resolve() }),
    };
    for (const [title, wrong] of Object.entries(wrongs)) {
      const store = await opened();
      const results = await runChecks(
        bench(async () => {
          const accounts = await EmbeddedAccounts.open(store, Date.now);
          const spoilt = wrong(accounts) as Record<string, unknown>;
          return new Proxy(accounts, {
            get: (target, name) => {
              const value = spoilt[name as string] ?? Reflect.get(target, name);
              return typeof value === "function" ? value.bind(target) : value;
            },
          });
        }),
      );
      const found = results.filter(({ finding }) => finding !== undefined);
      expect(
        found.some((result) => result.title.startsWith(title)),
        title,
      ).to.equal(true);
    }
  });

  /** A store with the accounts of the bench in it. */
  async function opened(): Promise<Store> {
    const store = await openStore();
    const accounts = await EmbeddedAccounts.open(store, Date.now);
    for (const account of ["first", "second", "empty"]) {
      await accounts.openAccount(account, `customer of ${account}`);
    }
    await accounts.deposit("first", 100n, "first");
    await accounts.deposit("second", 100n, "second");
    return store;
  }

  async function withCore(
    { plan, timeoutMs }: { readonly plan?: Plan; readonly timeoutMs: number },
    test: (open: () => Promise<Accounts>, core: CoreSystem) => Promise<void>,
  ): Promise<void> {
    const books = await EmbeddedAccounts.open(await opened(), Date.now);
    const core = await CoreSystem.start(books, 2 * timeoutMs);
    if (plan !== undefined) core.plan = plan;
    try {
      const options = { url: core.url, timeoutMs, tries: 20, pauseMs: 1, logger };
      await test(async () => new CoreAccounts(new CoreClient(options)), core);
    } finally {
      await core.stop();
    }
  }
});

function bench(open: () => Promise<Accounts>): Bench {
  return { open, first: "first", second: "second", empty: "empty" };
}
