/**
 * Where the gateway is called: devices and customers, staff, merchants, and its operators each have a listener of their
 * own, and only the operators' says how the process is. Before it is stopped it can be drained: callers go
 * elsewhere, and what they have begun ends well.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HttpServer, type HttpServerParts, type Seen } from "../node/service/http-server.ts";
import type { TlsMaterial } from "../node/service/listener.ts";
import type { Logger, Metrics } from "../node/service/telemetry.ts";
import type { DrainState } from "./management-routes.ts";

const VERSION = "0.1.0";

export type ListenerName = "devices" | "staff" | "merchants" | "management";

/** Those whose requests a process that stands by passes on to the active one. */
export const passedListeners = ["devices", "staff", "merchants"] as const;
export type PassedListener = (typeof passedListeners)[number];

/** Merchants have one where there is TLS for it. */
export type GatewayUrls = Readonly<Record<"devices" | "staff" | "management", string>> & {
  readonly merchants?: string;
};

/** Where each listens. */
export type ListenerOptions = Readonly<
  Record<
    ListenerName,
    {
      readonly host: string;
      readonly port: number;
      readonly names?: readonly string[];
      readonly proxies?: readonly string[];
    }
  >
> & { readonly tls: { readonly [Name in ListenerName]?: TlsMaterial } };

export class Listeners implements AsyncDisposable {
  readonly #parts: { readonly logger: Logger; readonly metrics: Metrics };
  readonly #options: ListenerOptions;
  readonly #servers = new Map<ListenerName, HttpServer>();
  #isDraining = false;

  constructor(
    parts: { readonly logger: Logger; readonly metrics: Metrics },
    options: ListenerOptions,
  ) {
    this.#parts = parts;
    this.#options = options;
  }

  /** @throws Refusal `in-use`, `bad-configuration`. */
  async open(
    who: ListenerName,
    parts: Pick<HttpServerParts, "routes" | "checks" | "callers" | "replays" | "otherwise">,
  ): Promise<void> {
    const { host, port, names = [], proxies = [] } = this.#options[who];
    const tls = this.#options.tls[who];
    const { logger, metrics } = this.#parts;
    const isProbed = who === "management";
    const server = new HttpServer(
      { ...parts, logger, metrics, isProbed },
      {
        title: `Tallystick gateway: ${who}`,
        version: VERSION,
        host,
        port,
        names,
        proxies,
        ...(tls === undefined ? {} : { tls }),
      },
    );
    await server.start();
    this.#servers.set(who, server);
  }

  /** Of a listener that is open. */
  url(who: ListenerName): string | undefined {
    return this.#servers.get(who)?.url;
  }

  /** Of all that are open. */
  get urls(): GatewayUrls {
    return Object.fromEntries(
      [...this.#servers].map(([who, { url }]) => [who, url]),
    ) as GatewayUrls;
  }

  /** Answers a request that came to another process. */
  take(who: PassedListener, request: IncomingMessage, response: ServerResponse, seen: Seen): void {
    const server = this.#servers.get(who);
    if (server === undefined) response.writeHead(503).end();
    else server.take(request, response, seen);
  }

  /** Sends callers of all listeners but the operators' elsewhere, or takes them again. */
  drain(isDraining: boolean): void {
    this.#isDraining = isDraining;
    for (const server of this.#drained()) {
      if (isDraining) server.drain();
      else server.undrain();
    }
  }

  get draining(): DrainState {
    const underWay = this.#drained().reduce((sum, server) => sum + server.underWay, 0);
    return { isDraining: this.#isDraining, underWay };
  }

  /** The last that was opened closes first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [...this.#servers.values()].toReversed()) await server.stop();
    this.#servers.clear();
  }

  #drained(): HttpServer[] {
    return [...this.#servers].flatMap(([who, server]) => (who === "management" ? [] : [server]));
  }
}
