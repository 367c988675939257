/**
 * What the gateway asks of a bank's core system: to freeze money that is to go onto a device, to take it
 * once it is there, to credit what comes back, and to follow what customers hold on their devices. An
 * adapter to a core system implements this; embedded-accounts.ts is the one that comes with it.
 *
 * Everything is named by a reference, and repeating a call under the same reference changes nothing: the
 * gateway calls again whenever it does not know whether it was heard.
 *
 * A customer's money is in three places: available in the account; held, while a load is under way; on
 * devices, where only the devices move it. Held and on devices together are what is frozen. When devices pay
 * each other and that has settled on the ledger, the payer's frozen part shrinks and the payee's grows:
 * `settle` says so.
 */
import type { Owner } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";

/** 1 to 64 letters, digits and `._:-`. */
export type AccountId = string;

export type Account = {
  readonly account: AccountId;
  /** The bank's own reference to its customer. */
  readonly customer: string;
  readonly isClosed: boolean;
};

export type Balance = {
  readonly available: Amount;
  /** Frozen for loads that are under way. */
  readonly held: Amount;
  /** Frozen because it is on the customer's devices, as the ledger last said. */
  readonly onDevices: Amount;
};

export const entryKinds = [
  /** Money came in at the counter. */
  "deposit",
  /** Money went out at the counter. */
  "withdrawal",
  /** Part of it was frozen for a load. */
  "hold",
  /** The load can never apply: what was frozen is available again. */
  "release",
  /** The load has applied: what was held has left for the device. */
  "debit",
  /** A redemption has applied. */
  "credit",
  /** The ledger says what a device holds by now. */
  "settle",
  /** What a lost device held became the customer's again. */
  "recovery",
  /** The member's bond paid a coin once more. */
  "restitution",
  /** The member's bond paid a fine. */
  "fine",
] as const;

export type EntryKind = (typeof entryKinds)[number];

/** One line of a statement: what changed, positive or negative. All lines of an account add up to its balance. */
export type Entry = {
  /** Ascending over the whole bank, with gaps in one account. */
  readonly number: number;
  /** Milliseconds. */
  readonly time: number;
  readonly kind: EntryKind;
  readonly reference: string;
  readonly available: bigint;
  readonly held: bigint;
  readonly onDevices: bigint;
};

/** Any of its calls may also be refused with `unavailable`: it is not known whether it was heard, so it is repeated. */
export interface Accounts {
  /** @throws Refusal `not-found`. */
  account(account: AccountId): Promise<Account>;
  /**
   * Freezes an available amount. A hold that was refused for want of money stays refused under its reference:
   * the same call, made before and thought lost, may still be on its way, and freezes nothing when it comes.
   * @throws Refusal `not-found`, `insufficient-funds`; `conflict` if the reference stands for something
   *   else, or for a hold that was released, or the account is closed.
   */
  hold(account: AccountId, amount: Amount, reference: string): Promise<void>;
  /** Makes a hold available again. @throws Refusal `not-found`; `conflict` if it was taken. */
  release(reference: string): Promise<void>;
  /** Takes a hold: the money is on the device. @throws Refusal `not-found`; `conflict` if it was released. */
  debit(reference: string): Promise<void>;
  /** @throws Refusal `not-found`; `conflict` if the reference stands for something else. */
  credit(account: AccountId, amount: Amount, reference: string): Promise<void>;
  /**
   * Sets what is frozen for one device to what the ledger says.
   * @param seq the event after which the device held it: an older word than the last changes nothing.
   * @throws Refusal `not-found`.
   */
  settle(account: AccountId, device: Owner, amount: Amount, seq: number): Promise<void>;
  /**
   * Moves an available amount to another account.
   * @throws Refusal `not-found`, `insufficient-funds`; `conflict` if the reference stands for something else.
   */
  transfer(from: AccountId, to: AccountId, amount: Amount, reference: string): Promise<void>;
  /**
   * The member's bond has paid. The bank bears it, or an account where as much was set aside for it.
   * @throws Refusal `not-found`; `conflict` if the reference stands for something else.
   */
  bondPaid(
    kind: "restitution" | "fine",
    amount: Amount,
    reference: string,
    setAside?: AccountId,
  ): Promise<void>;
  /**
   * Closes an account in which nothing is left: nothing can be frozen in it any more. What comes back late is
   * credited all the same, since the bank owes it to the customer.
   * @throws Refusal `not-found`; `conflict` while anything is available, held or on devices.
   */
  close(account: AccountId): Promise<void>;
  /** @throws Refusal `not-found`. */
  balance(account: AccountId): Promise<Balance>;
  /** The latest first, at most `limit`, with numbers below `before`. @throws Refusal `not-found`. */
  statement(account: AccountId, limit: number, before?: number): Promise<Entry[]>;
}
