/** A device's questions over real HTTP, and what it makes of bad answers. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { askGateway, HttpGatewayClient } from "../../device/gateway-client.ts";
import { sync } from "../../device/sync.ts";
import { limits } from "../../protocol/limits.ts";
import { TestGateway } from "./support/gateway.ts";
import { refused } from "./support/refused.ts";
import { type Device, exchange, World } from "./support/world.ts";

describe("a gateway over HTTP", () => {
  let world: World;
  let ada: Device;
  let gateway: TestGateway;
  let server: Server;
  let listener: RequestListener;
  let url: string;
  let client: HttpGatewayClient;

  beforeEach(async () => {
    world = new World();
    ada = await world.device("Ada", { coins: [100n] });
    gateway = new TestGateway(world, 1, ["Ada"]);
    listener = answerWith(async (body) => gateway.send(body));
    server = createServer((request, response) => listener(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    url = `http://127.0.0.1:${port}/`;
    client = new HttpGatewayClient(url, 1, fetch, { timeoutMs: 60_000 });
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  /** Answers a POST of octets to /v1/device. */
  function answerWith(answer: (body: Uint8Array) => Promise<Uint8Array>): RequestListener {
    return (request, response) => {
      const parts: Buffer[] = [];
      expect(request.url).to.equal("/v1/device");
      expect(request.method).to.equal("POST");
      expect(request.headers["content-type"]).to.equal("application/octet-stream");
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        answer(new Uint8Array(Buffer.concat(parts))).then(
          (reply) => response.writeHead(200).end(reply),
          (error: Error) => response.destroy(error),
        );
      });
    };
  }

  it("settles what a device hands in", async () => {
    const ben = await world.device("Ben");
    await exchange(ada, ben, 30n);
    expect(await sync(ada.purse, client)).to.include({ handedIn: 1, pending: 1 });
    gateway.sequence();
    expect(await sync(ada.purse, client)).to.include({ settled: 1, pending: 0 });
  });

  it("is believed when it refuses by a problem document, and the code is known", async () => {
    listener = (_, response) => {
      const problem = { code: "busy", detail: "try again in a while", status: 503 };
      response.writeHead(503, { "content-type": "application/problem+json" });
      response.end(JSON.stringify(problem));
    };
    const refusal = await refused("busy", askGateway(ada.purse, client, { kind: "certify" }));
    expect(refusal.message).to.equal("try again in a while");
  });

  for (const [title, status, body] of [
    ["a page of a proxy", 502, "<html>Bad gateway</html>"],
    ["a problem with a code that is none", 400, '{"code":"toString","detail":"x"}'],
    ["JSON that is no object", 500, "null"],
  ] as const) {
    it(`is out of order when it answers with ${title}`, async () => {
      // Answered once all was read: a server that hangs up in between is another case.
      listener = (request, response) =>
        request.resume().once("end", () => response.writeHead(status).end(body));
      const outcome = await client.send(Uint8Array.of(1)).catch((error: Error) => error);
      expect(String(outcome)).to.equal(`Error: the gateway answers with status ${status}`);
    });
  }

  it("is not read beyond what an answer may have", async () => {
    let sent = 0;
    listener = (_, response) => {
      response.writeHead(200);
      const part = Buffer.alloc(256 * 1024);
      const more = () => {
        while (!response.destroyed && sent < 64 * limits.gatewayAnswerMax) {
          sent += part.length;
          if (!response.write(part)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    };
    await refused("too-large", client.send(Uint8Array.of(1)));
    expect(sent).to.be.below(32 * limits.gatewayAnswerMax);
  });

  it("is given up when it does not answer in time, and nothing has changed", async () => {
    listener = () => undefined;
    const hasty = new HttpGatewayClient(url, 1, fetch, { timeoutMs: 200 });
    const outcome = await sync(ada.purse, hasty).catch((error: Error) => error);
    expect(outcome).to.be.instanceOf(Error).with.property("name", "TimeoutError");
    expect(ada.purse.balance().spendable).to.equal(100n);
  });

  it("is refused when its reply is to another question", async () => {
    const asked: Uint8Array[] = [];
    listener = answerWith(async (body) => {
      asked.push(body);
      return gateway.send(asked[0]!);
    });
    await askGateway(ada.purse, client, { kind: "certify" });
    await refused("not-for-us", askGateway(ada.purse, client, { kind: "certify" }));
  });

  it("is asked once more with the time it names, and no third time", async () => {
    world.pass(3 * 24 * 60 * 60 * 1000);
    await askGateway(ada.purse, client, { kind: "certify" });
    expect(gateway.asked).to.deep.equal(["certify", "certify"]);
    world.pass(3 * 24 * 60 * 60 * 1000);
    world.lists = async () => [];
    await refused("stale-request", askGateway(ada.purse, client, { kind: "certify" }));
    expect(gateway.asked).to.have.length(4);
  });
});
