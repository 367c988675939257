/** Accounts that a core system keeps: each call of `Accounts` as the contract says it. */
import type { Owner } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { Account, AccountId, Accounts, Balance, Entry } from "../accounts.ts";
import {
  AccountRow,
  entryFrom,
  type EntryRow,
  EntryRows,
  type Hold,
  type HoldEnd,
  type Level,
  type Posting,
} from "./contract.ts";
import type { CoreClient } from "./core-client.ts";

export class CoreAccounts implements Accounts {
  readonly #core: Pick<CoreClient, "get" | "put">;

  constructor(core: Pick<CoreClient, "get" | "put">) {
    this.#core = core;
  }

  async account(account: AccountId): Promise<Account> {
    const { customer, isClosed } = await this.#row(account);
    return { account, customer, isClosed };
  }

  async balance(account: AccountId): Promise<Balance> {
    const { available, held, onDevices } = await this.#row(account);
    return {
      available: BigInt(available),
      held: BigInt(held),
      onDevices: BigInt(onDevices),
    };
  }

  async statement(account: AccountId, limit: number, before?: number): Promise<Entry[]> {
    const query = before === undefined ? `limit=${limit}` : `limit=${limit}&before=${before}`;
    const rows = await this.#core.get(`${pathOf(account)}/entries?${query}`, EntryRows);
    return (rows as EntryRow[]).map(entryFrom);
  }

  hold(account: AccountId, amount: Amount, reference: string): Promise<void> {
    const body: Hold = { account, amount: String(amount) };
    return this.#core.put(`/holds/${encodeURIComponent(reference)}`, body);
  }

  release(reference: string): Promise<void> {
    return this.#endHold(reference, { how: "release" });
  }

  debit(reference: string): Promise<void> {
    return this.#endHold(reference, { how: "debit" });
  }

  credit(account: AccountId, amount: Amount, reference: string): Promise<void> {
    return this.#post(reference, { kind: "credit", account, amount: String(amount) });
  }

  transfer(from: AccountId, to: AccountId, amount: Amount, reference: string): Promise<void> {
    return this.#post(reference, { kind: "transfer", account: from, to, amount: String(amount) });
  }

  bondPaid(
    kind: "restitution" | "fine",
    amount: Amount,
    reference: string,
    setAside?: AccountId,
  ): Promise<void> {
    const account = setAside === undefined ? {} : { account: setAside };
    return this.#post(reference, { kind, amount: String(amount), ...account });
  }

  settle(account: AccountId, device: Owner, amount: Amount, seq: number): Promise<void> {
    const body: Level = { account, amount: String(amount), seq };
    return this.#core.put(`/devices/${device}`, body);
  }

  close(account: AccountId): Promise<void> {
    return this.#core.put(`${pathOf(account)}/closed`, {});
  }

  #endHold(reference: string, body: HoldEnd): Promise<void> {
    return this.#core.put(`/holds/${encodeURIComponent(reference)}/end`, body);
  }

  #post(reference: string, body: Posting): Promise<void> {
    return this.#core.put(`/postings/${encodeURIComponent(reference)}`, body);
  }

  async #row(account: AccountId): Promise<AccountRow> {
    return (await this.#core.get(pathOf(account), AccountRow)) as AccountRow;
  }
}

function pathOf(account: AccountId): string {
  return `/accounts/${encodeURIComponent(account)}`;
}
