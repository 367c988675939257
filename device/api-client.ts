/**
 * Calls of a service's HTTP API by route, typed by what the service says of itself (gateway-api.ts). It runs in
 * browsers and on Node, and trusts an answer no further than its length: whoever counts on what is inside checks it.
 */
import { concat, utf8 } from "../protocol/bytes.ts";
import { limits } from "../protocol/limits.ts";
import { isRefusalCode, Refusal } from "../protocol/refusal.ts";

/** What is said with a call. */
type Said = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Uint8Array | object;
  readonly idempotencyKey?: string;
};
type Asked<Route> = Omit<Route, "reply"> & {
  /** Where the service remembers it: asked again with the same key, the call is done once and answered alike. */
  readonly idempotencyKey?: string;
};
type Reply<Route> = Route extends { readonly reply: infer R } ? R : never;
/** Nothing need be said where a route asks for nothing. */
type Arguments<Route> =
  Record<never, never> extends Asked<Route> ? [Asked<Route>?] : [Asked<Route>];

/** Of `fetch`, what is used of it: one that shows a certificate will do. */
export type ApiFetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array<ArrayBuffer>;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

export type ApiClientOptions = {
  readonly timeoutMs?: number;
  /** With every call, such as who asks. */
  readonly headers?: Readonly<Record<string, string>>;
};

const OCTETS = "application/octet-stream";
const JSON_TYPE = "application/json";

export class ApiClient<Api> {
  readonly #url: string;
  readonly #fetch: ApiFetch;
  readonly #timeoutMs: number;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param url of the service, such as http://127.0.0.1:7201. */
  constructor(
    url: string,
    fetch: ApiFetch,
    { timeoutMs = 30_000, headers = {} }: ApiClientOptions = {},
  ) {
    this.#url = url.replace(/\/+$/, "");
    this.#fetch = fetch;
    this.#timeoutMs = timeoutMs;
    this.#headers = headers;
  }

  /**
   * @param route such as "GET /v1/accounts/{account}".
   * @throws Refusal as the service's problem document names it; `malformed` for what is no answer to the route;
   *   Error if the service is out of reach or out of order.
   */
  async call<R extends keyof Api & string>(
    route: R,
    ...[said]: Arguments<Api[R]>
  ): Promise<Reply<Api[R]>> {
    const { params = {}, query = {}, body, idempotencyKey: key } = (said ?? {}) as Said;
    const [method, path] = route.split(" ") as [string, string];
    // Called as a method of ours, a browser's fetch refuses.
    const fetch = this.#fetch;
    const response = await fetch(this.#url + filled(path, params) + queryText(query), {
      method,
      ...(body === undefined ? {} : { body: encoded(body) }),
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : typesFor(body)),
        ...(key === undefined ? {} : { "idempotency-key": `"${key}"` }),
      },
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const bytes = await readBody(response);
    if (!response.ok) throw problemIn(response.status, bytes);
    return decoded(response, bytes) as Reply<Api[R]>;
  }
}

function filled(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!));
}

function queryText(query: NonNullable<Said["query"]>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  const texts = given.map(([name, value]) => [name, String(value)] as const);
  return `?${new URLSearchParams(Object.fromEntries(texts)).toString()}`;
}

function encoded(body: Uint8Array | object): Uint8Array<ArrayBuffer> | string {
  return body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body);
}

/** Bytes are answered with bytes. */
function typesFor(body: Uint8Array | object): Record<string, string> {
  if (body instanceof Uint8Array) return { "content-type": OCTETS, accept: OCTETS };
  return { "content-type": JSON_TYPE };
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

function decoded(response: Response, bytes: Uint8Array): unknown {
  if (response.status === 204) return undefined;
  if (!(response.headers.get("content-type") ?? "").startsWith(JSON_TYPE)) return bytes;
  try {
    return JSON.parse(utf8.decode(bytes, "answer"));
  } catch {
    throw new Refusal("malformed", "the gateway's answer is not JSON");
  }
}

function problemIn(status: number, body: Uint8Array): Error {
  try {
    const { code, detail } = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
    if (typeof code === "string" && isRefusalCode(code)) return new Refusal(code, String(detail));
  } catch {
    // No problem document: a proxy's page, or half an answer.
  }
  return new Error(`the gateway answers with status ${status}`);
}
