/**
 * A wallet in a browser: its purse, its bank's gateway, and what it must remember of both, for as long as a page is
 * open. Whoever draws it is told when it has changed.
 */
import { enrol, load, planLoad, redeem } from "../account.ts";
import type { GatewayClient } from "../gateway-client.ts";
import { IndexedDbPurseStore } from "../browser/indexed-db-store.ts";
import { WebCryptoSigner } from "../browser/web-crypto-signer.ts";
import { Purse } from "../purse.ts";
import { sync, type SyncReport } from "../sync.ts";
import { fromHex, utf8 } from "../../protocol/bytes.ts";
import type { DeviceClass } from "../../protocol/certificate.ts";
import type { Amount } from "../../protocol/money.ts";
import { systemRandom } from "../../protocol/random.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { fetchVault, gatewayOf } from "./bank.ts";
import type { NetworkFacts } from "./network-facts.ts";
import type { SettingsStore } from "./settings.ts";

export type WalletParts = {
  /** Names the databases. */
  readonly name: string;
  readonly class: DeviceClass;
  readonly facts: NetworkFacts;
  readonly settings: SettingsStore;
  /** Of the bank's gateway. */
  readonly url: string;
};

const RETRY_MS = 500;
const LOAD_ID_LENGTH = 16;

export class Wallet {
  readonly purse: Purse;
  readonly facts: NetworkFacts;
  readonly settings: SettingsStore;
  readonly #url: string;
  readonly #gateway: GatewayClient;
  readonly #listeners = new Set<() => void>();

  private constructor({ facts, settings, url }: WalletParts, purse: Purse) {
    this.purse = purse;
    this.facts = facts;
    this.settings = settings;
    this.#url = url;
    this.#gateway = gatewayOf(url, facts.member);
  }

  /** @throws Refusal `in-use` while another page has the purse open. */
  static async open(parts: WalletParts): Promise<Wallet> {
    const { name, class: deviceClass, facts } = parts;
    const store = await IndexedDbPurseStore.open(name);
    try {
      const purse = await Purse.open({
        networkId: facts.networkId,
        member: facts.member,
        class: deviceClass,
        signer: await WebCryptoSigner.open(name),
        verifier: portableVerifier,
        store,
        random: systemRandom,
        clock: Date.now,
        trustKey: fromHex(facts.trustKey, 33),
        receiptLifeMs: facts.receiptLifeS * 1000,
      });
      return new Wallet(parts, purse);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** @returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the bank has certified the device. */
  get isEnrolled(): boolean {
    return this.purse.identity().certificate !== undefined;
  }

  /** Runs what changes the purse, and tells of it, whatever came of it. */
  async change<T>(operation: (purse: Purse) => Promise<T>): Promise<T> {
    try {
      return await operation(this.purse);
    } finally {
      for (const listener of this.#listeners) listener();
    }
  }

  /** Has the device enrolled with a credential that was kept. @throws Refusal as the bank says. */
  async enrol(signal: AbortSignal): Promise<void> {
    const { settings } = this;
    const { credential, label } = (await settings.get("enrolment"))!;
    try {
      await until(signal, () =>
        this.change((purse) => enrol(purse, this.#gateway, utf8.encode(credential), label)),
      );
    } catch (error) {
      if (isFinal(error)) await settings.put("enrolment", undefined);
      throw error;
    }
    await settings.put("enrolment", undefined);
  }

  sync(): Promise<SyncReport> {
    return this.change((purse) => sync(purse, this.#gateway));
  }

  /**
   * Moves money from the account into the purse: what was asked for before, if that has not come yet.
   * @throws Refusal as the bank says.
   */
  async load(amount: Amount, signal: AbortSignal): Promise<void> {
    const { settings } = this;
    const kept = await settings.get("load");
    const asked = kept ?? planLoad(this.purse, systemRandom(LOAD_ID_LENGTH), amount);
    if (kept === undefined) await settings.put("load", asked);
    try {
      await this.#settle(signal);
      await until(signal, () => this.change((purse) => load(purse, this.#gateway, asked)));
    } catch (error) {
      // A bank that says no for good has not frozen anything.
      if (isFinal(error)) await settings.put("load", undefined);
      throw error;
    }
    await settings.put("load", undefined);
  }

  /** Moves money from the purse to the account. @throws Refusal as the purse and the bank say. */
  async redeem(amount: Amount, signal: AbortSignal): Promise<void> {
    await this.#settle(signal);
    const vault = await fetchVault(this.#url, this.facts);
    const id = await this.change((purse) => redeem(purse, this.#gateway, amount, vault));
    await until(signal, async () => {
      await this.sync();
      return this.purse.pending().every((each) => each.id !== id);
    });
  }

  /** Waits until the ledger has said what became of every record: before that, the bank moves no more money. */
  async #settle(signal: AbortSignal): Promise<void> {
    await until(signal, async () => (await this.sync()).pending === 0);
  }
}

/** Asks again until it is done. @throws the signal's reason: what was asked goes on, and comes with a sync. */
async function until(signal: AbortSignal, ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    signal.throwIfAborted();
  }
}

function isFinal(error: unknown): boolean {
  return isRefusal(error) && !error.row.retry;
}
