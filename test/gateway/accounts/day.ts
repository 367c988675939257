/**
 * A random day at a bank: its accounts, the ledger as a model beside them, and a process that dies at random
 * writes, which may or may not have reached the disk. Whoever was cut off asks again, as the gateway does.
 */
import type { AccountId } from "../../../gateway/accounts.ts";
import { EmbeddedAccounts } from "../../../gateway/embedded-accounts.ts";
import type { Held } from "../../../gateway/held.ts";
import type { Store } from "../../../gateway/store.ts";
import { type Owner, ownerOf } from "../../../protocol/key.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { keyOf } from "../../support/ledger-parts.ts";
import { randomOf } from "../../support/random-of.ts";
import { BrokenStore, Cut } from "../support/broken-store.ts";

type Device = { readonly owner: Owner; readonly account: AccountId; balance: bigint };
type Call = (accounts: EmbeddedAccounts) => Promise<void>;

export const RECOVERIES = "recoveries";
const CUSTOMERS = Array.from({ length: 12 }, (_, i) => `customer-${i}`);
/** A process lives for as many writes at most. */
const WRITES_MAX = 80;
/** Calls that may come once more, however much later. */
const REMEMBERED = 100;

export class Day {
  #files: Store;
  readonly #random: () => number;
  #accounts!: EmbeddedAccounts;
  #store!: BrokenStore;
  #number = 0;
  #seq = 0;
  /** Old calls, and words of the ledger that are on their way. */
  readonly #late: Call[] = [];

  /** What the ledger and the customers' slips say. */
  readonly devices: readonly Device[];
  readonly available = new Map<AccountId, bigint>([RECOVERIES, ...CUSTOMERS].map((a) => [a, 0n]));
  readonly loads = new Map<string, Held & { readonly device: Device }>();
  restituted = 0n;
  operations = 0;
  crashes = 0;

  private constructor(files: Store, seed: number) {
    this.#files = files;
    this.#random = randomOf(seed);
    this.devices = CUSTOMERS.flatMap((account) =>
      ["phone", "card"].map((kind) => {
        const owner = ownerOf(keyOf(`${kind} of ${account}`).publicKey);
        return { owner, account, balance: 0n };
      }),
    );
  }

  static async open(files: Store, seed: number): Promise<Day> {
    const day = new Day(files, seed);
    await day.reopen();
    for (const account of day.available.keys()) {
      await day.#do((accounts) => accounts.openAccount(account, account));
    }
    return day;
  }

  get accounts(): EmbeddedAccounts {
    return this.#accounts;
  }

  get seq(): number {
    return this.#seq;
  }

  /** A new process on what is on the disk. @param files as it was opened again. */
  async reopen(files = this.#files): Promise<void> {
    this.#files = files;
    const at = 1 + this.#below(WRITES_MAX);
    this.#store = new BrokenStore(this.#files, { at, written: this.#random() < 0.5 });
    this.#accounts = await EmbeddedAccounts.open(this.#store, () => this.operations);
  }

  /** The node's word on every device, at last. */
  async tell(): Promise<void> {
    for (const device of this.devices) await this.#do(this.#word(device));
  }

  held(account: AccountId): bigint {
    return sum([...this.loads.values()].filter((l) => l.account === account).map((l) => l.amount));
  }

  onDevices(account: AccountId): bigint {
    return sum(this.devices.filter((d) => d.account === account).map((d) => d.balance));
  }

  async operate(): Promise<void> {
    this.operations++;
    const act = this.#pick(this.#acts());
    await act();
    if (this.#random() < 0.3 && this.#late.length > 0) await this.#doLate();
  }

  #acts(): (() => Promise<void>)[] {
    const account = this.#pick(CUSTOMERS);
    const device = this.#pick(this.devices);
    const amount = BigInt(1 + this.#below(500));
    const load = this.loads.size === 0 ? undefined : this.#pick([...this.loads.values()]);
    return [
      () => this.#deposit(account, amount),
      () => this.#withdraw(account, amount),
      () => this.#load(device, amount),
      () => this.#load(device, amount / 4n + 1n),
      async () => load && this.#endLoad(load, this.#random() < 0.8),
      () => this.#pay(device, this.#pick(this.devices), amount),
      () => this.#pay(device, this.#pick(this.devices), amount),
      () => this.#redeem(device, amount, device.account, "redeem"),
      () => this.#redeem(device, device.balance, RECOVERIES, "reclaim"),
      () => this.#recover(account, amount),
      () => this.#restitute(device, amount),
    ];
  }

  async #deposit(account: AccountId, amount: bigint): Promise<void> {
    const reference = this.#reference("deposit");
    await this.#do((accounts) => accounts.deposit(account, amount, reference));
    this.#add(account, amount);
  }

