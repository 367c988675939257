/**
 * A merchant's server. It knows its bank by mutual TLS, its own orders, and what it has delivered. Whether an order
 * is paid it takes from the bank alone: from a result whose signature is the bank's, or by asking. What the
 * customer's browser says counts for nothing.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeBase64Url } from "../../protocol/base64url.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { message } from "../../protocol/message.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { ApiClient, type ApiFetch } from "../../device/api-client.ts";
import type { MerchantApi } from "../../gateway/merchant-api.ts";
import { languageOf, orderPage, productPage } from "./shop-page.ts";

export type ShopOptions = {
  /** `fetch` with the shop's certificate, to the bank's listener for merchants. */
  readonly bank: ApiFetch;
  readonly bankUrl: string;
  /** Of the payment page, to which a browser is sent. */
  readonly paymentOrigin: string;
  readonly networkId: Uint8Array;
  /** The bank's public key, with which it signs results. */
  readonly issuer: Uint8Array;
  readonly verifier: Verifier;
  readonly port: number;
};

type Order = MerchantApi["GET /v1/orders/{number}"]["reply"];

/** One that the bank's key signs for others, too, names whom it is for. */
type Result = Order & { readonly to: string };

const PRICE = "1250";
const RESULT_BYTES_MAX = 65_536;
const NUMBER = /^\/orders\/(shop-[0-9a-f]{16})$/;

export class Shop implements AsyncDisposable {
  readonly #options: ShopOptions;
  readonly #bank: ApiClient<MerchantApi>;
  readonly #server: Server;
  /** Orders whose goods have left; once each. */
  readonly delivered = new Set<string>();

  private constructor(options: ShopOptions) {
    this.#options = options;
    this.#bank = new ApiClient(options.bankUrl, options.bank);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.writeHead(502).end());
    });
  }

  static async start(options: ShopOptions): Promise<Shop> {
    const shop = new Shop(options);
    shop.#server.listen(options.port, "127.0.0.1");
    await once(shop.#server, "listening");
    return shop;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Where the bank is to tell results: it is registered there in these very words. */
  get resultsUrl(): string {
    return `${this.url}results`;
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
    const number = `shop-${randomBytes(8).toString("hex")}`;
    const returnUrl = `${this.url}orders/${number}`;
    const order = { number, amount: PRICE, returnUrl };
    const { paymentUrl } = await this.#bank.call("POST /v1/orders", { body: order });
    response.writeHead(303, { location: paymentUrl }).end();
  }

  /** A result: what it says counts if the bank has signed it for this shop. It may come twice. */
  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { networkId, issuer, verifier } = this.#options;
    const body = await bodyOf(request);
    const signature = signatureIn(request.headers["tallystick-signature"]);
    if (!verifier.verify(issuer, message("result", networkId, body), signature)) {
      return void response.writeHead(401).end();
    }
    const result = JSON.parse(utf8.decode(body, "result")) as Result;
    // Another merchant may have an order of the same number, and pass its own result on.
    if (result.to !== this.resultsUrl) return void response.writeHead(403).end();
    this.#deliver(result);
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

/** No bytes where there is no signature: they verify as none. */
function signatureIn(header: string | string[] | undefined): Uint8Array {
  try {
    return decodeBase64Url(String(header ?? ""));
  } catch (error) {
    if (isRefusal(error)) return new Uint8Array();
    throw error;
  }
}
