/**
 * A merchant's server. It knows its bank by mutual TLS, its own orders, and what it has delivered. Whether an order
 * is paid it takes from the bank alone: from a result whose signature is the bank's, or by asking. What the
 * customer's browser says counts for nothing.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { listenError } from "../../node/service/listener.ts";
import type { Amount } from "../../protocol/money.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { ApiClient, type ApiFetch } from "../../device/api-client.ts";
import type { MerchantApi } from "../../gateway/merchant-api.ts";
import { checkResult, type Order, type Result, type ResultChecks } from "./result.ts";
import { languageOf, orderPage, productPage } from "./shop-page.ts";

export type ShopOptions = Omit<ResultChecks, "to"> & {
  /** `fetch` with the shop's certificate, to the bank's listener for merchants. */
  readonly bank: ApiFetch;
  readonly bankUrl: string;
  /** Of the payment page, to which a browser is sent. */
  readonly paymentOrigin: string;
  readonly port: number;
  /** Hears of each order that the bank has signed, and of each result that is the bank's word on one of this shop's. */
  readonly onOrder?: (order: Order) => void;
  readonly onResult?: (result: Result) => void;
  /** Hears at what a request broke off, such as a bank that does not answer. */
  readonly onFault?: (error: unknown) => void;
};

/** An order of this run. */
type Sale = { readonly amount: string; readonly paid: PromiseWithResolvers<Result> };

const HOST = "127.0.0.1";
const PRICE = 12_50n;
const RESULT_BYTES_MAX = 65_536;
const NUMBER = /^\/orders\/(shop-[0-9a-f]{16})$/;

export class Shop implements AsyncDisposable {
  readonly #options: ShopOptions;
  readonly #bank: ApiClient<MerchantApi>;
  readonly #server: Server;
  readonly #sales = new Map<string, Sale>();
  /** Orders whose goods have left; once each. */
  readonly delivered = new Set<string>();

  private constructor(options: ShopOptions) {
    this.#options = options;
    this.#bank = new ApiClient(options.bankUrl, options.bank);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        options.onFault?.(error);
        response.writeHead(502).end();
      });
    });
  }

  /** @throws Refusal `in-use`. */
  static async start(options: ShopOptions): Promise<Shop> {
    const shop = new Shop(options);
    shop.#server.listen(options.port, HOST);
    try {
      await once(shop.#server, "listening");
    } catch (error) {
      throw listenError(error, HOST, options.port);
    }
    return shop;
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Where the bank is to tell results: it is registered there in these very words. */
  get resultsUrl(): string {
    return `${this.url}results`;
  }

  /** A new order, signed by the bank. */
  async order(amount: Amount): Promise<Order> {
    const number = `shop-${randomBytes(8).toString("hex")}`;
    const paid = Promise.withResolvers<Result>();
    this.#sales.set(number, { amount: String(amount), paid });
    const returnUrl = `${this.url}orders/${number}`;
    const body = { number, amount: String(amount), returnUrl };
    const order = await this.#bank.call("POST /v1/orders", { body });
    this.#options.onOrder?.(order);
    return order;
  }

  /** Resolves when the bank has said, signed, that an order of this run is paid. */
  paid(number: string): Promise<Result> {
    return this.#sales.get(number)!.paid.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const language = languageOf(request.headers["accept-language"]);
    const path = request.url ?? "/";
    if (request.method === "POST" && path === "/results") return this.#hear(request, response);
    if (request.method === "POST" && path === "/orders") return this.#buy(response);
    if (path === "/") return this.#show(response, productPage(language));
    const number = NUMBER.exec(path)?.[1];
    if (number === undefined) return void response.writeHead(404).end();
    const { state } = await this.#ask(number);
    const isDelivered = this.delivered.has(number);
    return this.#show(response, orderPage(language, { number, state, isDelivered }));
  }

  /** A new order, and off to the payment page. */
  async #buy(response: ServerResponse): Promise<void> {
    const { paymentUrl } = await this.order(PRICE);
    response.writeHead(303, { location: paymentUrl }).end();
  }

  /** A result: what it says counts if the bank has signed it for this shop. It may come twice. */
  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const signature = String(request.headers["tallystick-signature"] ?? "");
    let result: Result;
    try {
      result = checkResult(body, signature, { ...this.#options, to: this.resultsUrl });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return void response.writeHead(isRefusal(error, "not-for-us") ? 403 : 401).end();
    }
    // Of an order of an earlier run the shop knows what the bank says, and no more.
    const sale = this.#sales.get(result.number);
    if (sale !== undefined && sale.amount !== result.amount)
      return void response.writeHead(409).end();
    this.#deliver(result);
    this.#options.onResult?.(result);
    if (result.state === "paid") sale?.paid.resolve(result);
    response.writeHead(204).end();
  }

  /** Asks the bank, and delivers what turns out to be paid: a result may be late. */
  async #ask(number: string): Promise<Order> {
    const order = await this.#bank.call("GET /v1/orders/{number}", { params: { number } });
    this.#deliver(order);
    return order;
  }

  #deliver({ number, state }: Order): void {
    if (state === "paid") this.delivered.add(number);
  }

  #show(response: ServerResponse, page: string): void {
    const { paymentOrigin } = this.#options;
    response
      .writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        // Where the button leads in the end is part of what a form may do.
        "content-security-policy": `default-src 'none'; form-action 'self' ${paymentOrigin}; base-uri 'none'; frame-ancestors 'none'`,
        "referrer-policy": "no-referrer",
      })
      .end(page);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > RESULT_BYTES_MAX) throw new Error("the result is too long");
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
