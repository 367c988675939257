/**
 * Customer accounts for a bank without a core system at hand: a journal of double entries over the
 * gateway's store. Every posting moves an amount from one book to another, so that all books together are
 * always zero; each is one durable write with its reference, so that nothing is posted twice.
 *
 *     deposit   cash → available        debit    held → settlement
 *     hold      available → held        credit   settlement → available
 *     release   held → available        settle   settlement → devices, or back
 *     recovery  available → available   restitution, fine   losses → bond, or available → bond
 *     withdrawal available → cash
 *
 * The book `settlement` is what customers' devices have paid to others, less what others have paid to them,
 * and less what the bond has paid into the reserves. The book `bond` is what the member's bond has paid for
 * double spends and for fines: what was put into it, less what was taken out, less this, is what the chain
 * says is there, less fines that wait. The book `losses` is what of it the bank bears: negative.
 */
import { utf8 } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Change, Store } from "./store.ts";
import type { Account, AccountId, Accounts, Balance, Entry } from "./accounts.ts";
import { keys, numberIn, ranges } from "./keys.ts";
import {
  accountsIn,
  type Book,
  type Books,
  checkSame,
  entryOf,
  parts,
  type PostingRow,
  type ReferenceRow,
} from "./posting.ts";
import { decodeRow, EMPTY, encodeRow } from "./row.ts";
import { Serial } from "./serial.ts";

type AccountRow = {
  readonly customer: string;
  /** Milliseconds. */
  readonly opened: number;
  /** Milliseconds. Absent while the account is open. */
  readonly closed?: number;
};
type BookRow = { readonly balance: string };
type LevelRow = { readonly account: AccountId; readonly amount: string; readonly seq: number };

/** What each book of the bank holds, and all together: always zero. */
export type TrialBalance = {
  readonly cash: bigint;
  readonly settlement: bigint;
  readonly bond: bigint;
  readonly losses: bigint;
  readonly available: bigint;
  readonly held: bigint;
  readonly onDevices: bigint;
  readonly total: bigint;
};

/** A book whose balance is not the sum of its postings. */
export type Recount = { readonly book: string; readonly posted: bigint; readonly held: bigint };

export class EmbeddedAccounts implements Accounts {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #serial = new Serial();
  /** The latest event of which a word came that changed nothing: one from before it is passed over. */
  readonly #heard = new Map<Owner, number>();
  #postings: number;
  /** Of the last posting: none is earlier, or a statement that was made would lack it. */
  #lastTime: number;

  private constructor(
    store: Store,
    clock: () => number,
    last: { readonly number: number; readonly time: number },
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#postings = last.number;
    this.#lastTime = last.time;
  }

  static async open(store: Store, clock: () => number): Promise<EmbeddedAccounts> {
    let last = { number: 0, time: 0 };
    for await (const [key, row] of store.entries({ ...ranges.postings, reverse: true, limit: 1 })) {
      last = { number: numberIn(key), time: decodeRow<PostingRow>(row).time };
    }
    return new EmbeddedAccounts(store, clock, last);
  }

  /** @param customer the bank's own reference to its customer. @throws Refusal `conflict`. */
  openAccount(account: AccountId, customer: string): Promise<void> {
    return this.#serial.run(async () => {
      const row = await this.#row<AccountRow>(keys.account(account));
      if (row?.customer === customer) return;
      if (row !== undefined) throw new Refusal("conflict", `account ${account} is another's`);
      const value = encodeRow({ customer, opened: this.#clock() } satisfies AccountRow);
      await this.#store.write([{ key: keys.account(account), value, old: null }]);
    });
  }

