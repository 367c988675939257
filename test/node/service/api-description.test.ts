/** What a server says of itself: examples and codes in OpenAPI, a page for people, problems in two languages. */
import { expect } from "chai";
import { Type } from "typebox";
import { HttpServer } from "../../../node/service/http-server.ts";
import { bytes, call, type Route } from "../../../node/service/route.ts";
import { makeLogger, Metrics } from "../../../node/service/telemetry.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { wordsOf } from "../../../protocol/refusal-words.ts";

const Name = Type.String({ pattern: "^[a-z]+$", description: "A <b>name</b> & more" });

const routes: Route[] = [
  call({
    method: "POST",
    path: "/v1/boxes/:name",
    summary: "Puts something into a box",
    refusals: ["conflict"],
    example: {
      params: { name: "red" },
      query: { many: 3 },
      body: { what: "a <ball>" },
      reply: { inside: ["ball"] },
    },
    params: Type.Object({ name: Name }),
    query: Type.Object({ many: Type.Integer({ default: 1 }) }),
    body: Type.Object({ what: Type.String() }, { additionalProperties: false }),
    reply: Type.Object({ inside: Type.Array(Type.String()) }),
    handle() {
      throw new Refusal("conflict", "the box is full");
    },
  }),
  call({
    method: "GET",
    path: "/v1/nothing",
    summary: "Breaks",
    refusals: [],
    handle() {
      throw new Error("ours");
    },
  }),
  call({
    method: "POST",
    path: "/v1/bytes",
    summary: "Takes bytes",
    refusals: [],
    body: bytes,
    reply: bytes,
    handle: ({ body }) => body,
  }),
];

describe("a server's description of itself", () => {
  let server: HttpServer;
  let api: { paths: Record<string, any> };

  before(async () => {
    const logger = makeLogger({ name: "test", level: "silent" });
    server = new HttpServer(
      { routes, logger, metrics: new Metrics() },
      { title: "Boxes", version: "7", port: 0 },
    );
    await server.start();
    api = (await (await fetch(`${server.url}/openapi.json`)).json()) as typeof api;
  });
  after(() => server.stop());

  const problemCodes = (operation: any): string[] =>
    operation.responses.default.content["application/problem+json"].schema.properties.code.enum;

  it("has each route's example, part by part", () => {
    const { post } = api.paths["/v1/boxes/{name}"];
    const parameters = post.parameters as { name: string; example: unknown }[];
    const examples = parameters.map(({ name, example }) => [name, example]);
    expect(Object.fromEntries(examples)).to.deep.equal({ name: "red", many: 3 });
    const { content } = post.requestBody;
    expect(content["application/json"].example).to.deep.equal({ what: "a <ball>" });
    const reply = post.responses["200"].content["application/json"];
    expect(reply.example).to.deep.equal({ inside: ["ball"] });
  });

  it("names the codes that a route refuses with, and those that any route may", () => {
    const any = ["forbidden", "internal", "unavailable"];
    const { post } = api.paths["/v1/boxes/{name}"];
    expect(problemCodes(post)).to.deep.equal(
      [...any, "conflict", "malformed", "too-large"].toSorted(),
    );
    expect(problemCodes(api.paths["/v1/nothing"].get)).to.deep.equal(any);
    expect(problemCodes(api.paths["/v1/bytes"].post)).to.deep.equal(
      [...any, "malformed", "too-large"].toSorted(),
    );
  });

  it("is a page, too, that shows the same and loads nothing from anywhere [R-097]", async () => {
    const answer = await fetch(`${server.url}/docs`);
    const page = await answer.text();
    expect(answer.headers.get("content-type")).to.equal("text/html; charset=utf-8");
    expect(answer.headers.get("content-security-policy")).to.match(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; /,
    );
    for (const path of Object.keys(api.paths)) expect(page).to.include(`${path}</code>`);
    expect(page).to.not.match(/<script|<link|<img|https?:|src=|url\(/);
    expect(page).to.include("A &lt;b&gt;name&lt;/b&gt; &amp; more");
    expect(page).to.include("&quot;what&quot;: &quot;a &lt;ball&gt;&quot;");
    for (const language of ["en", "zh"] as const) {
      expect(page).to.include(wordsOf("conflict", language).title);
    }
  });

  it("says problems in English or in Chinese, as the reader asks, the code being the same", async () => {
    const ask = (language?: string) =>
      fetch(`${server.url}/v1/boxes/red`, {
        method: "POST",
        body: JSON.stringify({ what: "ball" }),
        headers: {
          "content-type": "application/json",
          ...(language === undefined ? {} : { "accept-language": language }),
        },
      });
    for (const [accepted, language] of [
      [undefined, "en"],
      ["zh-CN,zh;q=0.9", "zh"],
      ["fr", "en"],
    ] as const) {
      const answer = await ask(accepted);
      expect(answer.headers.get("content-language")).to.equal(language);
      expect(await answer.json()).to.include({
        code: "conflict",
        type: "urn:tallystick:problem:conflict",
        detail: "the box is full",
        ...wordsOf("conflict", language),
      });
    }
    const broken = await fetch(`${server.url}/v1/nothing`, {
      headers: { "accept-language": "zh" },
    });
    expect(await broken.json()).to.include({ code: "internal", ...wordsOf("internal", "zh") });
  });
});
