/**
 * A customer who pays online without a browser: does what the payment page does, and reads the code where a bank
 * writes what it sends to terminals. For trials: whoever may read that file can pay as any of the bank's customers.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Type } from "typebox";
import { ApiClient } from "../../device/api-client.ts";
import type { GatewayApi } from "../../device/gateway-api.ts";
import { loadConfig } from "../../node/service/config-file.ts";
import { readGivenText, readPrivateText } from "../../node/service/given-file.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { gatewayOf } from "./shop-file.ts";

export type CustomerOptions = {
  /** Of the bank's gateway, where customers come. */
  readonly bank: string;
  readonly identity: string;
  readonly password: string;
  /** The terminal's address, as the bank has registered it. */
  readonly terminal: string;
  /** File of the messages that the bank has sent. */
  readonly messages: string;
};

export type Begun = GatewayApi["POST /v1/pay/payments"]["reply"];
type Payment = GatewayApi["POST /v1/pay/payments/{id}"]["reply"];

const name = (description: string) => Type.String({ minLength: 1, description });
const CustomerFile = Type.Object(
  {
    network: name("The network file"),
    member: Type.Integer({ minimum: 1, maximum: 65_535, description: "The customer's bank" }),
    identity: name("The online identity"),
    password: name("File of the payment password, which its owner alone may read"),
    terminal: name("The terminal's address, as the bank has registered it"),
    messages: name("File to which the bank's gateway writes messages (authorization.relays.file)"),
  },
  { additionalProperties: false },
);

const PAUSE_MS = 100;

export class Customer {
  readonly #options: CustomerOptions;
  readonly #bank: ApiClient<GatewayApi>;

  constructor(options: CustomerOptions) {
    this.#options = options;
    this.#bank = new ApiClient(options.bank, fetch);
  }

  /** As a YAML file says, whose paths start from its folder. @throws Refusal `bad-configuration`, `exposed-key`. */
  static async load(path: string): Promise<Customer> {
    const at = (file: string) => resolve(dirname(path), file);
    const { network, member, password, messages, ...who } = await loadConfig(path, CustomerFile);
    return new Customer({
      ...who,
      bank: gatewayOf(parseNetworkFile(await readGivenText(at(network))), member),
      password: (await readPrivateText(at(password), limits.passwordMax + 2)).trim(),
      messages: at(messages),
    });
  }

  /** Where the customer comes. */
  get bank(): string {
    return this.#options.bank;
  }

  /** @param order in base64url: what stands in a payment page's address after its hash sign. */
  begin(order: string): Promise<Begun> {
    const { identity, password } = this.#options;
    return this.#bank.call("POST /v1/pay/payments", { body: { order, identity, password } });
  }

  /** Has a code sent, of the first account to the first terminal. @returns the message that came there. */
  async askForCode(begun: Begun): Promise<string> {
    const { token, order, terminals } = begun;
    const body = { token, account: 0, terminal: terminals[0]!.id };
    await this.#bank.call("POST /v1/pay/payments/{id}/code", { ...named(begun), body });
    const { messages, terminal } = this.#options;
    const sent = (await readFile(messages, "utf8")).trim().split("\n");
    const texts = sent
      .map((line) => JSON.parse(line) as { readonly address: string; readonly text: string })
      .filter(({ address, text }) => address === terminal && text.includes(order.number));
    const last = texts.at(-1);
    if (last !== undefined) return last.text;
    throw new Refusal("not-found", `nothing about ${order.number} came to ${terminal}`);
  }

  /** The right code pays. @throws Refusal `wrong-code`. */
  async authorize(begun: Begun, code: string): Promise<void> {
    const body = { token: begun.token, code };
    await this.#bank.call("POST /v1/pay/payments/{id}/authorization", { ...named(begun), body });
  }

  /** Waits until the ledger has the payment, or the bank has given it up. */
  async untilEnded(begun: Begun): Promise<Payment> {
    const body = { token: begun.token };
    for (;;) {
      const payment = await this.#bank.call("POST /v1/pay/payments/{id}", {
        ...named(begun),
        body,
      });
      if (payment.state === "paid" || payment.state === "refused") return payment;
      await sleep(PAUSE_MS);
    }
  }
}

/** The code in a message: two groups of four digits. @throws Refusal `not-found`. */
export function codeIn(text: string): string {
  const [code] = /\b\d{4} \d{4}\b/.exec(text) ?? [];
  if (code !== undefined) return code;
  throw new Refusal("not-found", `there is no code in "${text}"`);
}

function named({ id }: Begun): { readonly params: { readonly id: Hex } } {
  return { params: { id: id as Hex } };
}
