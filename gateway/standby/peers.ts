/**
 * Where the active process takes what those that stand by pass on: each request as it came, with the listener that it
 * came to and the certificate that its caller showed there. Whoever knows the secret in the store is believed.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import {
  answerBrokenRequest,
  arrivalOptions,
  isLoopback,
  listenError,
  type TlsMaterial,
  tlsOptions,
} from "../../node/service/listener.ts";
import { httpDefaults } from "../../node/service/http-options.ts";
import type { Seen } from "../../node/service/http-server.ts";
import { type PassedListener, passedListeners } from "../listeners.ts";
import type { ActiveProcess } from "./active-process.ts";

/** Beside the caller's own. */
export const peerHeaders = {
  secret: "tallystick-secret",
  listener: "tallystick-listener",
  certificate: "tallystick-certificate",
  address: "tallystick-address",
} as const;

/** The answer to a secret that is not, or no longer, ours: whoever asked looks up who is active. */
export const MISDIRECTED = 421;

export type PeersOptions = {
  readonly host: string;
  readonly port: number;
  /** Demanded where `host` is not loopback. */
  readonly tls?: TlsMaterial;
};

export type Take = (
  listener: PassedListener,
  request: IncomingMessage,
  response: ServerResponse,
  seen: Seen,
) => void;

export class Peers implements AsyncDisposable {
  readonly #secret: string;
  readonly #take: Take;
  readonly #options: PeersOptions;
  #server: Server | undefined;

  /** @throws Refusal `bad-configuration` if strangers could reach it in the clear. */
  constructor(secret: string, take: Take, options: PeersOptions) {
    const { host, tls } = options;
    if (!isLoopback(host) && tls === undefined)
      throw new Refusal(
        "bad-configuration",
        `to listen on ${host}, which others can reach, takes peers.tls`,
      );
    this.#secret = secret;
    this.#take = take;
    this.#options = options;
  }

  /** @throws Refusal `in-use`, `bad-configuration`. */
  async start(): Promise<void> {
    const { host, port, tls } = this.#options;
    const arrival = arrivalOptions(httpDefaults.receiveTimeoutMs);
    const server =
      tls === undefined
        ? createServer(arrival, (request, response) => this.#handle(request, response))
        : createTlsServer({ ...arrival, ...tlsOptions(tls) }, (request, response) =>
            this.#handle(request, response),
          );
    server.on("clientError", answerBrokenRequest);
    try {
      server.listen(port, host);
      await once(server, "listening");
    } catch (error) {
      throw listenError(error, host, port);
    }
    this.#server = server;
  }

  /** For `announce`. */
  get process(): ActiveProcess {
    const { host, tls } = this.#options;
    const { port } = this.#server!.address() as AddressInfo;
    const name = host.includes(":") ? `[${host}]` : host;
    return {
      url: `${tls === undefined ? "http" : "https"}://${name}:${port}`,
      secret: this.#secret,
    };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { headers } = request;
    const [secret, listener, certificate, address] = Object.values(peerHeaders).map((name) => {
      const value = headers[name];
      delete headers[name];
      return typeof value === "string" ? value : undefined;
    });
    const isOurs =
      secret !== undefined && timingSafeEqual(digestOf(secret), digestOf(this.#secret));
    const name = passedListeners.find((each) => each === listener);
    if (!isOurs || name === undefined) {
      response.writeHead(MISDIRECTED).end();
      return;
    }
    const seen = {
      ...(certificate === undefined ? {} : { certificate: certificate as Hex }),
      ...(address === undefined ? {} : { address }),
    };
    this.#take(name, request, response, seen);
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
