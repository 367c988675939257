/** Where a server listens and what it bears. What strangers may do is bounded in protocol/limits.ts. */
import { limits } from "../../protocol/limits.ts";
import type { TlsMaterial } from "./listener.ts";

export type HttpServerOptions = {
  /** Title and version of the OpenAPI document. */
  readonly title: string;
  readonly version: string;
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Demanded where `host` is not loopback. */
  readonly tls?: TlsMaterial;
  /** Names besides loopback's under which a proxy on this machine is asked for us. */
  readonly names?: readonly string[];
  /** Addresses of proxies that are believed whom they ask for. */
  readonly proxies?: readonly string[];
  /** What a stranger may send, and how slowly; each route may have its own bound. */
  readonly bodyMaxBytes?: number;
  readonly connectionsMax?: number;
  readonly streamsMax?: number;
  readonly receiveTimeoutMs?: number;
  readonly answerTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /** What Retry-After says. */
  readonly retryAfterSeconds?: number;
  /** How long requests under way may take once the server stops. */
  readonly drainMs?: number;
};

export const httpDefaults = {
  host: "127.0.0.1",
  names: [],
  proxies: [],
  bodyMaxBytes: limits.requestBodyMax,
  connectionsMax: limits.connectionsMax,
  streamsMax: limits.eventStreamsMax,
  receiveTimeoutMs: limits.requestArrivalMaxMs,
  answerTimeoutMs: 30_000,
  idleTimeoutMs: 10_000,
  heartbeatMs: 15_000,
  retryAfterSeconds: 1,
  drainMs: 5_000,
} as const satisfies Partial<HttpServerOptions>;

export type HttpSettings = HttpServerOptions & Required<Omit<HttpServerOptions, "tls">>;
