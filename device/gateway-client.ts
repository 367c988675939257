/**
 * A device's questions to a gateway. What travels is the same by HTTP and by courier: a signed request,
 * and a reply in which all that counts is signed by itself.
 */
import type { Answer } from "../protocol/answer.ts";
import type { Ask } from "../protocol/ask.ts";
import { checkReplyTo, decodeDeviceReply } from "../protocol/device-reply.ts";
import type { RequestKind } from "../protocol/gateway-messages.ts";
import type { MemberId } from "../protocol/output.ts";
import { refusalOf } from "../protocol/reason.ts";
import { ApiClient } from "./api-client.ts";
import type { GatewayApi } from "./gateway-api.ts";
import type { Purse } from "./purse.ts";

/** The way to the gateway of one member. */
export interface GatewayClient {
  readonly member: MemberId;
  /** Hands a signed request over, and gives the reply. @throws Error if the gateway is out of reach. */
  send(request: Uint8Array): Promise<Uint8Array>;
}

export type HttpGatewayOptions = { readonly timeoutMs?: number };

/** `POST {url}/v1/device`. */
export class HttpGatewayClient implements GatewayClient {
  readonly member: MemberId;
  readonly #api: ApiClient<GatewayApi>;

  constructor(
    url: string,
    member: MemberId,
    fetch: typeof globalThis.fetch,
    options: HttpGatewayOptions = {},
  ) {
    this.member = member;
    this.#api = new ApiClient(url, fetch, options);
  }

  /** @throws Refusal as the gateway's problem document names it. */
  send(request: Uint8Array): Promise<Uint8Array> {
    return this.#api.call("POST /v1/device", { body: request });
  }
}

/**
 * Asks, and gives the answer. A device that is out of date learns the time from the refusal, and asks
 * once more.
 * @throws Refusal as the gateway says; `not-for-us` for a reply to another question.
 */
export async function askGateway<K extends RequestKind>(
  purse: Purse,
  gateway: GatewayClient,
  ask: Ask & { readonly kind: K },
): Promise<Answer & { readonly kind: K }> {
  for (let isFirst = true; ; isFirst = false) {
    const request = await purse.ask(ask, gateway.member);
    const reply = decodeDeviceReply(await gateway.send(request.bytes));
    checkReplyTo(request, reply);
    if (reply.outcome === "answered") return reply.answer as Answer & { readonly kind: K };
    await purse.refresh({ lists: reply.lists });
    if (!isFirst || reply.reason.code !== "stale-request") throw refusalOf(reply.reason);
  }
}