  async #withdraw(account: AccountId, amount: bigint): Promise<void> {
    const reference = this.#reference("withdrawal");
    const isDone = await this.#ask((accounts) => accounts.withdraw(account, amount, reference));
    this.#check(isDone, account, amount);
    if (isDone) this.#add(account, -amount);
  }

  async #load(device: Device, amount: bigint): Promise<void> {
    const { account } = device;
    const reference = this.#reference("load");
    const hold: Call = (accounts) => accounts.hold(account, amount, reference);
    const isDone = await this.#ask(hold);
    this.#check(isDone, account, amount);
    // One that was refused stays refused, whatever comes into the account.
    if (!isDone) return this.#remember(hold);
    this.#add(account, -amount);
    this.loads.set(reference, { account, amount, reference, state: "paid", device });
  }

  async #endLoad(load: Held & { readonly device: Device }, applies: boolean): Promise<void> {
    const { reference, device, amount, account } = load;
    await this.#do((accounts) => accounts[applies ? "debit" : "release"](reference));
    this.loads.delete(reference);
    if (applies) this.#move(device, amount);
    else this.#add(account, amount);
  }

  async #pay(payer: Device, payee: Device, amount: bigint): Promise<void> {
    if (payer.balance < amount || payer === payee) return;
    this.#move(payer, -amount);
    this.#move(payee, amount);
  }

  async #redeem(device: Device, amount: bigint, to: AccountId, name: string): Promise<void> {
    if (device.balance < amount || amount === 0n) return;
    this.#move(device, -amount);
    const reference = this.#reference(name);
    await this.#do((accounts) => accounts.credit(to, amount, reference));
    this.#add(to, amount);
  }

  async #recover(account: AccountId, amount: bigint): Promise<void> {
    if (this.available.get(RECOVERIES)! < amount) return;
    const reference = this.#reference("recovered");
    await this.#do((accounts) => accounts.transfer(RECOVERIES, account, amount, reference));
    this.#add(RECOVERIES, -amount);
    this.#add(account, amount);
  }

  /** The bond pays a coin of the device's once more: for the bank, or out of what was set aside. */
  async #restitute(device: Device, amount: bigint): Promise<void> {
    const isSetAside = this.available.get(RECOVERIES)! >= amount && this.#random() < 0.5;
    const reference = this.#reference("restitution");
    const aside = isSetAside ? RECOVERIES : undefined;
    await this.#do((accounts) => accounts.bondPaid("restitution", amount, reference, aside));
    if (isSetAside) this.#add(RECOVERIES, -amount);
    this.restituted += amount;
    this.#move(device, amount);
  }

  /** On the ledger. The bank hears of it some time, in any order. */
  #move(device: Device, amount: bigint): void {
    device.balance += amount;
    this.#seq++;
    this.#remember(this.#word(device));
  }

  #word({ account, owner, balance }: Device): Call {
    const seq = this.#seq;
    return (accounts) => accounts.settle(account, owner, balance, seq);
  }

  #add(account: AccountId, amount: bigint): void {
    this.available.set(account, this.available.get(account)! + amount);
  }

  #check(isDone: boolean, account: AccountId, amount: bigint): void {
    if (isDone === this.available.get(account)! >= amount) return;
    throw new Error(`${amount} of ${account}: ${isDone ? "given" : "refused"} against the slips`);
  }

  /** Something that comes once more, or late: it changes nothing, or is what was still to come. */
  async #doLate(): Promise<void> {
    const call = this.#late.splice(this.#below(this.#late.length), 1)[0]!;
    try {
      await this.#do(call);
    } catch (error) {
      const isOld = isRefusal(error, "conflict") || isRefusal(error, "insufficient-funds");
      if (!isOld) throw error;
    }
  }

  /** @returns false for a refusal for want of money. */
  async #ask(call: Call): Promise<boolean> {
    try {
      await this.#do(call);
      return true;
    } catch (error) {
      if (!isRefusal(error, "insufficient-funds")) throw error;
      return false;
    }
  }

  async #do(call: Call): Promise<void> {
    for (;;) {
      try {
        await call(this.#accounts);
        return this.#remember(call);
      } catch (error) {
        if (!(error instanceof Cut)) throw error;
        this.crashes++;
        await this.reopen();
      }
    }
  }

  #remember(call: Call): void {
    this.#late.push(call);
    if (this.#late.length > REMEMBERED) this.#late.splice(this.#below(REMEMBERED), 1);
  }

  #reference(name: string): string {
    return `${name}:${++this.#number}`;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
