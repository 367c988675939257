/**
 * Passes requests on to the active process, each once: what was sent and has no answer may have been done, and whoever
 * asked is told to ask again, as when a gateway that is alone ends in the midst of it.
 */
import {
  Agent,
  type IncomingMessage,
  request as requestPlain,
  type RequestOptions,
} from "node:http";
import { Agent as TlsAgent, request as requestTls } from "node:https";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Asked, Passed } from "../../node/service/http-server.ts";
import { type TlsMaterial, tlsOptions } from "../../node/service/listener.ts";
import type { PassedListener } from "../listeners.ts";
import type { Store } from "../store.ts";
import { type ActiveProcess, findActive } from "./active-process.ts";
import { MISDIRECTED, peerHeaders } from "./peers.ts";

/** RFC 9110, 7.6.1, whether or not `Connection` names them, and what is said of a body as it came. */
const OF_ONE_CONNECTION = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Longer than an answer may take, and than streams are silent. */
const SILENCE_MS = 60_000;
/** A connection that nothing was sent over yet. */
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH"]);

export class Forwarding {
  readonly #store: Pick<Store, "get">;
  readonly #agent: Agent;
  readonly #request: typeof requestPlain;
  /** Whom the last request went to. */
  #active: ActiveProcess | undefined;

  /** @param tls to reach processes on other machines. */
  constructor(store: Pick<Store, "get">, tls: TlsMaterial | undefined) {
    this.#store = store;
    this.#request = tls === undefined ? requestPlain : requestTls;
    this.#agent =
      tls === undefined
        ? new Agent({ keepAlive: true })
        : new TlsAgent({ ...tlsOptions(tls), keepAlive: true });
  }

  /** @throws Refusal `unavailable` if nobody is active, or it ends before it answers; StoreAwayError. */
  async pass(listener: PassedListener, asked: Asked): Promise<Passed> {
    const known = this.#active;
    if (known !== undefined) {
      const answer = await this.#ask(known, listener, asked);
      if (answer !== undefined) return answer;
    }
    const found = await findActive(this.#store);
    this.#active = found;
    const answer = found && (await this.#ask(found, listener, asked));
    if (answer !== undefined) return answer;
    this.#active = undefined;
    throw new Refusal("unavailable", "no process of the gateway is active yet");
  }

  /** Hangs up. */
  close(): void {
    this.#agent.destroy();
  }

  /** @returns undefined if it was not taken: the process has ended, or another is active. */
  async #ask(
    active: ActiveProcess,
    listener: PassedListener,
    asked: Asked,
  ): Promise<Passed | undefined> {
    const { body, certificate, address } = asked;
    const headers = {
      ...ofAllConnections(asked.headers),
      ...(body === undefined ? {} : { "content-length": body.length }),
      ...(certificate === undefined ? {} : { [peerHeaders.certificate]: certificate }),
      [peerHeaders.address]: address,
      [peerHeaders.secret]: active.secret,
      [peerHeaders.listener]: listener,
    };
    const options = { method: asked.method, headers, agent: this.#agent };
    try {
      const answer = await this.#exchange(new URL(asked.url, active.url), options, asked);
      if (answer.statusCode !== MISDIRECTED) {
        const given = ofAllConnections(answer.headers);
        return { status: answer.statusCode!, headers: given, body: answer };
      }
      answer.resume();
      return undefined;
    } catch (error) {
      if (isRefusal(error)) throw error;
      if (NOT_SENT.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw new Refusal("unavailable", "the active process ended before it answered");
    }
  }

  #exchange(url: URL, options: RequestOptions, { body, signal }: Asked): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = this.#request(url, { ...options, signal }, resolve);
    request.setTimeout(SILENCE_MS, () => request.destroy());
    request.once("error", reject);
    request.end(body);
    return promise;
  }
}

/** Without those that whoever sent them meant for the next process alone, and those that only processes of ours say. */
function ofAllConnections(headers: Asked["headers"]): Record<string, string | string[]> {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const left = new Set([...OF_ONE_CONNECTION, ...named, ...Object.values(peerHeaders)]);
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] =>
        entry[1] !== undefined && !left.has(entry[0]),
    ),
  );
}
