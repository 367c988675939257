/** What a check of accounts is tried with: the accounts, references that were never used, and what has changed. */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { toHex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import type { AccountId, Accounts, Balance } from "../accounts.ts";

export type Bench = {
  /** The accounts as a gateway that has just started makes them. */
  readonly open: () => Promise<Accounts>;
  /** Two accounts with 100 minor units or more available, that nobody else uses meanwhile. */
  readonly first: AccountId;
  readonly second: AccountId;
  /** An account with nothing in it, which is closed. */
  readonly empty: AccountId;
};

/** What a check has found that is not as it must be. */
export class Finding extends Error {
  constructor(what: string) {
    super(what);
    this.name = "Finding";
  }
}

export class Trial {
  readonly bench: Bench;
  accounts: Accounts;
  readonly #name = randomBytes(8).toString("hex");

  private constructor(bench: Bench, accounts: Accounts) {
    this.bench = bench;
    this.accounts = accounts;
  }

  static async open(bench: Bench): Promise<Trial> {
    return new Trial(bench, await bench.open());
  }

  /** A reference of this trial. Slashes and colons are part of some. */
  reference(name: string): string {
    return `check:${this.#name}/${name}`;
  }

  /** A device that nobody has heard of. */
  device(): Owner {
    return toHex(randomBytes(20));
  }

  async reopen(): Promise<void> {
    this.accounts = await this.bench.open();
  }

  /** Expects that an account changes by so much. What is left out stays as it is. */
  async changes(
    account: AccountId,
    by: Partial<Balance>,
    work: () => Promise<unknown>,
  ): Promise<void> {
    const before = await this.accounts.balance(account);
    await work();
    const after = await this.accounts.balance(account);
    const found = difference(after, before);
    this.same(found, { available: 0n, held: 0n, onDevices: 0n, ...by }, `${account} changed by`);
  }

  /** Expects a refusal with this code that changes nothing in either account. */
  async refuses(code: RefusalCode, call: () => Promise<unknown>, what: string): Promise<void> {
    const { first, second } = this.bench;
    await this.changes(second, {}, () =>
      this.changes(first, {}, async () => {
        const outcome = await call().then(
          () => "done",
          (error: unknown) => {
            if (isRefusal(error)) return error.code;
            throw error;
          },
        );
        this.same(outcome, code, what);
      }),
    );
  }

  same(found: unknown, wanted: unknown, what: string): void {
    if (isDeepStrictEqual(found, wanted)) return;
    throw new Finding(`${what} ${textOf(found)}, where ${textOf(wanted)} is right`);
  }
}

function difference(after: Balance, before: Balance): Balance {
  return {
    available: after.available - before.available,
    held: after.held - before.held,
    onDevices: after.onDevices - before.onDevices,
  };
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "bigint" ? String(part) : part,
  );
}
