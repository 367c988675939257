/** What tests of our servers call them with finds out where a server is not as it describes itself. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describedFetch } from "../../support/described-fetch.ts";

const json = (schema: object) => ({ content: { "application/json": { schema } } });
const problem = {
  content: {
    "application/problem+json": {
      schema: { type: "object", properties: { code: { enum: ["busy"] } } },
    },
  },
};
const paths = {
  "/box/{name}": {
    post: {
      parameters: [{ name: "name", in: "path", required: true, schema: { maxLength: 3 } }],
      requestBody: json({ type: "object", required: ["what"] }),
      responses: { 200: json({ type: "integer" }), default: problem },
    },
  },
  "/events": {
    get: {
      responses: { 200: { content: { "text/event-stream": { schema: { type: "integer" } } } } },
    },
  },
};

describe("describedFetch", () => {
  let server: Server;
  let url: string;
  /** What the server says to anything but its description. */
  let says: { status?: number; type?: string; text: string };

  before(async () => {
    server = createServer((request, response) => {
      const own = { type: "application/json", text: JSON.stringify({ paths }) };
      const {
        status = 200,
        type = "application/json",
        text,
      } = request.url === "/openapi.json" ? { ...own, status: 200 } : says;
      response.writeHead(status, { "content-type": type }).end(text);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const put = (name: string, body: object) =>
    describedFetch(`${url}/box/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  it("gives answers that are as described, problems too", async () => {
    says = { text: "7" };
    assert.equal(await (await put("red", { what: 1 })).json(), 7);
    const text = '{"status":503,"code":"busy"}';
    says = { status: 503, type: "application/problem+json", text };
    assert.equal((await put("red", {})).status, 503);
  });

  it("throws on other values, statuses, types and codes, and on what is described nowhere", async () => {
    const lies: [typeof says, RegExp][] = [
      [{ text: '"7"' }, /must be integer/],
      [{ status: 201, text: "7" }, /answers 201, which is described nowhere/],
      [{ type: "text/plain", text: "7" }, /answers with text\/plain/],
      [
        { status: 409, type: "application/problem+json", text: '{"status":409,"code":"spent"}' },
        /code must be equal to one of the allowed values/,
      ],
    ];
    for (const [lie, message] of lies) {
      says = lie;
      await assert.rejects(put("red", { what: 1 }), message);
    }
    says = { text: "7" };
    await assert.rejects(
      describedFetch(`${url}/bag`),
      /GET \/bag is answered, and described nowhere/,
    );
  });

  it("throws where a request that is not as described is answered all the same", async () => {
    says = { text: "7" };
    await assert.rejects(put("green", { what: 1 }), /name: .*must NOT have more than 3/);
    await assert.rejects(put("red", {}), /must have required property 'what'/);
  });

  it("looks at each event of a stream as it comes", async () => {
    const type = "text/event-stream";
    says = { type, text: "id: 1\ndata: 7\n\n" };
    assert.match(await (await describedFetch(`${url}/events`)).text(), /data: 7/);
    says = { type, text: 'id: 1\ndata: "7"\n\n' };
    const answer = await describedFetch(`${url}/events`);
    await assert.rejects(answer.text(), /must be integer/);
  });
});
