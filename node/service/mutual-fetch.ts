/**
 * `fetch` over mutual TLS, which the built-in one has no way to be told of: with a certificate of one's own,
 * to a server whose certificate is by the authority named, and to no other.
 */
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { type TlsMaterial, tlsOptions } from "./listener.ts";

/** Of `fetch`, what is used of it. */
export type Fetch = (
  url: string,
  init?: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array<ArrayBuffer>;
    readonly signal?: AbortSignal;
    /** Where an answer leads, nobody goes: it is an error, or the answer. */
    readonly redirect?: "error";
  },
) => Promise<Response>;

/** Statuses that have no body. */
const EMPTY = new Set([204, 205, 304]);

export function mutualFetch(tls: TlsMaterial): Fetch {
  const agent = new Agent({ ...tlsOptions(tls), keepAlive: true });
  return (url, { method = "GET", headers = {}, body, signal } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const options = { agent, method, headers, ...(signal === undefined ? {} : { signal }) };
    request(url, options, (answer) => resolve(responseOf(answer)))
      .once("error", reject)
      .end(body);
    return promise;
  };
}

function responseOf(answer: IncomingMessage): Response {
  const status = answer.statusCode!;
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  if (EMPTY.has(status)) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>, {
    status,
    headers,
  });
}
