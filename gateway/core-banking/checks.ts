/**
 * What every keeper of accounts must do, as checks that run against any: the embedded accounts, and a core
 * system behind its adapter. Each leaves the two accounts as it found them, less one or two minor units.
 */
import type { Entry } from "../accounts.ts";
import { type Bench, Finding, Trial } from "./trial.ts";

export type Check = {
  /** What must be so, as the end of a sentence about the accounts. */
  readonly title: string;
  readonly run: (trial: Trial) => Promise<void>;
};

export type CheckResult = {
  readonly title: string;
  /** What is not so; absent if all is well. */
  readonly finding?: string;
};

/** One check after the other; what goes wrong in one is its finding. */
export async function runChecks(bench: Bench): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { title, run } of checks) {
    try {
      await run(await Trial.open(bench));
      results.push({ title });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const finding = error instanceof Finding ? error.message : `${error.name}: ${error.message}`;
      results.push({ title, finding });
    }
  }
  return results;
}

export const checks: readonly Check[] = [
  {
    title: "say whose an account is, and know no account that was not opened",
    async run(trial) {
      const { accounts, bench } = trial;
      const { account, customer, isClosed } = await accounts.account(bench.first);
      trial.same(account, bench.first, "the account is called");
      trial.same(isClosed, false, "whether the account is closed is");
      if (customer === "") throw new Finding("the account has no customer");
      const stranger = `none-${trial.device()}`;
      const calls = {
        account: () => accounts.account(stranger),
        balance: () => accounts.balance(stranger),
        statement: () => accounts.statement(stranger, 1),
        hold: () => accounts.hold(stranger, 1n, trial.reference("hold")),
        credit: () => accounts.credit(stranger, 1n, trial.reference("credit")),
        settle: () => accounts.settle(stranger, trial.device(), 1n, 1),
        transfer: () => accounts.transfer(bench.first, stranger, 1n, trial.reference("transfer")),
        release: () => accounts.release(trial.reference("nothing")),
        debit: () => accounts.debit(trial.reference("nothing")),
        close: () => accounts.close(stranger),
      };
      for (const [name, call] of Object.entries(calls)) {
        await trial.refuses("not-found", call, `${name} of what is not there`);
      }
    },
  },
  {
    title: "freeze once under one reference, however often it is asked, also at once",
    async run(trial) {
      const { accounts, bench } = trial;
      const hold = () => accounts.hold(bench.first, 7n, trial.reference("hold"));
      await trial.changes(bench.first, { available: -7n, held: 7n }, async () => {
        await Promise.all([hold(), hold(), hold(), hold()]);
        await hold();
      });
      await accounts.release(trial.reference("hold"));
    },
  },
  {
    title: "give a hold back once, and then neither take it nor make it again",
    async run(trial) {
      const { accounts, bench } = trial;
      const hold = trial.reference("hold");
      await trial.changes(bench.first, {}, async () => {
        await accounts.hold(bench.first, 7n, hold);
        await accounts.release(hold);
        await accounts.release(hold);
      });
      await trial.refuses("conflict", () => accounts.debit(hold), "debit of a released hold");
      const again = () => accounts.hold(bench.first, 7n, hold);
      await trial.refuses("conflict", again, "hold under a released reference");
    },
  },
  {
    title: "take a hold once, and then never give it back",
    async run(trial) {
      const { accounts, bench } = trial;
      const hold = trial.reference("hold");
      await trial.changes(bench.first, { available: -1n }, async () => {
        await accounts.hold(bench.first, 1n, hold);
        await accounts.debit(hold);
        await accounts.debit(hold);
        // A hold that was heard late.
        await accounts.hold(bench.first, 1n, hold);
      });
      await trial.refuses("conflict", () => accounts.release(hold), "release of a taken hold");
    },
  },
  {
    title: "freeze nothing that is not available, not even for two who ask at once",
    async run(trial) {
      const { accounts, bench } = trial;
      const { available } = await accounts.balance(bench.first);
      const more = () => accounts.hold(bench.first, available + 1n, trial.reference("more"));
      await trial.refuses("insufficient-funds", more, "hold of more than is available");
      const all = ["a", "b"].map((name) => trial.reference(name));
      const held = await Promise.allSettled(
        all.map((reference) => accounts.hold(bench.first, available, reference)),
      );
      const done = held.flatMap(({ status }, i) => (status === "fulfilled" ? all[i]! : []));
      for (const reference of done) await accounts.release(reference);
      trial.same(done.length, 1, "of two holds of all that is available were made");
    },
  },
  {
    title: "keep a refused hold refused, so that a call that comes late freezes nothing",
    async run(trial) {
      const { accounts, bench } = trial;
      const { first, second } = bench;
      const { available } = await accounts.balance(first);
      const hold = (name: string) => accounts.hold(first, available + 1n, trial.reference(name));
      await trial.refuses("insufficient-funds", () => hold("early"), "hold of too much");
      await accounts.transfer(second, first, 1n, trial.reference("more"));
      await trial.refuses("insufficient-funds", () => hold("early"), "the same, come late,");
      await hold("anew");
      await accounts.release(trial.reference("anew"));
      await accounts.transfer(first, second, 1n, trial.reference("back"));
    },
  },
  {
    title: "credit once under one reference, and refuse it for anything else",
    async run(trial) {
      const { accounts, bench } = trial;
      const credit = trial.reference("credit");
      await trial.changes(bench.first, { available: 3n }, async () => {
        await accounts.credit(bench.first, 3n, credit);
        await accounts.credit(bench.first, 3n, credit);
      });
      const calls = {
        "credit of another amount": () => accounts.credit(bench.first, 4n, credit),
        "credit of another account": () => accounts.credit(bench.second, 3n, credit),
        "hold under a credit's reference": () => accounts.hold(bench.first, 3n, credit),
      };
      for (const [what, call] of Object.entries(calls)) {
        await trial.refuses("conflict", call, what);
      }
      await trial.refuses("not-found", () => accounts.debit(credit), "debit of what is no hold");
    },
  },
  {
    title: "move all of a transfer or nothing, once",
    async run(trial) {
      const { accounts, bench } = trial;
      const { first, second } = bench;
      const move = (to: string) => accounts.transfer(first, to, 5n, trial.reference("move"));
      await trial.changes(first, { available: -5n }, () =>
        trial.changes(second, { available: 5n }, async () => {
          await move(second);
          await move(second);
        }),
      );
      await trial.refuses("conflict", () => move(first), "transfer to another account");
      const { available } = await accounts.balance(first);
      const more = () => accounts.transfer(first, second, available + 1n, trial.reference("more"));
      await trial.refuses("insufficient-funds", more, "transfer of more than is available");
      await accounts.transfer(second, first, 5n, trial.reference("back"));
    },
  },
  {
    title: "book what the bond has paid once, for the bank or out of what was set aside",
    async run(trial) {
      const { accounts, bench } = trial;
      const [own, aside] = [trial.reference("own"), trial.reference("aside")];
      await trial.changes(bench.first, { available: -1n }, async () => {
        for (let i = 0; i < 2; i++) {
          await accounts.bondPaid("fine", 9n, own);
          await accounts.bondPaid("restitution", 1n, aside, bench.first);
        }
      });
      const other = () => accounts.bondPaid("fine", 8n, own);
      await trial.refuses("conflict", other, "another fine under the same reference");
      await accounts.credit(bench.first, 1n, trial.reference("back"));
    },
  },
  {
    title: "freeze for each device what the ledger last said, and pass over older words",
    async run(trial) {
      const { accounts, bench } = trial;
      const [phone, card] = [trial.device(), trial.device()];
      await trial.changes(bench.first, { onDevices: 45n }, async () => {
        await accounts.settle(bench.first, phone, 40n, 7);
        await accounts.settle(bench.first, phone, 90n, 6);
        await accounts.settle(bench.first, phone, 90n, 7);
        await accounts.settle(bench.first, card, 5n, 3);
        // The same amount as of a later event.
        await accounts.settle(bench.first, phone, 40n, 9);
        await accounts.settle(bench.first, phone, 90n, 8);
      });
      await trial.changes(bench.first, { onDevices: -45n }, async () => {
        await accounts.settle(bench.first, phone, 0n, 10);
        await accounts.settle(bench.first, card, 0n, 10);
      });
    },
  },
  {
    title: "say in the statement what has changed, the latest first, page by page",
    async run(trial) {
      const { accounts, bench } = trial;
      const [latest] = await accounts.statement(bench.first, 1);
      const before = await accounts.balance(bench.first);
      const hold = trial.reference("hold");
      await accounts.credit(bench.first, 2n, trial.reference("credit"));
      await accounts.hold(bench.first, 2n, hold);
      await accounts.release(hold);
      await accounts.bondPaid("fine", 2n, trial.reference("fine"), bench.first);
      const after = await accounts.balance(bench.first);
      const lines = await linesSince(trial, latest?.number ?? 0);
      const kinds = lines.map(({ kind }) => kind);
      trial.same(kinds, ["fine", "release", "hold", "credit"], "the statement's kinds are");
      const ended = lines.map(({ reference }) => reference).slice(1, 3);
      trial.same(ended, [hold, hold], "a hold and its end are called");
      for (const part of ["available", "held", "onDevices"] as const) {
        const sum = lines.reduce((total, line) => total + line[part], 0n);
        trial.same(sum, after[part] - before[part], `the lines of ${part} add up to`);
      }
    },
  },
  {
    title: "remember what was done through a restart",
    async run(trial) {
      const { bench } = trial;
      const [hold, credit, phone] = [
        trial.reference("hold"),
        trial.reference("credit"),
        trial.device(),
      ];
      const act = async () => {
        await trial.accounts.hold(bench.first, 4n, hold);
        await trial.accounts.credit(bench.first, 1n, credit);
        await trial.accounts.settle(bench.first, phone, 6n, 5);
      };
      await trial.changes(bench.first, { available: -3n, held: 4n, onDevices: 6n }, async () => {
        await act();
        await trial.reopen();
        await act();
        await trial.accounts.settle(bench.first, phone, 8n, 4);
      });
      await trial.accounts.release(hold);
      await trial.accounts.settle(bench.first, phone, 0n, 6);
    },
  },
  {
    title: "close an account in which nothing is left, once, and owe what comes to it late",
    async run(trial) {
      const { accounts, bench } = trial;
      const full = () => accounts.close(bench.first);
      await trial.refuses("conflict", full, "closing an account with money in it");
      await accounts.close(bench.empty);
      await accounts.close(bench.empty);
      const { isClosed } = await accounts.account(bench.empty);
      trial.same(isClosed, true, "whether a closed account is closed is");
      const late = { available: 1n };
      await trial.changes(bench.empty, late, () =>
        accounts.credit(bench.empty, 1n, trial.reference("late")),
      );
      const hold = () => accounts.hold(bench.empty, 1n, trial.reference("hold"));
      await trial.refuses("conflict", hold, "hold in a closed account");
    },
  },
];

/** Of the first account, those with a greater number, two a page. */
async function linesSince({ accounts, bench }: Trial, number: number): Promise<Entry[]> {
  const lines: Entry[] = [];
  for (;;) {
    const page = await accounts.statement(bench.first, 2, lines.at(-1)?.number);
    const fresh = page.filter((line) => line.number > number);
    lines.push(...fresh);
    if (fresh.length < 2) break;
  }
  for (const [i, line] of lines.entries()) {
    const next = lines[i + 1];
    if (next === undefined) break;
    if (next.number >= line.number) throw new Finding("the statement does not descend by number");
    if (next.time > line.time) throw new Finding("an entry is earlier than one before it");
  }
  return lines;
}
