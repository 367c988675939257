/** What a bank's staff do at the counter, as calls of its gateway's own listener. */
import type { DeviceClass } from "../../protocol/certificate.ts";

export type AccountRow = {
  readonly account: string;
  readonly available: string;
  readonly held: string;
  readonly onDevices: string;
  /** Names of the account's devices. */
  readonly devices: readonly string[];
};

const purse = { class: "software", label: "" } as const;

export class Staff {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  openAccount(account: string, customer: string): Promise<AccountRow> {
    return this.#post("/v1/accounts", { account, customer });
  }

  deposit(account: string, amount: bigint, reference: string): Promise<AccountRow> {
    return this.#post(`/v1/accounts/${account}/deposits`, { amount: String(amount), reference });
  }

  /** A credential with which a customer enrols one device, of what kind and under what name. */
  async credential(
    account: string,
    { class: deviceClass, label }: { class: DeviceClass; label: string } = purse,
  ): Promise<string> {
    const query = new URLSearchParams({ class: deviceClass, label });
    const path = `/v1/accounts/${account}/credentials?${query.toString()}`;
    return (await this.#post<{ credential: string }>(path)).credential;
  }

  account(account: string): Promise<AccountRow> {
    return this.#get(`/v1/accounts/${account}`);
  }

  /** Blocks a device for good. */
  async block(device: string): Promise<void> {
    await this.#post(`/v1/devices/${device}/block`);
  }

  vault(): Promise<{ owner: `0x${string}`; amount: string }> {
    return this.#get("/v1/vault");
  }

  /** Money leaves the ledger to the member's reserve. Returns the record's id. */
  async burn(amount: bigint): Promise<`0x${string}`> {
    return (
      await this.#post<{ record: `0x${string}` }>("/v1/vault/burns", { amount: String(amount) })
    ).record;
  }

  #get<T>(path: string): Promise<T> {
    return this.#call<T>(path, {});
  }

  #post<T>(path: string, body?: object): Promise<T> {
    if (body === undefined) return this.#call<T>(path, { method: "POST" });
    const headers = { "content-type": "application/json" };
    return this.#call<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #call<T>(path: string, init: RequestInit): Promise<T> {
    const answer = await fetch(this.#url + path, init);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
