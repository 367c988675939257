/** What operators see of a running gateway and do to it, on a listener that is theirs alone. */
import { expect } from "chai";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch, documentOf } from "../support/described-fetch.ts";
import { until } from "../support/until.ts";
import { Bank } from "./support/bank.ts";

const nobodysRecord = `/v1/records/0x${"5a".repeat(32)}`;

describe("a gateway's operators", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  beforeEach(async () => {
    bank = await Bank.open(await folder());
    await bank.start();
  });
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const get = (path: string) => describedFetch(`${bank.gateway.managementUrl}${path}`);

  it("have probes, metrics, log and drain at their own listener, and nobody has them elsewhere", async () => {
    const own = ["/livez", "/readyz", "/metrics", "/v1/log", "/v1/drain"];
    const { paths } = await documentOf(bank.gateway.managementUrl);
    expect(Object.keys(paths)).to.have.members([...own, "/openapi.json"]);
    for (const url of [bank.url, bank.gateway.staffUrl]) {
      for (const path of own)
        expect((await describedFetch(url + path)).status, url + path).to.equal(404);
    }
  });

  it("see in one place how long callers of every listener waited", async () => {
    await describedFetch(`${bank.url}/v1/member`);
    await describedFetch(`${bank.gateway.staffUrl}/v1/books`);
    const text = await (await get("/metrics")).text();
    const counted = (route: string) =>
      `tallystick_http_request_seconds_count{method="GET",route="${route}",status="200"} 1`;
    expect(text).to.include(counted("/v1/member"));
    expect(text).to.include(counted("/v1/books"));
  });

  it("say how much is logged while it runs", async () => {
    expect(await (await get("/v1/log")).json()).to.deep.equal({ level: "debug" });
    await bank.operate("/v1/log", { level: "error" });
    const before = bank.log.length;
    await describedFetch(`${bank.url}/v1/nothing/of/the/kind`);
    expect(bank.log.slice(before)).to.deep.equal([]);
    await bank.operate("/v1/log", { level: "debug" });
    await describedFetch(`${bank.url}/v1/nothing/of/the/kind`);
    expect(bank.log.slice(before).join()).to.include("a request was refused");
  });

  it("send callers elsewhere before a stop, and lose none that is here", async () => {
    const stream = await describedFetch(`${bank.url}${nobodysRecord}/events`);
    expect(await (await get("/v1/drain")).json()).to.deep.equal({ isDraining: false, underWay: 1 });
    await bank.operate("/v1/drain", { isDraining: true });
    await stream.text();
    await until("nobody is here", async () => {
      const { underWay } = (await (await get("/v1/drain")).json()) as { underWay: number };
      return underWay === 0;
    });
    const ready = await get("/readyz");
    expect(ready.status).to.equal(503);
    expect(await ready.json()).to.deep.include({ checks: { drain: "callers are sent elsewhere" } });
    const late = await describedFetch(`${bank.url}/v1/member`);
    expect([late.status, late.headers.get("connection")]).to.deep.equal([200, "close"]);
    const follower = await describedFetch(`${bank.url}${nobodysRecord}/events`);
    expect(follower.status).to.equal(503);
    expect(await follower.json()).to.include({ code: "unavailable" });
    await bank.operate("/v1/drain", { isDraining: false });
    expect((await get("/readyz")).status).to.equal(200);
    const again = await describedFetch(`${bank.url}/v1/member`);
    expect(again.headers.get("connection")).to.not.equal("close");
  });
});
