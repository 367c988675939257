/**
 * A device's questions to a gateway. What travels is the same by HTTP and by courier: a signed request,
 * and a reply in which all that counts is signed by itself.
 */
import type { Answer } from "../protocol/answer.ts";
import type { Ask } from "../protocol/ask.ts";
import { concat } from "../protocol/bytes.ts";
import { checkReplyTo, decodeDeviceReply } from "../protocol/device-reply.ts";
import type { RequestKind } from "../protocol/gateway-messages.ts";
import { limits } from "../protocol/limits.ts";
import type { MemberId } from "../protocol/output.ts";
import { refusalOf } from "../protocol/reason.ts";
import { Refusal, type RefusalCode, refusalCodes } from "../protocol/refusal.ts";
import type { Purse } from "./purse.ts";

/** The way to the gateway of one member. */
export interface GatewayClient {
  readonly member: MemberId;
  /** Hands a signed request over, and gives the reply. @throws Error if the gateway is out of reach. */
  send(request: Uint8Array): Promise<Uint8Array>;
}

export type HttpGatewayOptions = { readonly timeoutMs?: number };

const OCTETS = "application/octet-stream";

/** `POST {url}/v1/device`. */
export class HttpGatewayClient implements GatewayClient {
  readonly member: MemberId;
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;

  constructor(
    url: string,
    member: MemberId,
    fetch: typeof globalThis.fetch,
    { timeoutMs = 30_000 }: HttpGatewayOptions = {},
  ) {
    this.#url = `${url.replace(/\/+$/, "")}/v1/device`;
    this.member = member;
    this.#fetch = fetch;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws Refusal as the gateway's problem document names it. */
  send(request: Uint8Array): Promise<Uint8Array> {
    return postOctets(this.#fetch, this.#url, request, this.#timeoutMs);
  }
}

/** @throws Refusal as the gateway's problem document names it; Error if it is out of reach. */
export async function postOctets(
  fetch: typeof globalThis.fetch,
  url: string,
  octets: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { "content-type": OCTETS, accept: OCTETS };
  const body = Uint8Array.from(octets);
  const response = await fetch(url, { method: "POST", headers, body, signal });
  const reply = await readBody(response);
  if (response.ok) return reply;
  throw problemOf(response.status, reply);
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

/** At most what an answer may have: the rest is not read. */
async function readBody(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const reader = response.body?.getReader();
  let length = 0;
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    length += part.value.length;
    parts.push(part.value);
    if (length <= limits.gatewayAnswerMax) continue;
    await reader?.cancel();
    throw new Refusal("too-large", `the gateway answers with more than ${limits.gatewayAnswerMax}`);
  }
  return concat(...parts);
}

function problemOf(status: number, body: Uint8Array): Error {
  try {
    const { code, detail } = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
    if (typeof code === "string" && Object.hasOwn(refusalCodes, code)) {
      return new Refusal(code as RefusalCode, String(detail));
    }
  } catch {
    // No problem document: a proxy's page, or half an answer.
  }
  return new Error(`the gateway answers with status ${status}`);
}
