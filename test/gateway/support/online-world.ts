/** Two banks on one ledger: the first has customers who pay online, the second a merchant whom it listens to. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PaymentView } from "../../../gateway/authorization/schema.ts";
import type { OrderRow } from "../../../gateway/merchants/schema.ts";
import { type Fetch, mutualFetch } from "../../../node/service/mutual-fetch.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { makeCertificate } from "../../../scripts/devnet/certificates.ts";
import { describedFetch } from "../../support/described-fetch.ts";
import { until } from "../../support/until.ts";
import { ask, Bank, type BankOptions, checked } from "./bank.ts";
import { ResultsServer } from "./results-server.ts";

export const PASSWORD = "correct horse";
export const PHONE = "anna-phone";

const AUTHORITY = "the bank's authority";
const root = makeCertificate(AUTHORITY);
const server = makeCertificate("gateway", {
  name: AUTHORITY,
  privateKey: root.privateKey,
});
export const shopCertificate = makeCertificate("kiosk", {
  name: AUTHORITY,
  privateKey: root.privateKey,
});

/** What merchants' listeners show, and take. */
export const merchantsTls = {
  certificate: server.certificate,
  key: server.key,
  authority: root.certificate,
};

/** The authority by which certificates are known. */
export const merchantsRoot = { name: AUTHORITY, privateKey: root.privateKey };

/** TLS of whoever shows this certificate to the merchants' listener. */
export function showing({ certificate, key }: { certificate: string; key: string }): Fetch {
  return mutualFetch({ certificate, key, authority: root.certificate });
}

export type Begun = { readonly id: string; readonly token: string } & PaymentView;

export class OnlineWorld implements AsyncDisposable {
  readonly customers: Bank;
  readonly merchants: Bank;
  readonly results: ResultsServer;
  readonly #shop: Fetch = showing(shopCertificate);

  private constructor(customers: Bank, merchants: Bank, results: ResultsServer) {
    this.customers = customers;
    this.merchants = merchants;
    this.results = results;
  }

  /** @param vault of the customers' bank. @param isOne whether the merchant's bank is the customers', too. */
  static async open({
    vault = 1_000_000n,
    isOne = false,
    settings = {},
    gateways = [],
  }: {
    readonly vault?: bigint;
    readonly isOne?: boolean;
    readonly settings?: BankOptions["settings"];
    /** Where the customers' bank sends those of others. */
    readonly gateways?: BankOptions["gateways"];
  } = {}): Promise<OnlineWorld> {
    const customers = await openBank({ settings, merchantsTls, gateways });
    if (vault > 0n) customers.node.ledger.deposit(1, vault);
    const { node } = customers;
    const merchants = isOne ? customers : await openBank({ member: 2, node, merchantsTls });
    if (!isOne) merchants.node.ledger.deposit(2, 50_000n);
    const { issuer } = merchants.node.ledger.bank(merchants.member);
    const results = await ResultsServer.start(issuer.publicKey);
    const world = new OnlineWorld(customers, merchants, results);
    await customers.start();
    if (!isOne) await merchants.start();
    await world.#settleIn();
    return world;
  }

