import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Type } from "typebox";
import type { HttpServerOptions } from "../../../node/service/http-options.ts";
import { HttpServer, type HttpServerParts } from "../../../node/service/http-server.ts";
import { bytes, call, type Route } from "../../../node/service/route.ts";
import { makeLogger, Metrics } from "../../../node/service/telemetry.ts";
import { isRefusal, Refusal } from "../../../protocol/refusal.ts";
import { makeCertificate } from "../../../scripts/devnet/certificates.ts";
import { until } from "../../support/until.ts";

const Amount = Type.Object(
  { amount: Type.Integer({ minimum: 1 }), note: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

/** Before a server would hang up on what does not end by itself. */
const PROMPT_MS = 8_000;
/** What a route waits for, so that a test decides when it answers. */
let gate = Promise.withResolvers<void>();
/** How the last slow request's signal stood when it ended. */
let aborted: boolean | undefined;
/** How many requests have come to the gate. */
let entered = 0;

const routes: Route[] = [
  call({
    method: "POST",
    path: "/v1/double",
    summary: "Doubles an amount",
    body: Amount,
    reply: Type.Object({ amount: Type.Integer() }),
    handle: ({ body }) => ({ amount: 2 * body.amount, secret: "not in the schema" }),
  }),
  call({
    method: "GET",
    path: "/v1/things/:id",
    summary: "A thing",
    params: Type.Object({ id: Type.String({ pattern: "^[a-z0-9]+$" }) }),
    query: Type.Object(
      { limit: Type.Integer({ default: 10, maximum: 100 }) },
      { additionalProperties: false },
    ),
    reply: Type.Object({ id: Type.String(), limit: Type.Integer() }),
    handle: ({ params, query }) => ({ id: params.id, limit: query.limit }),
  }),
  call({
    method: "POST",
    path: "/v1/echo",
    summary: "Bytes back",
    body: bytes,
    reply: bytes,
    handle: ({ body }) => body.toReversed(),
  }),
  call({ method: "DELETE", path: "/v1/nothing", summary: "Nothing", handle: () => undefined }),
  call({
    method: "PUT",
    path: "/v1/made",
    summary: "Made",
    reply: Type.String(),
    status: 201,
    handle: () => "made",
  }),
  call({
    method: "GET",
    path: "/v1/refuse/:code",
    summary: "Refuses",
    params: Type.Object({ code: Type.String() }),
    handle: ({ params }) => {
      throw new Refusal(params.code as "spent", "for a reason", { field: "inputs", offset: 7 });
    },
  }),
  call({
    method: "GET",
    path: "/v1/break",
    summary: "Breaks",
    handle: () => {
      throw new Error("the password is swordfish", { cause: new Error("disk gone") });
    },
  }),
  call({
    method: "POST",
    path: "/v1/slow",
    summary: "Answers when the gate opens",
    body: Type.Object({}),
    reply: Type.String(),
    timeoutMs: 20_000,
    async handle({ signal }) {
      entered++;
      const end = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      await Promise.race([gate.promise, end]);
      aborted = signal.aborted;
      return "at last";
    },
  }),
];

type Fixture = { server: HttpServer; url: string; lines: string[]; metrics: Metrics; port: number };

describe("HttpServer", () => {
  const running: HttpServer[] = [];
  afterEach(async () => {
    gate.resolve();
    for (const server of running.splice(0)) await server.stop();
    gate = Promise.withResolvers();
    entered = 0;
  });
  const isAtGate = (count = 1) => until("it waits at the gate", () => entered === count);

  async function startServer(
    options: Partial<HttpServerOptions> = {},
    parts: Partial<HttpServerParts> = {},
  ): Promise<Fixture> {
    const lines: string[] = [];
    const metrics = new Metrics();
    const logger = makeLogger({
      name: "test",
      level: "debug",
      stream: { write: (line) => lines.push(line) },
    });
    const server = new HttpServer(
      { routes, logger, metrics, ...parts },
      { title: "Test", version: "1", port: 0, ...options },
    );
    await server.start();
    running.push(server);
    return { server, url: server.url, lines, metrics, port: Number(new URL(server.url).port) };
  }

  const post = (url: string, body: unknown, type = "application/json") =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": type },
      body: body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    });

  async function expectProblem(
    response: Response,
    status: number,
    code: string,
    detail: RegExp,
  ): Promise<Record<string, unknown>> {
    const problem = (await response.json()) as Record<string, unknown>;
    expect(response.status, JSON.stringify(problem)).to.equal(status);
    expect(response.headers.get("content-type")).to.match(/^application\/problem\+json/);
    expect(problem).to.include({ status, code, type: `urn:tallystick:problem:${code}` });
    expect(problem.detail).to.match(detail);
    expect(problem.title).to.be.a("string");
    expect(problem.remedy).to.be.a("string");
    expect(problem.instance).to.match(/^urn:uuid:[0-9a-f-]{36}$/);
    return problem;
  }

  /** Everything a raw connection hears until it is closed. */
  async function hear(socket: Socket): Promise<string> {
    let text = "";
    socket
      .on("error", () => undefined)
      .setEncoding("utf8")
      .on("data", (data: string) => (text += data));
    await once(socket, "close");
    return text;
  }

  describe("answers", () => {
    it("typed JSON, with nothing in it that the schema does not name", async () => {
      const { url } = await startServer();
      const response = await post(`${url}/v1/double`, { amount: 21 });
      expect(response.status).to.equal(200);
      expect(response.headers.get("x-content-type-options")).to.equal("nosniff");
      expect(response.headers.get("cache-control")).to.equal("no-store");
      expect(await response.json()).to.deep.equal({ amount: 42 });
    });

    it("bytes as bytes", async () => {
      const { url } = await startServer();
      const response = await post(
        `${url}/v1/echo`,
        Uint8Array.of(0, 255, 10, 13),
        "application/octet-stream",
      );
      expect(response.headers.get("content-type")).to.equal("application/octet-stream");
      expect(new Uint8Array(await response.arrayBuffer())).to.deep.equal(
        Uint8Array.of(13, 10, 255, 0),
      );
      const empty = await post(`${url}/v1/echo`, new Uint8Array(0), "application/octet-stream");
      expect((await empty.arrayBuffer()).byteLength).to.equal(0);
    });

    it("parameters and queries, converted and with their defaults", async () => {
      const { url } = await startServer();
      expect(await (await fetch(`${url}/v1/things/abc`)).json()).to.deep.equal({
        id: "abc",
        limit: 10,
      });
      expect(await (await fetch(`${url}/v1/things/abc?limit=7`)).json()).to.deep.equal({
        id: "abc",
        limit: 7,
      });
    });

    it("a text that would read as an endless number, for it is none", async () => {
      const { url } = await startServer();
      expect(await (await fetch(`${url}/v1/things/12e34567`)).json()).to.include({
        id: "12e34567",
      });
    });

    it("204 where there is nothing to say, and the status that a route names", async () => {
      const { url } = await startServer();
      expect((await fetch(`${url}/v1/nothing`, { method: "DELETE" })).status).to.equal(204);
      expect((await fetch(`${url}/v1/made`, { method: "PUT" })).status).to.equal(201);
    });
  });

  describe("problems", () => {
    it("are what an endless number is met with, and a part of the path that is too long", async () => {
      const { url } = await startServer();
      for (const limit of ["1e999", "-1e999", "101"]) {
        const answer = await fetch(`${url}/v1/things/abc?limit=${limit}`);
        await expectProblem(answer, 400, "malformed", /^query\.limit must be /);
      }
      const long = await fetch(`${url}/v1/things/${"a".repeat(5_000)}`);
      await expectProblem(long, 400, "malformed", /^a part of the path is too long$/);
    });

    it("have the status and remedy of the refusal's row, its detail and its place", async () => {
      const { url } = await startServer();
      const problem = await expectProblem(
        await fetch(`${url}/v1/refuse/spent`),
        409,
        "spent",
        /^for a reason$/,
      );
      expect(problem).to.include({
        title: "Another record took the coin first",
        field: "inputs",
        offset: 7,
        remedy: new Refusal("spent", "").remedy,
      });
      await expectProblem(
        await fetch(`${url}/v1/refuse/unauthorised`),
        401,
        "unauthorised",
        /reason/,
      );
    });

    it("say when to come back where that makes sense", async () => {
      const { url } = await startServer({ retryAfterSeconds: 3 });
      for (const [code, retryAfter] of [
        ["busy", "3"],
        ["unavailable", "3"],
        ["over-count-limit", "3"],
        ["spent", null],
        ["forbidden", null],
      ] as const) {
        expect((await fetch(`${url}/v1/refuse/${code}`)).headers.get("retry-after"), code).to.equal(
          retryAfter,
        );
      }
    });

    it("name the field that does not fit, in body, path and query", async () => {
      const { url } = await startServer();
      for (const [response, detail] of [
        [post(`${url}/v1/double`, { amount: "21" }), /^body\.amount must be integer, is string$/],
        [post(`${url}/v1/double`, {}), /^body\.amount is missing$/],
        [post(`${url}/v1/double`, { amount: 1, extra: 1 }), /^body "extra" is not known$/],
        [post(`${url}/v1/double`, [1]), /^body must be object, is array$/],
        [fetch(`${url}/v1/things/ABC`), /^params\.id must match pattern/],
        [fetch(`${url}/v1/things/abc?limit=x`), /^query\.limit must be integer/],
        [
          fetch(`${url}/v1/things/abc?limits=1`),
          /^query "limits" is not known; did you mean "limit"\?$/,
        ],
      ] as const) {
        await expectProblem(await response, 400, "malformed", detail);
      }
    });

    it("answer what is no JSON, no path, and of another media type, before the route hears of it", async () => {
      const { url } = await startServer();
      const send = (body: string, type: string, path = "/v1/double") =>
        fetch(`${url}${path}`, { method: "POST", headers: { "content-type": type }, body });
      await expectProblem(await send("{", "application/json"), 400, "malformed", /JSON/);
      await expectProblem(await send("", "application/json"), 400, "malformed", /body/i);
      await expectProblem(
        await send('{"__proto__":{"amount":1}}', "application/json"),
        400,
        "malformed",
        /JSON/,
      );
      await expectProblem(
        await send('{"amount":1}', "text/plain"),
        400,
        "malformed",
        /must be application\/json, is text\/plain/,
      );
      await expectProblem(
        await send('{"amount":1}', "application/octet-stream"),
        400,
        "malformed",
        /must be application\/json/,
      );
      await expectProblem(
        await send("{}", "application/json", "/v1/echo"),
        400,
        "malformed",
        /must be application\/octet-stream/,
      );
      await expectProblem(
        await fetch(`${url}/v1/double`, { method: "POST" }),
        400,
        "malformed",
        /must be application\/json$/,
      );
      await expectProblem(await fetch(`${url}/v1/things/%zz`), 400, "malformed", /not a valid url/);
    });

    it("answer unknown routes and methods", async () => {
      const { url } = await startServer();
      await expectProblem(
        await fetch(`${url}/v2/secrets?q=1`),
        404,
        "not-found",
        /^there is no GET \/v2\/secrets$/,
      );
      await expectProblem(
        await fetch(`${url}/v1/double`),
        404,
        "not-found",
        /^there is no GET \/v1\/double$/,
      );
    });

    it("tell nothing of an error of ours, which the log has with its cause under the same id", async () => {
      const { url, lines } = await startServer();
      const problem = await expectProblem(
        await fetch(`${url}/v1/break`),
        500,
        "internal",
        /error of the server's own/,
      );
      expect(JSON.stringify(problem)).to.not.match(/swordfish|disk|\.ts/);
      const logged = lines
        .map((line) => JSON.parse(line) as Record<string, any>)
        .find((line) => line.level === "error")!;
      expect(problem.instance).to.equal(`urn:uuid:${logged.id}`);
      expect(logged.err.message).to.contain("swordfish");
      expect(logged.err.cause.message).to.equal("disk gone");
      expect(logged.route).to.equal("/v1/break");
    });
  });

  describe("bounds", () => {
    it("the size of a body, each route its own", async () => {
      const small = call({
        method: "POST",
        path: "/small",
        summary: "",
        body: bytes,
        bodyMaxBytes: 10,
        handle: () => undefined,
      });
      const { url } = await startServer({ bodyMaxBytes: 1000 }, { routes: [...routes, small] });
      expect(
        (await post(`${url}/v1/echo`, new Uint8Array(1000), "application/octet-stream")).status,
      ).to.equal(200);
      await expectProblem(
        await post(`${url}/v1/echo`, new Uint8Array(1001), "application/octet-stream"),
        413,
        "too-large",
        /larger/,
      );
      await expectProblem(
        await post(`${url}/small`, new Uint8Array(11), "application/octet-stream"),
        413,
        "too-large",
        /larger/,
      );
      await expectProblem(
        await post(`${url}/v1/double`, { amount: 1, note: "x".repeat(1000) }),
        413,
        "too-large",
        /larger/,
      );
    });

    it("the size of a body of unknown length", async () => {
      const { port } = await startServer({ bodyMaxBytes: 1000 });
      const socket = connect(port, "127.0.0.1");
      const heard = hear(socket);
      socket.write(
        "POST /v1/echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      for (let i = 0; i < 20 && !socket.destroyed; i++)
        socket.write(`64\r\n${"x".repeat(100)}\r\n`);
      expect(await heard).to.match(/^HTTP\/1\.1 413 .*"code":"too-large"/s);
    });

    it("how slowly a request may arrive: one that dribbles is cut off", async () => {
      const { port, url } = await startServer({ receiveTimeoutMs: 300 });
      const start = Date.now();
      const headers = connect(port, "127.0.0.1");
      const body = connect(port, "127.0.0.1");
      const heard = [hear(headers), hear(body)];
      headers.write("GET /livez HTTP/1.1\r\nhost: localhost\r\nx-a: ");
      body.write(
        "POST /v1/double HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
      );
      const dribble = setInterval(
        () => [headers, body].forEach((socket) => socket.writable && socket.write("1")),
        50,
      );
      for (const text of await Promise.all(heard))
        expect(text).to.match(/^HTTP\/1\.1 400 .*too long to arrive/s);
      clearInterval(dribble);
      expect(Date.now() - start).to.be.lessThan(PROMPT_MS);
      expect((await fetch(`${url}/livez`)).status).to.equal(200);
    });

    it("how many connections there may be", async () => {
      const { port } = await startServer({ connectionsMax: 2 });
      const sockets = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
      for (const socket of sockets) await once(socket, "connect");
      await sleep(50);
      const third = connect(port, "127.0.0.1");
      third.on("error", () => {});
      third.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
      expect(await hear(third)).to.equal("");
      sockets[0]!.write("GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
      expect(await hear(sockets[0]!)).to.match(/^HTTP\/1\.1 200/);
      sockets[1]!.destroy();
    });

    it("how long an answer may take, and tells the route", async () => {
      const quick = routes.map((route) =>
        route.path === "/v1/slow" ? { ...route, timeoutMs: 100 } : route,
      );
      const { url } = await startServer({}, { routes: quick });
      aborted = undefined;
      await expectProblem(
        await post(`${url}/v1/slow`, {}),
        503,
        "unavailable",
        /no answer within 0\.1 s/,
      );
      await until("the route is told", () => aborted === true);
    });

    it("nothing while a caller waits, and tells the route when it has gone", async () => {
      const { url } = await startServer();
      aborted = undefined;
      const answered = post(`${url}/v1/slow`, {});
      await isAtGate();
      await sleep(100);
      expect(aborted).to.equal(undefined);
      gate.resolve();
      expect(await (await answered).json()).to.equal("at last");
      expect(aborted).to.equal(false);
      gate = Promise.withResolvers();
      const gone = new AbortController();
      const left = fetch(`${url}/v1/slow`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
        signal: gone.signal,
      });
      await isAtGate(2);
      gone.abort();
      await left.catch(() => undefined);
      await until("the route is told", () => aborted === true);
    });

    it("what is no HTTP at all", async () => {
      const { port } = await startServer();
      const socket = connect(port, "127.0.0.1");
      socket.write("\x16\x03\x01\x02\x00hello\r\n\r\n");
      expect(await hear(socket)).to.match(/^HTTP\/1\.1 400 .*no HTTP request/s);
    });
  });

  describe("listens", () => {
    it("on loopback unless told otherwise, and refuses names that are not its own there", async () => {
      const { port, url } = await startServer({ names: ["gateway.bank.example"] });
      expect(url).to.equal(`http://127.0.0.1:${port}`);
      for (const [host, status] of [
        ["localhost", 200],
        [`127.0.0.1:${port}`, 200],
        ["[::1]", 200],
        ["gateway.bank.example:443", 200],
        ["evil.example", 403],
        ["127.0.0.1.evil.example", 403],
        ["", 403],
      ] as const) {
        const socket = connect(port, "127.0.0.1");
        socket.write(`GET /livez HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
        expect(await hear(socket), host).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      }
    });

    it("nowhere else without certificates", () => {
      for (const host of [
        "0.0.0.0",
        "::",
        "192.168.1.7",
        "bank.example",
        "127.0.0.1.evil.example",
      ]) {
        const parts = {
          routes,
          logger: makeLogger({ name: "x", level: "silent" }),
          metrics: new Metrics(),
        };
        try {
          new HttpServer(parts, { title: "", version: "", port: 0, host });
          expect.fail(host);
        } catch (error) {
          expect(isRefusal(error, "bad-configuration"), String(error)).to.equal(true);
          expect((error as Error).message).to.contain(host);
        }
      }
    });

    it("elsewhere to holders of a certificate by the authority alone", async () => {
      const root = makeCertificate("root");
      const issuer = { name: "root", privateKey: root.privateKey };
      const [own, friend] = [makeCertificate("server", issuer), makeCertificate("friend", issuer)];
      const stranger = makeCertificate("stranger", {
        name: "root",
        privateKey: makeCertificate("root").privateKey,
      });
      const tls = { certificate: own.certificate, key: own.key, authority: root.certificate };
      const { port } = await startServer({ host: "0.0.0.0", tls });
      const get = async (client?: { certificate: string; key: string }) => {
        const request = httpsRequest({
          host: "127.0.0.1",
          port,
          path: "/livez",
          ca: root.certificate,
          agent: false,
          ...(client && { cert: client.certificate, key: client.key }),
        });
        request.end();
        const [response] = (await once(request, "response")) as [
          { statusCode: number; resume(): void },
        ];
        response.resume();
        return response.statusCode;
      };
      expect(await get(friend)).to.equal(200);
      for (const client of [undefined, stranger]) {
        const error = await get(client).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(Error);
      }
      const plain = connect(port, "127.0.0.1");
      plain.on("error", () => {});
      plain.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
      expect(await hear(plain)).to.not.contain("200 OK");
    });

    it("not on a port that is taken, and says which", async () => {
      const other = createServer();
      other.listen(0, "127.0.0.1");
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const error = await startServer({ port }).catch((thrown: unknown) => thrown);
      expect(isRefusal(error, "in-use"), String(error)).to.equal(true);
      expect((error as Error).message).to.contain(`port ${port} on 127.0.0.1`);
      other.close();
    });
  });

  describe("of itself", () => {
    it("says that it lives", async () => {
      const { url } = await startServer();
      expect(await (await fetch(`${url}/livez`)).json()).to.deep.equal({ status: "ok" });
    });

    it("says whether it is ready, and by name what is not", async () => {
      let chain: string | undefined;
      const checks = {
        store: () => undefined,
        chain: async () => chain,
        peers: () => (chain === "broken" ? Promise.reject(new Error("x")) : undefined),
      };
      const { url, lines } = await startServer({}, { checks });
      const ready = await fetch(`${url}/readyz`);
      expect(await ready.json()).to.deep.equal({
        status: "ok",
        checks: ["store", "chain", "peers"],
      });
      chain = "no block for 12 s";
      const response = await fetch(`${url}/readyz`);
      expect(response.headers.get("retry-after")).to.equal("1");
      const problem = await expectProblem(response, 503, "unavailable", /^not ready: chain$/);
      expect(problem.checks).to.deep.equal({ chain: "no block for 12 s" });
      chain = "broken";
      const broken = await expectProblem(
        await fetch(`${url}/readyz`),
        503,
        "unavailable",
        /chain, peers/,
      );
      expect(broken.checks).to.deep.equal({ chain: "broken", peers: "the check failed" });
      expect(lines.join()).to.contain("a readiness check failed");
    });

    it("shows metrics, its own requests among them by route and status", async () => {
      const { url, metrics } = await startServer();
      metrics.gauge("coins", "Coins").set(12);
      await fetch(`${url}/v1/things/abc`);
      await fetch(`${url}/v1/things/ABC`);
      await fetch(`${url}/v1/nowhere/at/all`);
      const response = await fetch(`${url}/metrics`);
      expect(response.headers.get("content-type")).to.match(/^text\/plain/);
      const text = await response.text();
      expect(text).to.contain("tallystick_coins 12");
      expect(text).to.contain(
        'tallystick_http_request_seconds_count{method="GET",route="/v1/things/:id",status="200"} 1',
      );
      expect(text).to.contain(
        'tallystick_http_request_seconds_count{method="GET",route="/v1/things/:id",status="400"} 1',
      );
      expect(text).to.contain('route="none",status="404"} 1');
      expect(text).to.not.contain("nowhere");
    });

    it("describes its routes in OpenAPI 3.1, problems included", async () => {
      const { url } = await startServer();
      const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as Record<string, any>;
      expect(openapi.openapi).to.equal("3.1.0");
      expect(openapi.info).to.deep.equal({ title: "Test", version: "1" });
      expect(Object.keys(openapi.paths)).to.include.members([
        "/livez",
        "/readyz",
        "/metrics",
        "/v1/double",
        "/v1/things/{id}",
        "/v1/echo",
      ]);
      const double = openapi.paths["/v1/double"].post;
      expect(double.summary).to.equal("Doubles an amount");
      expect(double.requestBody.content["application/json"].schema.properties.amount).to.deep.equal(
        { type: "integer", minimum: 1 },
      );
      expect(double.responses["200"].content["application/json"].schema.properties).to.deep.equal({
        amount: { type: "integer" },
      });
      expect(
        double.responses.default.content["application/problem+json"].schema.required,
      ).to.include("remedy");
      const thing = openapi.paths["/v1/things/{id}"].get;
      expect(
        thing.parameters.map((it: { in: string; name: string }) => [it.in, it.name]),
      ).to.deep.equal([
        ["query", "limit"],
        ["path", "id"],
      ]);
      const echo = openapi.paths["/v1/echo"].post;
      expect(Object.keys(echo.requestBody.content)).to.deep.equal(["application/octet-stream"]);
      expect(Object.keys(echo.responses["200"].content)).to.deep.equal([
        "application/octet-stream",
      ]);
    });
  });

  describe("stops", () => {
    it("after what is under way, taking nothing new, and frees the port", async () => {
      const { server, url, port } = await startServer({ drainMs: 60_000 });
      const idle = connect(port, "127.0.0.1");
      await once(idle, "connect");
      const slow = post(`${url}/v1/slow`, {});
      await isAtGate();
      let stopped = false;
      const stopping = server.stop().then(() => (stopped = true));
      await sleep(50);
      expect(stopped).to.equal(false);
      const error = await fetch(`${url}/livez`).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(Error);
      gate.resolve();
      expect(await (await slow).json()).to.equal("at last");
      const start = Date.now();
      await stopping;
      expect(Date.now() - start).to.be.lessThan(PROMPT_MS);
      const again = createServer().listen(port, "127.0.0.1");
      await once(again, "listening");
      again.close();
      idle.destroy();
    });

    it("refuses as unavailable what still comes on a connection that is open", async () => {
      const { server, port } = await startServer();
      const socket = connect(port, "127.0.0.1");
      const heard = hear(socket);
      const slow =
        "POST /v1/slow HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
      socket.write(slow);
      await isAtGate();
      const stopping = server.stop();
      socket.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await sleep(50);
      gate.resolve();
      const text = await heard;
      expect(text).to.match(/^HTTP\/1\.1 200 .*"at last"HTTP\/1\.1 503 .*"code":"unavailable"/s);
      await stopping;
    });

    it("in the end also while a request hangs", async () => {
      const { server, url } = await startServer({ drainMs: 100 });
      const slow = post(`${url}/v1/slow`, {}).catch((error: unknown) => error);
      await isAtGate();
      const start = Date.now();
      await server.stop();
      expect(Date.now() - start).to.be.within(80, PROMPT_MS);
      expect(await slow).to.be.instanceOf(Error);
    });

    it("twice without harm, and before it has started", async () => {
      const { server } = await startServer();
      await Promise.all([server.stop(), server.stop()]);
      const parts = {
        routes: [],
        logger: makeLogger({ name: "x", level: "silent" }),
        metrics: new Metrics(),
      };
      await new HttpServer(parts, { title: "", version: "", port: 0 }).stop();
    });
  });
});
