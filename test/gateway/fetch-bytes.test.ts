import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { fetchBytes, postBytes } from "../../gateway/fetch-bytes.ts";

describe("bytes from another service", () => {
  let server: Server;
  let url: string;
  const asked: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url!);
      if (request.url === "/here") response.end("four");
      else response.writeHead(307, { location: "/here" }).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("come from the address that was named, not from where it leads", async () => {
    asked.length = 0;
    expect(await failureOf(fetchBytes(`${url}/elsewhere`, 4))).to.be.an("error");
    expect(await failureOf(postBytes(`${url}/elsewhere`, Uint8Array.of(1), 4))).to.be.an("error");
    expect(asked).to.deep.equal(["/elsewhere", "/elsewhere"]);
  });

  it("are no more than was said, and whole where they are as many", async () => {
    expect(Buffer.from(await fetchBytes(`${url}/here`, 4)).toString()).to.equal("four");
    expect(await failureOf(fetchBytes(`${url}/here`, 3))).to.match(/more than 3 bytes/);
  });
});

/** How it fails, if it does. */
function failureOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => undefined,
    (error: unknown) => error,
  );
}
