/**
 * A device's questions to a gateway. What travels is the same by HTTP and by courier: a signed request,
 * and a reply in which all that counts is signed by itself.
 */
import type { Answer } from "../protocol/answer.ts";
import { checkReplyTo, decodeDeviceReply } from "../protocol/device-reply.ts";
import type { RequestKind } from "../protocol/gateway-messages.ts";
import type { MemberId } from "../protocol/output.ts";
import { refusalOf } from "../protocol/reason.ts";
import { ApiClient } from "./api-client.ts";
import type { GatewayApi } from "./gateway-api.ts";
import type { Purse, Question } from "./purse.ts";

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
 * Asks, and gives the answer. A device that is out of date learns the time from the refusal, one that its bank has a
 * word for on second factors takes that, and either asks once more.
 * @throws Refusal as the gateway says; `not-for-us` for a reply to another question.
 */
export async function askGateway<K extends RequestKind>(
  purse: Purse,
  gateway: GatewayClient,
  ask: Question & { readonly kind: K },
): Promise<Answer & { readonly kind: K }> {
  const heeded = new Set<string>();
  for (;;) {
    const request = await purse.ask(ask, gateway.member);
    const reply = decodeDeviceReply(await gateway.send(request.bytes));
    checkReplyTo(request, reply);
    if (reply.outcome === "answered") return reply.answer as Answer & { readonly kind: K };
    await purse.refresh({ lists: reply.lists });
    const { code } = reply.reason;
    if (heeded.has(code)) throw refusalOf(reply.reason);
    heeded.add(code);
    if (code === "second-factor-waiting") await takeSecondFactors(purse, gateway);
    else if (code !== "stale-request") throw refusalOf(reply.reason);
  }
}

/** Takes the bank's words on second factors, and says that they are kept. */
async function takeSecondFactors(purse: Purse, gateway: GatewayClient): Promise<void> {
  const { grants } = await askGateway(purse, gateway, { kind: "second-factors" });
  await purse.secondFactor.take(grants);
  await askGateway(purse, gateway, { kind: "second-factors" });
}
