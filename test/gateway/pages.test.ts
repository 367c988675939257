/** The wallet's pages as the gateway serves them: what they are, and what they may reach. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pageRoutes } from "../../gateway/pages.ts";
import { HttpServer } from "../../node/service/http-server.ts";
import { makeLogger, Metrics } from "../../node/service/telemetry.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";

const files = {
  "index.html": "<!doctype html>wallet",
  "terminal/index.html": "<!doctype html>till",
  "wallet-4XQ7PLZM.js": "export {};",
  "manifest.webmanifest": "{}",
  "icon-192.png": "\x89PNG",
};

describe("the wallet's pages", () => {
  const makeFolder = temporaryFolders();
  let server: HttpServer;

  const serve = async (folder: string) => {
    server = new HttpServer(
      {
        routes: await pageRoutes(folder),
        logger: makeLogger({ name: "test", level: "silent" }),
        metrics: new Metrics(),
      },
      { title: "Test", version: "1", port: 0 },
    );
    await server.start();
  };
  const get = (path: string) => fetch(`${server.url}${path}`, { redirect: "manual" });

  beforeEach(async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, "terminal"));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await serve(folder);
  });
  afterEach(() => server.stop());

  it("are served under /wallet/, each with its type", async () => {
    const types = {
      "/wallet/": ["text/html; charset=utf-8", files["index.html"]],
      "/wallet/terminal/": ["text/html; charset=utf-8", files["terminal/index.html"]],
      "/wallet/wallet-4XQ7PLZM.js": ["text/javascript; charset=utf-8", "export {};"],
      "/wallet/manifest.webmanifest": ["application/manifest+json", "{}"],
    } as const;
    for (const [path, [type, text]] of Object.entries(types)) {
      const answer = await get(path);
      expect(answer.status, path).to.equal(200);
      expect(answer.headers.get("content-type"), path).to.equal(type);
      expect(await answer.text(), path).to.equal(text);
    }
    const answer = await get("/wallet");
    expect([answer.status, answer.headers.get("location")]).to.deep.equal([308, "/wallet/"]);
  });

  it("load nothing from other hosts, and send nothing there [R-097]", async () => {
    for (const path of ["/wallet/", "/wallet/terminal/", "/wallet/wallet-4XQ7PLZM.js"]) {
      const policy = (await get(path)).headers.get("content-security-policy")!;
      const rules = policy.split("; ").map((rule) => rule.split(" ").slice(1).join(" "));
      expect(policy, path).to.match(/^default-src 'none'; /);
      expect([...new Set(rules)].sort(), path).to.deep.equal(["'none'", "'self'"]);
    }
  });

  it("are kept by browsers where their name says the content, and asked for again otherwise", async () => {
    const policyOf = async (path: string) => (await get(path)).headers.get("cache-control");
    expect(await policyOf("/wallet/wallet-4XQ7PLZM.js")).to.match(/immutable/);
    for (const path of ["/wallet/", "/wallet/manifest.webmanifest", "/wallet/icon-192.png"]) {
      expect(await policyOf(path), path).to.equal("no-cache");
    }
  });

  it("are those of the folder and nothing else", async () => {
    for (const path of ["/wallet/none.js", "/wallet/%2e%2e/package.json", "/wallet/index.html"]) {
      const answer = await get(path);
      expect(answer.status, path).to.equal(404);
      expect(await answer.json(), path).to.include({ code: "not-found" });
    }
    const openapi = (await (await get("/openapi.json")).json()) as { paths: object };
    expect(Object.keys(openapi.paths).filter((path) => path.includes("wallet"))).to.deep.equal([]);
  });

  it("say what to do where they are not built", async () => {
    await server.stop();
    await serve(join(await makeFolder(), "none"));
    const answer = await get("/wallet/");
    const problem = (await answer.json()) as { code: string; detail: string };
    expect(answer.status).to.equal(503);
    expect(problem.code).to.equal("unavailable");
    expect(problem.detail).to.include("npm run build");
  });
});