  /** Money that came in at the counter. @throws Refusal `not-found`, `conflict`. */
  deposit(account: AccountId, amount: Amount, reference: string): Promise<void> {
    return this.#once({ kind: "deposit", account, amount }, reference, async () => {
      await this.#checkOpen(account);
      return ["cash", `available/${account}`];
    });
  }

  /** Money that goes out at the counter, of a closed account too. @throws Refusal as `hold`. */
  withdraw(account: AccountId, amount: Amount, reference: string): Promise<void> {
    return this.#once({ kind: "withdrawal", account, amount }, reference, async () => {
      await this.#checkAvailable(account, amount);
      return [`available/${account}`, "cash"];
    });
  }

  hold(account: AccountId, amount: Amount, reference: string): Promise<void> {
    return this.#once({ kind: "hold", account, amount }, reference, async () => {
      await this.#checkOpen(account);
      try {
        await this.#checkAvailable(account, amount);
      } catch (error) {
        if (isRefusal(error)) await this.#refuseHold(account, amount, reference);
        throw error;
      }
      return [`available/${account}`, `held/${account}`];
    });
  }

  release(reference: string): Promise<void> {
    return this.#endHold(reference, "release");
  }

  debit(reference: string): Promise<void> {
    return this.#endHold(reference, "debit");
  }

  credit(account: AccountId, amount: Amount, reference: string): Promise<void> {
    const books: Books = ["settlement", `available/${account}`];
    return this.#once({ kind: "credit", account, amount }, reference, () => books);
  }

  transfer(from: AccountId, to: AccountId, amount: Amount, reference: string): Promise<void> {
    return this.#once({ kind: "recovery", account: from, to, amount }, reference, async () => {
      await this.#checkAvailable(from, amount);
      return [`available/${from}`, `available/${to}`];
    });
  }

  bondPaid(
    kind: "restitution" | "fine",
    amount: Amount,
    reference: string,
    setAside?: AccountId,
  ): Promise<void> {
    const books: Books = [setAside === undefined ? "losses" : `available/${setAside}`, "bond"];
    const account = setAside === undefined ? {} : { account: setAside };
    return this.#once({ kind, amount, ...account }, reference, () => books);
  }

  close(account: AccountId): Promise<void> {
    return this.#serial.run(async () => {
      const row = await this.#accountRow(account);
      if (row.closed !== undefined) return;
      const { available, held, onDevices } = await this.balance(account);
      if (available !== 0n || held !== 0n || onDevices !== 0n) {
        const left = `${available} available, ${held} held and ${onDevices} on devices`;
        throw new Refusal("conflict", `account ${account} is not empty: ${left}`);
      }
      const value = encodeRow({ ...row, closed: this.#clock() } satisfies AccountRow);
      await this.#store.write([{ key: keys.account(account), value }]);
    });
  }

  settle(account: AccountId, device: Owner, amount: Amount, seq: number): Promise<void> {
    return this.#serial.run(async () => {
      await this.account(account);
      const level = await this.#row<LevelRow>(keys.level(device));
      if (seq <= Math.max(level?.seq ?? 0, this.#heard.get(device) ?? 0)) return;
      this.#heard.set(device, seq);
      const before = BigInt(level?.amount ?? "0");
      if (amount === before) return;
      const devices: Book = `devices/${account}`;
      const [from, to]: [Book, Book] =
        amount > before ? ["settlement", devices] : [devices, "settlement"];
      const moved = amount > before ? amount - before : before - amount;
      const value = encodeRow({ account, amount: String(amount), seq } satisfies LevelRow);
      await this.#post(
        { kind: "settle", reference: `settle:${device}:${seq}`, account, from, to, moved },
        [{ key: keys.level(device), value }],
      );
    });
  }

  async balance(account: AccountId): Promise<Balance> {
    await this.account(account);
    const books = parts.map((part) => keys.book(`${part}/${account}`));
    const [available, held, onDevices] = (await this.#store.getMany(books)).map(balanceIn);
    return { available: available!, held: held!, onDevices: onDevices! };
  }

  async statement(account: AccountId, limit: number, before?: number): Promise<Entry[]> {
    await this.account(account);
    const range = ranges.accountPostings(account, before ?? Number.MAX_SAFE_INTEGER);
    const numbers: number[] = [];
    for await (const [key] of this.#store.entries({ ...range, reverse: true, limit })) {
      numbers.push(numberIn(key));
    }
    const postings = await this.#store.getMany(numbers.map(keys.posting));
    return postings.map((row, i) => entryOf(account, numbers[i]!, decodeRow<PostingRow>(row!)));
  }

  async account(account: AccountId): Promise<Account> {
    const { customer, closed } = await this.#accountRow(account);
    return { account, customer, isClosed: closed !== undefined };
  }

  /** Accounts, ascending by name, after that of the last page. */
  async accounts(limit: number, after?: AccountId): Promise<Account[]> {
    const entries = this.#store.entries({ ...ranges.accountsAfter(after), limit });
    return Array.fromAsync(entries, ([key, value]) => {
      const { customer, closed } = decodeRow<AccountRow>(value);
      const account = utf8.decode(key.subarray(1), "account");
      return { account, customer, isClosed: closed !== undefined };
    });
  }

  async trialBalance(): Promise<TrialBalance> {
    const sums = new Map<string, bigint>();
    let total = 0n;
    for await (const [key, value] of this.#store.entries(ranges.books)) {
      const [name] = utf8.decode(key.subarray(1), "book").split("/");
      const balance = balanceIn(value);
      sums.set(name!, (sums.get(name!) ?? 0n) + balance);
      total += balance;
    }
    const of = (name: string) => sums.get(name) ?? 0n;
    return {
      cash: of("cash"),
      settlement: of("settlement"),
      bond: of("bond"),
      losses: of("losses"),
      available: of("available"),
      held: of("held"),
      onDevices: of("devices"),
      total,
    };
  }

  /** Books that do not hold what the journal says, added up anew: none, unless somebody has meddled. */
  recount(): Promise<Recount[]> {
    return this.#serial.run(async () => {
      const posted = new Map<string, bigint>();
      const add = (book: string, amount: bigint) =>
        posted.set(book, (posted.get(book) ?? 0n) + amount);
      for await (const [, value] of this.#store.entries(ranges.postings)) {
        const { from, to, amount } = decodeRow<PostingRow>(value);
        add(from, -BigInt(amount));
        add(to, BigInt(amount));
      }
      const held = new Map<string, bigint>();
      for await (const [key, value] of this.#store.entries(ranges.books)) {
        held.set(utf8.decode(key.subarray(1), "book"), balanceIn(value));
      }
      return [...new Set([...posted.keys(), ...held.keys()])].sort().flatMap((book) => {
        const [inJournal, inBook] = [posted.get(book) ?? 0n, held.get(book) ?? 0n];
        return inJournal === inBook ? [] : [{ book, posted: inJournal, held: inBook }];
      });
    });
  }

  /** Posts under a reference unless that was done before. */
  #once(
    what: Omit<ReferenceRow, "amount" | "end"> & { readonly amount: Amount },
    reference: string,
    books: () => Books | Promise<Books>,
  ): Promise<void> {
    const { amount: moved, ...rest } = what;
    const row: ReferenceRow = { ...rest, amount: String(moved) };
    return this.#serial.run(async () => {
      for (const account of [row.account, row.to]) {
        if (account !== undefined) await this.account(account);
      }
      const known = await this.#row<ReferenceRow>(keys.reference(reference));
      if (known !== undefined) return checkSame(known, row, reference);
      const [from, to] = await books();
      const { kind } = row;
      const account = row.account === undefined ? {} : { account: row.account };
      await this.#post({ kind, reference, ...account, from, to, moved }, [
        { key: keys.reference(reference), value: encodeRow(row), old: null },
      ]);
    });
  }

  async #accountRow(account: AccountId): Promise<AccountRow> {
    const row = await this.#row<AccountRow>(keys.account(account));
    if (row === undefined) throw new Refusal("not-found", `there is no account ${account}`);
    return row;
  }

  async #checkOpen(account: AccountId): Promise<void> {
    const { closed } = await this.#accountRow(account);
    if (closed !== undefined) throw new Refusal("conflict", `account ${account} is closed`);
  }

  async #checkAvailable(account: AccountId, amount: Amount): Promise<void> {
    const available = await this.#balance(`available/${account}`);
    if (available >= amount) return;
    throw new Refusal("insufficient-funds", `${available} are available, ${amount} are asked`);
  }

  async #refuseHold(account: AccountId, amount: Amount, reference: string): Promise<void> {
    const row: ReferenceRow = { kind: "hold", account, amount: String(amount), end: "refused" };
    await this.#store.write([{ key: keys.reference(reference), value: encodeRow(row), old: null }]);
  }

  /** Ends a hold, one way or the other. */
  #endHold(reference: string, end: "release" | "debit"): Promise<void> {
    return this.#serial.run(async () => {
      const hold = await this.#row<ReferenceRow>(keys.reference(reference));
      if (hold?.kind !== "hold" || hold.end === "refused") {
        throw new Refusal("not-found", `there is no hold ${reference}`);
      }
      if (hold.end === end) return;
      if (hold.end !== undefined) {
        throw new Refusal("conflict", `hold ${reference} has ended by a ${hold.end}`);
      }
      const account = hold.account!;
      const moved = BigInt(hold.amount);
      const to: Book = end === "release" ? `available/${account}` : "settlement";
      await this.#post({ kind: end, reference, account, from: `held/${account}`, to, moved }, [
        { key: keys.reference(reference), value: encodeRow({ ...hold, end }) },
      ]);
    });
  }

  async #post(
    posting: Omit<PostingRow, "time" | "amount"> & { readonly moved: Amount },
    also: readonly Change[],
  ): Promise<void> {
    const { moved, ...rest } = posting;
    const number = this.#postings + 1;
    const time = Math.max(this.#clock(), this.#lastTime);
    const row: PostingRow = { ...rest, amount: String(moved), time };
    // One book may be both: the second change goes on from the first.
    const balances = new Map([[row.from, (await this.#balance(row.from)) - moved]]);
    balances.set(row.to, (balances.get(row.to) ?? (await this.#balance(row.to))) + moved);
    await this.#store.write([
      ...Array.from(balances, ([book, balance]) => ({
        key: keys.book(book),
        value: encodeRow({ balance: String(balance) } satisfies BookRow),
      })),
      { key: keys.posting(number), value: encodeRow(row), old: null },
      ...accountsIn(row).map((account) => ({
        key: keys.accountPosting(account, number),
        value: EMPTY,
        old: null,
      })),
      ...also,
    ]);
    this.#postings = number;
    this.#lastTime = time;
  }

  async #balance(book: Book): Promise<bigint> {
    return balanceIn(await this.#store.get(keys.book(book)));
  }

  async #row<Row extends object>(key: Uint8Array): Promise<Row | undefined> {
    const value = await this.#store.get(key);
    return value === undefined ? undefined : decodeRow<Row>(value);
  }
}

function balanceIn(row: Uint8Array | undefined): bigint {
  return row === undefined ? 0n : BigInt(decodeRow<BookRow>(row).balance);
}
