/**
 * What a page must remember beside its purse: what it was set up with, and what it has asked the bank for. It is
 * written down before the bank is asked, so that asking again after anything went wrong asks for the same.
 */
import type { Load } from "../account.ts";
import { finished, resultOf } from "../browser/database.ts";
import type { NetworkFacts } from "./network-facts.ts";

export type Settings = {
  readonly facts: NetworkFacts;
  /** Kept until the bank has certified the device. */
  readonly enrolment: { readonly credential: string; readonly label: string };
  /** Kept until the money has come, or will not. */
  readonly load: Load;
  /** Kept until the last message of the exchange was seen: a page that was closed amid it goes on. */
  readonly exchange: Exchange;
};

/** Messages of a payment under way. The purse answers each of them again with the same bytes. */
export type Exchange =
  | { readonly role: "payer"; readonly request: Uint8Array }
  | { readonly role: "payee"; readonly request: Uint8Array; readonly payment?: Uint8Array };

const STORE = "settings";
const VERSION = 1;

export class SettingsStore {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(name: string): Promise<SettingsStore> {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return new SettingsStore(await resultOf(request));
  }

  async get<Name extends keyof Settings>(name: Name): Promise<Settings[Name] | undefined> {
    const store = this.#database.transaction(STORE).objectStore(STORE);
    return resultOf<Settings[Name] | undefined>(store.get(name));
  }

  /** @param value undefined takes it away. */
  async put<Name extends keyof Settings>(
    name: Name,
    value: Settings[Name] | undefined,
  ): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
    const done = finished(transaction);
    const store = transaction.objectStore(STORE);
    if (value === undefined) store.delete(name);
    else store.put(value, name);
    await done;
  }

  close(): void {
    this.#database.close();
  }
}
