/** What a process that stands by passes on of what it was asked, and of the answer: what is of one connection stays on it. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { encodeRow } from "../../gateway/row.ts";
import { Forwarding } from "../../gateway/standby/forwarding.ts";

describe("what is passed on to the active process", () => {
  let server: Server;
  let asked: IncomingHttpHeaders;
  let forwarding: Forwarding;

  before(async () => {
    server = createServer((request, response) => {
      asked = request.headers;
      response.writeHead(200, {
        connection: "keep-alive, X-Answer-Hop",
        "x-answer-hop": "1",
        "proxy-authenticate": "Basic",
        "retry-after": "3",
        trailer: "x-sum",
      });
      response.end("answer");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const row = encodeRow({ url, secret: "a secret" });
    forwarding = new Forwarding({ get: async () => row }, undefined);
  });
  after(async () => {
    forwarding.close();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  const pass = (headers: IncomingHttpHeaders) =>
    forwarding.pass("devices", {
      method: "POST",
      url: "/v1/device",
      headers,
      body: new TextEncoder().encode("body"),
      certificate: undefined,
      address: "192.0.2.1",
      signal: new AbortController().signal,
    });

  it("has no header that the caller's Connection names, nor any other of one connection", async () => {
    await pass({
      accept: "text/plain",
      "x-hop": "1",
      "x-other-hop": "1",
      "x-end": "1",
      connection: "close, X-Hop ,x-other-hop",
      "keep-alive": "timeout=5",
      "proxy-connection": "keep-alive",
      "proxy-authorization": "Basic YTpi",
      te: "trailers",
      trailer: "x-sum",
      upgrade: "websocket",
      "content-length": "9000",
    });
    const { host: _, connection, ...rest } = asked;
    expect(connection).to.equal("keep-alive");
    expect(rest).to.deep.equal({
      accept: "text/plain",
      "x-end": "1",
      "content-length": "4",
      "tallystick-address": "192.0.2.1",
      "tallystick-secret": "a secret",
      "tallystick-listener": "devices",
    });
  });

  it("says who asks, whatever the caller says of it, and whatever its Connection names", async () => {
    await pass({
      connection: "tallystick-address, tallystick-listener",
      "tallystick-address": "203.0.113.7",
      "tallystick-certificate": "0x00",
      "tallystick-listener": "staff",
    });
    expect(asked["tallystick-address"]).to.equal("192.0.2.1");
    expect(asked["tallystick-listener"]).to.equal("devices");
    expect(asked).not.to.have.property("tallystick-certificate");
  });

  it("is answered without what the active process meant for its neighbour alone", async () => {
    const { status, headers, body } = await pass({});
    expect(status).to.equal(200);
    const { date: _, ...rest } = headers;
    expect(rest).to.deep.equal({ "retry-after": "3" });
    expect(await text(body as NodeJS.ReadableStream)).to.equal("answer");
  });
});