  /** Anna has an account, the service and a phone; the kiosk has an account, and its certificate is registered. */
  async #settleIn(): Promise<void> {
    await this.customers.customer("anna", 20_000n);
    await this.openService("anna");
    await this.merchants.staff("/v1/accounts", { account: "kiosk", customer: "kiosk" });
    await this.register("kiosk", { resultsUrl: this.results.url });
    const { certificate } = shopCertificate;
    await this.merchants.staff("/v1/merchants/kiosk/certificates", { certificate });
  }

  openService(
    account: string,
    fields: object = {},
    bank = this.customers,
  ): Promise<{ service: string; told: number }> {
    return bank.staff("/v1/online-services", {
      customer: `customer of ${account}`,
      accounts: [account],
      identities: [{ kind: "chosen", text: `${account}.online` }],
      terminals: [{ channel: "file", address: `${account}-phone`, language: "en" }],
      password: PASSWORD,
      ...fields,
    });
  }

  register(merchant: string, fields: object = {}): Promise<object> {
    const row = { merchant, account: merchant, label: "Kiosk am Tor", ...fields };
    return this.merchants.staff("/v1/merchants", row);
  }

  /** As the merchant. @throws Refusal as the problem document says. */
  async shop<Reply = OrderRow>(
    path: string,
    body?: object,
    as: Fetch = this.#shop,
  ): Promise<Reply> {
    const { merchantsUrl } = this.merchants.gateway;
    const init =
      body === undefined
        ? {}
        : {
            method: "POST",
            body: JSON.stringify(body),
            headers: { "content-type": "application/json" },
          };
    const answer = await describedFetch(`${merchantsUrl}${path}`, init, as);
    return (await checked(answer).then((good) => good.json())) as Reply;
  }

  /** An order of the kiosk's, as the customer gets it. */
  async order(number: string, amount: bigint, fields: object = {}): Promise<string> {
    const { paymentUrl } = await this.shop("/v1/orders", {
      number,
      amount: String(amount),
      ...fields,
    });
    return new URL(paymentUrl).hash.slice(1);
  }

  /** The authority by which the bank knows certificates. */
  readonly root = merchantsRoot;

  /** As the customer's page. @param bank whose page it is. */
  page<Reply = PaymentView>(path: string, body?: object, bank = this.customers): Promise<Reply> {
    return ask<Reply>(`${bank.url}/v1/pay/${path}`, body);
  }

  begin(order: string, identity = "anna.online", password = PASSWORD): Promise<Begun> {
    return this.beginAt(this.customers, order, identity, password);
  }

  beginAt(bank: Bank, order: string, identity: string, password: string): Promise<Begun> {
    return this.page<Begun>("payments", { order, identity, password }, bank);
  }

  /** Has a code sent to the first registered terminal. */
  async sendCode(
    { id, token, terminals }: Begun,
    fields: object = {},
    bank = this.customers,
  ): Promise<PaymentView> {
    const terminal = terminals[0]!.id;
    return this.page(`payments/${id}/code`, { token, account: 0, terminal, ...fields }, bank);
  }

  /** Everything from the password to the right code. */
  async pay(order: string, identity = "anna.online"): Promise<Begun> {
    const begun = await this.begin(order, identity);
    await this.sendCode(begun);
    await this.enter(begun, this.code(await this.lastMessage()));
    return begun;
  }

  enter({ id, token }: Begun, code: string, bank = this.customers): Promise<PaymentView> {
    return this.page(`payments/${id}/authorization`, { token, code }, bank);
  }

  async cancel({ id, token }: Begun): Promise<void> {
    await tell(`${this.customers.url}/v1/pay/payments/${id}/cancellation`, { token });
  }

  state({ id, token }: Begun, bank = this.customers): Promise<PaymentView> {
    return this.page(`payments/${id}`, { token }, bank);
  }

  async untilState(begun: Begun, state: string, bank = this.customers): Promise<PaymentView> {
    let view = await this.state(begun, bank);
    await until(`the payment is ${state}`, async () => {
      view = await this.state(begun, bank);
      return view.state === state;
    });
    return view;
  }

  /** Messages that terminals were sent, oldest first. */
  async messages(bank = this.customers): Promise<{ address: string; text: string }[]> {
    const lines = await readFile(join(bank.folder, "messages"), "utf8");
    return lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { address: string; text: string });
  }

  async lastMessage(bank = this.customers): Promise<string> {
    return (await this.messages(bank)).at(-1)!.text;
  }

  /** The code in a message. */
  code(text: string): string {
    const [found] = /\d{4} \d{4}/.exec(text) ?? [];
    if (found === undefined) throw new Refusal("not-found", `there is no code in "${text}"`);
    return found;
  }

  async available(bank: Bank, account: string): Promise<string> {
    return (await bank.balance(account)).available;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.results[Symbol.asyncDispose]();
    if (this.merchants !== this.customers) await this.merchants[Symbol.asyncDispose]();
    await this.customers[Symbol.asyncDispose]();
    for (const { folder } of new Set([this.customers, this.merchants])) {
      await rm(folder, { recursive: true });
    }
  }
}

/** A bank in a folder of its own, which writes what terminals are sent into a file there. */
export async function openBank({ settings, ...options }: BankOptions): Promise<Bank> {
  const at = await mkdtemp(join(tmpdir(), "tallystick online "));
  const relays = { file: join(at, "messages") };
  return Bank.open(at, { ...options, settings: { "authorization.relays": relays, ...settings } });
}

/** Calls a route that answers nothing. @throws Refusal as the problem document names it. */
async function tell(url: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  await checked(await describedFetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
}
