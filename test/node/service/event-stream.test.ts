import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Type } from "typebox";
import { EventFeed } from "../../../node/service/event-feed.ts";
import type { ServerEvent } from "../../../node/service/event-stream.ts";
import type { HttpServerOptions } from "../../../node/service/http-options.ts";
import { HttpServer } from "../../../node/service/http-server.ts";
import { events } from "../../../node/service/route.ts";
import { makeLogger, Metrics } from "../../../node/service/telemetry.ts";
import { until } from "../../support/until.ts";

type Data = { text: string };

/** Before a server would hang up on what does not end by itself. */
const PROMPT_MS = 8_000;

describe("server-sent events", () => {
  const running: HttpServer[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function startServer(options: Partial<HttpServerOptions> = {}) {
    const list: ServerEvent<Data>[] = [];
    const feed = new EventFeed<Data>(
      { history: (id) => list.filter((event) => event.id > id) },
      { bufferMax: 8 },
    );
    const publish = (id: number, text: string, type?: string) => {
      const event = { id, data: { text }, ...(type === undefined ? {} : { type }) };
      list.push(event);
      feed.publish(event);
    };
    const lines: string[] = [];
    const metrics = new Metrics();
    const logger = makeLogger({ name: "test", stream: { write: (line) => lines.push(line) } });
    const event = Type.Object({ text: Type.String() });
    const routes = [
      events({
        path: "/v1/events",
        summary: "Events",
        event,
        follow: ({ lastEventId, signal }) => feed.follow(lastEventId, signal),
      }),
      events({
        path: "/v1/broken",
        summary: "Breaks off",
        event,
        async *follow() {
          yield { id: 1, data: { text: "one" } };
          throw new Error("the history is gone");
        },
      }),
    ];
    const server = new HttpServer(
      { routes, logger, metrics },
      { title: "Test", version: "1", port: 0, ...options },
    );
    await server.start();
    running.push(server);
    return {
      server,
      url: server.url,
      port: Number(new URL(server.url).port),
      publish,
      feed,
      lines,
      metrics,
    };
  }

  /** A client that hears everything. */
  function listen(port: number, headers = "", path = "/v1/events") {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let text = "";
    socket
      .on("error", () => undefined)
      .setEncoding("utf8")
      .on("data", (data: string) => (text += data));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`);
    return {
      socket,
      text: () => text,
      async until(part: string) {
        await until(`it hears ${JSON.stringify(part)}`, () => text.includes(part));
      },
      ids: () => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
    };
  }

  it("come with their id, name and data, as they happen", async () => {
    const { port, publish } = await startServer();
    const client = listen(port);
    await client.until("\r\n\r\n");
    expect(client.text()).to.match(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/);
    publish(7, "line one\nline two");
    publish(8, "ü", "settled");
    await client.until('id: 7\ndata: {"text":"line one\\nline two"}\n\n');
    await client.until('id: 8\nevent: settled\ndata: {"text":"ü"}\n\n');
  });

  it("go on after Last-Event-ID, without a gap and without a repetition", async () => {
    const { port, publish } = await startServer();
    for (let id = 1; id <= 30; id++) publish(id, "before");
    const client = listen(port, "last-event-id: 12\r\n");
    for (let id = 31; id <= 60; id++) publish(id, "meanwhile");
    await client.until("id: 60");
    for (let id = 61; id <= 90; id++) publish(id, "after");
    await client.until("id: 90");
    expect(client.ids()).to.deep.equal(Array.from({ length: 78 }, (_, i) => i + 13));
  });

  it("reach fetch and a reader of lines", async () => {
    const { url, publish } = await startServer();
    publish(1, "one");
    const response = await fetch(`${url}/v1/events`, { headers: { "last-event-id": "0" } });
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).to.contain('data: {"text":"one"}');
    await reader.cancel();
  });

  it("refuse a Last-Event-ID that is no number of an event", async () => {
    const { url } = await startServer();
    for (const id of ["x", "-1", "1.5", "99999999999999999999"]) {
      const response = await fetch(`${url}/v1/events`, { headers: { "last-event-id": id } });
      expect(response.status, id).to.equal(400);
      expect(await response.json()).to.include({ code: "malformed" });
    }
  });

  it("are interspersed with signs of life", async () => {
    const { port } = await startServer({ heartbeatMs: 20 });
    const client = listen(port);
    await client.until("\n:\n\n");
  });

  it("end for the server when the client goes", async () => {
    const { port, feed, metrics } = await startServer();
    const clients = [listen(port), listen(port)];
    await until("all are heard", () => feed.followers === 2);
    expect(await metrics.text()).to.contain("tallystick_http_streams 2");
    for (const { socket } of clients) socket.destroy();
    await until("none is left", () => feed.followers === 0);
    expect(await metrics.text()).to.contain("tallystick_http_streams 0");
  });

  it("end for a client that takes nothing, while others go on", async () => {
    const { port, publish, feed } = await startServer({ idleTimeoutMs: 1_000 });
    const stuck = listen(port);
    const lively = listen(port);
    await until("all are heard", () => feed.followers === 2);
    stuck.socket.pause();
    const large = "x".repeat(100_000);
    let id = 0;
    for (; id < 200; id++) {
      publish(id, large);
      await sleep(1);
    }
    await until("one is left", () => feed.followers === 1);
    publish(id, "last");
    await lively.until('"last"');
    expect(lively.ids()).to.deep.equal(Array.from({ length: 201 }, (_, i) => i));
  });

  it("are given to so many clients and no more", async () => {
    const { port, url, feed } = await startServer({ streamsMax: 2 });
    listen(port);
    listen(port);
    await until("all are heard", () => feed.followers === 2);
    const response = await fetch(`${url}/v1/events`);
    expect(response.status).to.equal(503);
    expect(response.headers.get("retry-after")).to.equal("1");
    expect(await response.json()).to.include({ code: "busy" });
  });

  it("break off where their source does, and the log says why", async () => {
    const { port, lines } = await startServer();
    const client = listen(port, "", "/v1/broken");
    await once(client.socket, "close");
    expect(client.ids()).to.deep.equal([1]);
    expect(lines.join()).to.contain("the history is gone");
  });

  it("end when the server stops, at once", async () => {
    const { server, port, feed } = await startServer({ drainMs: 60_000 });
    const client = listen(port);
    await until("all are heard", () => feed.followers === 1);
    const closed = once(client.socket, "close");
    const start = Date.now();
    await server.stop();
    await closed;
    expect(Date.now() - start).to.be.lessThan(PROMPT_MS);
    expect(feed.followers).to.equal(0);
  });

  it("are described in OpenAPI", async () => {
    const { url } = await startServer();
    const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as Record<string, any>;
    const { content } = openapi.paths["/v1/events"].get.responses["200"];
    expect(content["text/event-stream"].schema.properties).to.deep.equal({
      text: { type: "string" },
    });
  });
});
