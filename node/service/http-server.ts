/**
 * The one door to fastify: an HTTP server that is safe to leave running. What comes in is bounded and
 * checked before any of our code sees it; what goes wrong is a problem document; what is slow, or too
 * much, is cut off. It listens on loopback; anywhere else it speaks mutual TLS or does not start.
 */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import swagger from "@fastify/swagger";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { TSchema } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { languageIn } from "../../protocol/refusal-words.ts";
import { CallerAddresses } from "./caller-address.ts";
import { type Caller, type Callers, checkRoles } from "./callers.ts";
import { sendEvents } from "./event-stream.ts";
import { descriptionRoutes, healthRoutes, type ReadinessChecks } from "./health.ts";
import { type HttpServerOptions, type HttpSettings, httpDefaults } from "./http-options.ts";
import { type AskedUnderKey, type KeyHeader, keyIn, type Replays } from "./idempotency-key.ts";
import {
  answerBrokenRequest,
  arrivalOptions,
  certificateOf,
  isLoopback,
  listenError,
  tlsOptions,
} from "./listener.ts";
import { internalProblem, PROBLEM_TYPE, problemOf, TooOften } from "./problem.ts";
import { checkMediaType, eventIdIn, refusalIn, validator } from "./request-checks.ts";
import { isRaw, type Route } from "./route.ts";
import { routeSchema } from "./route-schema.ts";
import { serializer } from "./serializer.ts";
import { showsToken } from "./token-file.ts";
import type { Gauge, Histogram, Logger, Metrics } from "./telemetry.ts";

export type HttpServerParts = {
  readonly routes: readonly Route[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Whoever asks for more than a page must show it: `Authorization: Bearer …`. */
  readonly token?: string;
  /** What /readyz asks. */
  readonly checks?: ReadinessChecks;
  /** Off where another listener of the process answers /livez, /readyz and /metrics. */
  readonly isProbed?: boolean;
  /** Says who calls. Without it, whoever reaches the listener may do all. */
  readonly callers?: Callers | undefined;
  /** Remembers calls under keys of their own. Without it, keys are not looked at. */
  readonly replays?: Replays | undefined;
  /** Answers whatever no route does, in place of a refusal, and describes it. */
  readonly otherwise?: Otherwise;
};

/** A request as it came, for another server. */
export type Asked = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array | undefined;
  readonly certificate: Hex | undefined;
  readonly address: string;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
};

/** What another server has seen of a caller. */
export type Seen = Partial<Pick<Asked, "certificate" | "address">>;

/** Another server's answer, to be given as it is. */
export type Passed = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Readable | Uint8Array;
};

export type Otherwise = {
  readonly bodyMaxBytes: number;
  readonly answer: (asked: Asked) => Promise<Passed>;
};

/** Made once: a signal that aborts without a reason makes one at every request, with a stack. */
const ANSWERED = new Error("the request is answered, or nobody waits for it any more");

type Call = Extract<Route, { kind: "call" }>;
type Events = Extract<Route, { kind: "events" }>;

export class HttpServer {
  readonly #parts: HttpServerParts;
  readonly #settings: HttpSettings;
  readonly #stopping = new AbortController();
  readonly #seconds: Histogram<"method" | "route" | "status">;
  readonly #streams: Gauge;
  /** Paths of pages, which everyone may load: they hold nothing. */
  readonly #pages: ReadonlySet<string>;
  readonly #underWay = new Set<ServerResponse>();
  /** Who calls, of requests under way. */
  readonly #callers = new WeakMap<FastifyRequest, Caller>();
  /** Aborted while callers are to go elsewhere. */
  #draining = new AbortController();
  /** Of requests that came to another process of ours: what their callers showed there. */
  readonly #seen = new WeakMap<IncomingMessage, Seen>();
  readonly #addresses: CallerAddresses;
  #streamCount = 0;
  #app: FastifyInstance | undefined;

