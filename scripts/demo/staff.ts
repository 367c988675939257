/** What a bank's staff do at the counter, as calls of its gateway's own listener. */
import { ApiClient } from "../../device/api-client.ts";
import type { StaffApi } from "../../gateway/staff-api.ts";
import type { DeviceClass } from "../../protocol/certificate.ts";
import type { Hex } from "../../protocol/bytes.ts";

export type AccountRow = StaffApi["GET /v1/accounts/{account}"]["reply"];

const purse = { class: "software", label: "" } as const;

export class Staff {
  readonly #api: ApiClient<StaffApi>;

  constructor(url: string) {
    this.#api = new ApiClient(url, fetch);
  }

  openAccount(account: string, customer: string): Promise<AccountRow> {
    return this.#api.call("POST /v1/accounts", { body: { account, customer } });
  }

  deposit(account: string, amount: bigint, reference: string): Promise<AccountRow> {
    const body = { amount: String(amount), reference };
    return this.#api.call("POST /v1/accounts/{account}/deposits", { params: { account }, body });
  }

  /** A credential with which a customer enrols one device, of what kind and under what name. */
  async credential(
    account: string,
    query: { readonly class: DeviceClass; readonly label: string } = purse,
  ): Promise<string> {
    const route = "POST /v1/accounts/{account}/credentials";
    return (await this.#api.call(route, { params: { account }, query })).credential;
  }

  account(account: string): Promise<AccountRow> {
    return this.#api.call("GET /v1/accounts/{account}", { params: { account } });
  }

  /** Blocks a device for good. */
  async block(owner: Hex): Promise<void> {
    await this.#api.call("POST /v1/devices/{owner}/block", { params: { owner } });
  }

  /** Takes the money under a code for an account. Asked again, it says how that stands. */
  claim(
    code: string,
    password: string,
    account: string,
  ): Promise<StaffApi["POST /v1/counter/claims"]["reply"]> {
    return this.#api.call("POST /v1/counter/claims", { body: { code, password, account } });
  }

  /** Sets a second factor: codes are shown by that device, or said by the voice line. */
  async guard(owner: Hex, from: bigint, shownBy?: Hex): Promise<void> {
    const call = { params: { owner }, body: { from: String(from), ...(shownBy && { shownBy }) } };
    await this.#api.call("POST /v1/devices/{owner}/second-factor", call);
  }

  /** What the voice line says for one payment. @param payee its number, as the payer's screen has it. */
  async say(owner: Hex, amount: bigint, payee: string): Promise<string> {
    const call = { params: { owner }, body: { amount: String(amount), payee } };
    return (await this.#api.call("POST /v1/devices/{owner}/second-factor/code", call)).code;
  }

  vault(): Promise<StaffApi["GET /v1/vault"]["reply"]> {
    return this.#api.call("GET /v1/vault");
  }

  /** Money leaves the ledger to the member's reserve. Returns the record's id. */
  async burn(amount: bigint): Promise<Hex> {
    return (await this.#api.call("POST /v1/vault/burns", { body: { amount: String(amount) } }))
      .record;
  }
}