  /** @throws Refusal `bad-configuration` if it would listen to strangers without mutual TLS. */
  constructor(parts: HttpServerParts, options: HttpServerOptions) {
    this.#parts = parts;
    this.#settings = { ...httpDefaults, ...options };
    this.#pages = new Set(
      parts.routes.flatMap((route) => (route.isPage === true ? [route.path] : [])),
    );
    const { host, tls, proxies } = this.#settings;
    this.#addresses = new CallerAddresses(proxies);
    if (!isLoopback(host) && tls === undefined) {
      throw new Refusal(
        "bad-configuration",
        `to listen on ${host}, which others can reach, takes TLS material`,
      );
    }
    const buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];
    this.#seconds = parts.metrics.histogram("http_request_seconds", "Time to answer", buckets, [
      "method",
      "route",
      "status",
    ]);
    this.#streams = parts.metrics.gauge("http_streams", "Streams of events that are open");
  }

  /** @throws Refusal `in-use` if the port is taken; `bad-configuration` if it cannot be had. */
  async start(): Promise<void> {
    const { host, port } = this.#settings;
    const app = await this.#build();
    try {
      await app.listen({ host, port });
    } catch (error) {
      await app.close();
      throw listenError(error, host, port);
    }
    this.#app = app;
    this.#parts.logger.info({ url: this.url }, "listening");
  }

  /** The OpenAPI document that it serves, or would. */
  async describe(): Promise<object> {
    const app = await this.#build();
    await app.ready();
    const document = app.swagger();
    await app.close();
    return document;
  }

  /** Such as http://127.0.0.1:7101. */
  get url(): string {
    const { tls, host } = this.#settings;
    const { port } = this.#app!.server.address() as AddressInfo;
    return `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** Requests and streams under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Ends streams and, after each answer, the connection, so that whoever has another place to ask goes there. */
  drain(): void {
    this.#draining.abort();
  }

  /** Ends what `drain` began. */
  undrain(): void {
    if (this.#draining.signal.aborted) this.#draining = new AbortController();
  }

  /** Answers a request that came elsewhere as if it had come here. */
  take(request: IncomingMessage, response: ServerResponse, seen: Seen): void {
    this.#seen.set(request, seen);
    this.#app!.routing(request, response);
  }

  /** Takes no more, lets what is under way finish for `drainMs`, ends streams, and frees the port. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const app = this.#app;
    if (app === undefined) return;
    const closed = app.close();
    const timer = setTimeout(() => this.#hangUp(), this.#settings.drainMs);
    if (this.#underWay.size === 0) this.#hangUp();
    try {
      await closed;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #build(): Promise<FastifyInstance> {
    const { tls, receiveTimeoutMs, bodyMaxBytes, idleTimeoutMs } = this.#settings;
    const arrival = arrivalOptions(receiveTimeoutMs);
    const app: FastifyInstance = fastify({
      ...(tls === undefined ? { http: arrival } : { https: { ...arrival, ...tlsOptions(tls) } }),
      requestTimeout: receiveTimeoutMs,
      bodyLimit: bodyMaxBytes,
      keepAliveTimeout: idleTimeoutMs,
      exposeHeadRoutes: false,
      // What comes too late gets our own refusal.
      return503OnClosing: false,
      genReqId: () => randomUUID(),
      clientErrorHandler: answerBrokenRequest,
      frameworkErrors: (error, request, reply) => this.#answerError(error, request, reply),
    });
    app.server.maxConnections = this.#settings.connectionsMax;
    app.setValidatorCompiler(({ schema, httpPart }) =>
      validator(schema as TSchema, httpPart ?? "request"),
    );
    app.setSerializerCompiler(({ schema }) => serializer(schema));
    app.setErrorHandler((error, request, reply) => this.#answerError(error, request, reply));
    app.setNotFoundHandler((request) => {
      throw new Refusal("not-found", `there is no ${request.method} ${request.url.split("?")[0]}`);
    });
    app.addHook("onRequest", async (request, reply) => this.#admit(request, reply));
    app.addHook("onResponse", async (request, reply) => this.#measure(request, reply));
    this.#takeBytes(app);
    await this.#addRoutes(app);
    return app;
  }

  /** Bodies of the media types that routes name, besides JSON. */
  #takeBytes(app: FastifyInstance): void {
    app.removeContentTypeParser("text/plain");
    const bodies = this.#parts.routes.flatMap((route) =>
      route.kind === "call" && route.body ? [route.body] : [],
    );
    const types = new Set(bodies.filter(isRaw).map((body) => body.contentType));
    for (const type of types) {
      app.addContentTypeParser(
        type,
        { parseAs: "buffer" },
        async (_request: FastifyRequest, body: Buffer) =>
          new Uint8Array(body.buffer, body.byteOffset, body.length),
      );
    }
  }

  async #addRoutes(app: FastifyInstance): Promise<void> {
    const { routes, metrics, checks = {}, isProbed = true, logger, otherwise } = this.#parts;
    const { title, version } = this.#settings;
    const openapi = { openapi: "3.1.0", info: { title, version }, ...this.#tokens() };
    await app.register(swagger, { openapi });
    const own = [
      ...(isProbed ? healthRoutes({ metrics, checks, logger }) : []),
      ...(otherwise === undefined ? descriptionRoutes(() => app.swagger()) : []),
    ];
    for (const route of own) this.#add(app, route, false);
    for (const route of routes) this.#add(app, route, this.#parts.callers !== undefined);
    if (otherwise !== undefined) this.#addOtherwise(app, otherwise);
  }

  /** Bodies are taken as they come, whatever they are. */
  #addOtherwise(app: FastifyInstance, { bodyMaxBytes, answer }: Otherwise): void {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      "*",
      { parseAs: "buffer" },
      async (_: FastifyRequest, body: Buffer) => body,
    );
    app.all("/*", { bodyLimit: bodyMaxBytes }, async (request, reply) => {
      const { method, url, headers, body } = request;
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const certificate = this.#certificateOf(request);
      const address = this.#addressOf(request);
      const asked = { method, url, headers, certificate, address, signal: gone.signal };
      const passed = await answer({ ...asked, body: body as Buffer | undefined });
      return reply.code(passed.status).headers(passed.headers).send(passed.body);
    });
  }

  #certificateOf({ raw }: FastifyRequest): Hex | undefined {
    return this.#seen.get(raw)?.certificate ?? certificateOf(raw.socket);
  }

  #addressOf({ raw, headers }: FastifyRequest): string {
    const seen = this.#seen.get(raw)?.address;
    return seen ?? this.#addresses.of(raw.socket.remoteAddress ?? "", headers["x-forwarded-for"]);
  }

  #tokens(): object {
    if (this.#parts.callers === undefined) return {};
    const token = { type: "http", scheme: "bearer", bearerFormat: "JWT" };
    return { components: { securitySchemes: { token } } };
  }

  #takesKey(route: Route): boolean {
    return this.#parts.replays !== undefined && route.kind === "call" && route.method === "POST";
  }

  /** @param isAsked whether callers must say who they are. */
  #add(app: FastifyInstance, route: Route, isAsked: boolean): void {
    const common = {
      url: route.path,
      schema: routeSchema(route, { isAsked, hasKey: this.#takesKey(route) }),
      // Before the body is read: strangers' bodies are nobody's work.
      onRequest: async (request: FastifyRequest) => {
        if (isAsked) await this.#checkCaller(route, request);
        if (route.kind === "call") route.admit?.();
      },
    };
    if (route.kind === "events") {
      app.route({
        ...common,
        method: "GET",
        handler: (request, reply) => this.#stream(route, request, reply),
      });
      return;
    }
    const { method, body, bodyMaxBytes } = route;
    const mediaType = body && (isRaw(body) ? body.contentType : "application/json");
    app.route({
      ...common,
      method,
      ...(bodyMaxBytes && { bodyLimit: bodyMaxBytes }),
      ...(mediaType && {
        preParsing: async (request: FastifyRequest) =>
          checkMediaType(request.headers["content-type"], mediaType),
      }),
      handler: (request, reply) => this.#call(route, request, reply),
    });
  }

  async #call(
    {
      handle,
      reply: shape,
      status,
      headers = {},
      timeoutMs = this.#settings.answerTimeoutMs,
    }: Call,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { params, query, body } = request;
    const asked = this.#underKey(request);
    const over = new AbortController();
    reply.raw.once("close", () => over.abort(ANSWERED));
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Refusal("unavailable", `there was no answer within ${timeoutMs / 1000} s`));
      over.abort(ANSWERED);
    }, timeoutMs);
    try {
      const certificate = this.#certificateOf(request);
      const address = this.#addressOf(request);
      const input = { params, query, body, certificate, address, signal: over.signal } as never;
      const act = async (): Promise<unknown> => handle(input);
      const answered = asked === undefined ? act() : this.#parts.replays!.once(asked, act);
      const answer: unknown = await Promise.race([answered, late.promise]);
      reply.code(status ?? (shape === undefined ? 204 : 200)).headers(headers);
      if (shape === undefined) return reply.send();
      if (isRaw(shape)) return reply.type(shape.contentType).send(answer);
      return reply.type("application/json").send(reply.serialize(answer as object));
    } finally {
      clearTimeout(timer);
    }
  }

  /** What is asked, if it is asked under a key that is remembered. */
  #underKey(request: FastifyRequest): AskedUnderKey | undefined {
    const header = (request.headers as KeyHeader)["idempotency-key"];
    if (header === undefined || request.method !== "POST") return undefined;
    if (this.#parts.replays === undefined) return undefined;
    const caller = this.#callers.get(request)?.name ?? "";
    const { method, url, body } = request;
    return { caller, key: keyIn(header), request: `${method} ${url}\n${JSON.stringify(body)}` };
  }

  async #checkCaller({ roles = [], path }: Route, request: FastifyRequest): Promise<void> {
    const caller = await this.#parts.callers!.identify(request.headers.authorization);
    checkRoles(caller, roles);
    this.#callers.set(request, caller);
    const { id, method } = request;
    this.#parts.logger.info({ id, method, route: path, caller: caller.name }, "a call is taken");
  }

  /** Also those connections that never sent anything. */
  #hangUp(): void {
    this.#app?.server.closeAllConnections();
  }

  /** Before anything is read: strangers' names for us, and requests that come too late. */
  #admit(request: FastifyRequest, reply: FastifyReply): void {
    this.#underWay.add(reply.raw);
    reply.raw.once("close", () => {
      this.#underWay.delete(reply.raw);
      if (this.#stopping.signal.aborted && this.#underWay.size === 0) this.#hangUp();
    });
    reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    const { tls, names, host } = this.#settings;
    // A page of a stranger's whose name leads to loopback would otherwise be answered (DNS rebinding).
    if (
      tls === undefined &&
      !isLoopback(request.hostname) &&
      ![host, ...names].includes(request.hostname)
    ) {
      throw new Refusal("forbidden", `this server is not called "${request.hostname}"`);
    }
    if (this.#stopping.signal.aborted) throw new Refusal("unavailable", "the server is stopping");
    if (this.#draining.signal.aborted) reply.header("connection", "close");
    this.#checkToken(request);
  }

  #checkToken({ routeOptions, headers }: FastifyRequest): void {
    const { token } = this.#parts;
    if (token === undefined || this.#pages.has(routeOptions.url ?? "")) return;
    if (!showsToken(headers.authorization, token))
      throw new Refusal("unauthorised", "this takes the token: open it by the operator's link");
  }

  async #stream({ follow }: Events, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { streamsMax, heartbeatMs, idleTimeoutMs: stallMs } = this.#settings;
    const draining = this.#draining.signal;
    if (draining.aborted) throw new Refusal("unavailable", "the server is being drained");
    if (this.#streamCount >= streamsMax)
      throw new Refusal("busy", `${streamsMax} streams are open already`);
    const lastEventId = eventIdIn(request.headers["last-event-id"]);
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal, draining]);
    const { params, query } = request;
    const events = follow({ params, query, signal, lastEventId } as never);
    reply.hijack();
    this.#streamCount += 1;
    this.#streams.inc();
    try {
      await sendEvents(reply.raw, events, { heartbeatMs, stallMs, signal });
    } catch (error) {
      const about = { err: error, route: request.routeOptions.url, id: request.id };
      // Whoever listens comes again, and goes on where it was.
      if (refusalIn(error) === undefined) this.#parts.logger.error(about, "a stream broke off");
      else this.#parts.logger.debug(about, "a stream cannot go on");
      reply.raw.destroy();
    } finally {
      this.#streamCount -= 1;
      this.#streams.dec();
    }
  }

  #answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = refusalIn(error);
    const { logger } = this.#parts;
    const about = { id: request.id, method: request.method, route: request.routeOptions.url };
    if (refusal === undefined)
      logger.error({ ...about, err: error }, "a request met an error of ours");
    else
      logger.debug(
        { ...about, code: refusal.code, detail: refusal.detail },
        "a request was refused",
      );
    const language = languageIn(request.headers["accept-language"]);
    const problem =
      refusal === undefined
        ? internalProblem(request.id, language)
        : problemOf(refusal, request.id, language);
    if (refusal?.row.retry && (problem.status === 503 || problem.status === 429)) {
      const { retryAfterSeconds } = this.#settings;
      const afterS = refusal instanceof TooOften ? refusal.retryAfterS : retryAfterSeconds;
      reply.header("retry-after", afterS);
    }
    if (problem.status === 401) reply.header("www-authenticate", "Bearer");
    reply.header("content-language", language).code(problem.status).type(PROBLEM_TYPE);
    reply.serializer(JSON.stringify).send(problem);
  }

  #measure(request: FastifyRequest, reply: FastifyReply): void {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? "none",
      status: String(reply.statusCode),
    };
    this.#seconds.observe(labels, reply.elapsedTime / 1000);
  }
}
