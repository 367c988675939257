/** The bank's own systems, told of what happens at its gateway. */
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { limits } from "../../../protocol/limits.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { until } from "../../support/until.ts";
import { Bank, MEMBER } from "../support/bank.ts";
import { TestDevice } from "../support/device.ts";
import { refusal } from "../support/refusal.ts";
import { ResultsServer } from "../support/results-server.ts";

type Row = { readonly id: string; readonly url: string; readonly kinds: readonly string[] };
type Check = (body: string, signature: string, member: object) => boolean;

describe("subscriptions to events", () => {
  const folder = temporaryFolders();
  let bank: Bank;
  let core: ResultsServer;

  before(async () => {
    bank = await Bank.open(await folder());
    bank.node.ledger.deposit(MEMBER, 100_000n);
    await bank.start();
    core = await ResultsServer.start(bank.node.ledger.bank(MEMBER).issuer.publicKey);
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
    await core[Symbol.asyncDispose]();
  });

  const subscribe = (kinds: readonly string[], url = core.url) =>
    bank.staff<Row>("/v1/webhooks", { url, kinds });
  const remove = async (id: string) => {
    const url = `${bank.gateway.staffUrl}/v1/webhooks/${id}`;
    return (await fetch(url, { method: "DELETE" })).status;
  };
  const heard = (kind: string) => core.results.filter((result) => result["kind"] === kind);

  it("tell of a load, a redemption and each record's end, in order, though nobody heard at first and the gateway began anew [N-13]", async () => {
    const { id } = await subscribe(["record", "load", "redemption"]);
    core.status = 503;
    const device = await TestDevice.enrolled(bank, "anna", 1_000n);
    await device.load(600n, [300n, 300n]);
    const record = await device.redemption(250n);
    await device.ask({ kind: "redeem", record });
    await until("it is credited", async () => (await bank.balance("anna")).available === "650");
    await bank.restart();
    core.status = 204;
    // Further than any try is put off.
    bank.ahead += 3_600_000;
    await until("it is told", () => heard("redemption").length > 0 && heard("record").length === 3);
    expect(heard("load")[0]).to.include({ amount: "600", state: "applied" });
    expect(heard("redemption")[0]).to.include({ amount: "250" });
    const states = heard("record").map(({ state }) => state);
    expect(states, "the enrolment, the load's and the redemption").to.deep.equal(
      Array(3).fill("applied"),
    );
    const numbers = core.results.map(({ result }) => Number(result.split("-")[1]));
    expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b));
    expect(core.forged).to.equal(0);
    expect(await remove(id)).to.equal(204);
    expect(await remove(id)).to.equal(404);
    expect(await bank.staff("/v1/webhooks")).to.deep.equal([]);
  });

  it("are checked as the operators' guide says", async () => {
    const guide = readFileSync(new URL("../../../docs/OPERATORS.md", import.meta.url), "utf8");
    const [, code] = /```js\n([^`]+)```/.exec(guide)!;
    const { isSigned } = (await import(`data:text/javascript,${encodeURIComponent(code!)}`)) as {
      isSigned: Check;
    };
    const member = (await (await fetch(`${bank.url}/v1/member`)).json()) as object;
    const { body, signature } = core.last;
    expect(isSigned(body, signature, member)).to.equal(true);
    expect(isSigned(`${body} `, signature, member)).to.equal(false);
  });

  it("go over https alone, as merchants' results do, where the operator lets no plain http be", async () => {
    const { node } = bank;
    const settings = { "webhooks.plainLoopback": false };
    await using strict = await Bank.open(await folder(), { node, member: 2, settings });
    await strict.start();
    await strict.customer("kiosk", 0n);
    const subscribing = (url: string) => strict.staff("/v1/webhooks", { url, kinds: ["load"] });
    const registering = (resultsUrl: string) =>
      strict.staff("/v1/merchants", {
        merchant: "kiosk",
        account: "kiosk",
        label: "Kiosk",
        resultsUrl,
      });
    for (const ask of [subscribing, registering]) {
      const { message } = await refusal("malformed", ask("http://127.0.0.1:9/"));
      expect(message).to.include("webhooks.plainLoopback: true");
      await refusal("malformed", ask("http://localhost/"));
    }
    expect(await strict.staff("/v1/webhooks")).to.deep.equal([]);
    expect(await strict.staff("/v1/merchants")).to.deep.equal([]);
    for (const ask of [subscribing, registering]) await ask("https://core.bank.example/");
  });

  it("are parked once they have heard nothing for three days, until the staff says that they hear, or lets go of them", async () => {
    const silent = await ResultsServer.start(bank.node.ledger.bank(MEMBER).issuer.publicKey);
    silent.status = 503;
    const { id } = await subscribe(["load"], silent.url);
    const device = await TestDevice.enrolled(bank, "bert", 1_000n);
    type Unheard = { to: string; waiting: number; parked?: number };
    const standing = async () => {
      const rows = await bank.staff<Unheard[]>("/v1/webhooks/unheard");
      return rows.find(({ to }) => to === id);
    };
    const untilParked = async () => {
      await until("it was tried", async () => (await standing()) !== undefined);
      bank.ahead += 3 * 86_400_000;
      await until("it is parked", async () => (await standing())?.parked !== undefined);
    };
    const resume = async () => {
      const url = `${bank.gateway.staffUrl}/v1/webhooks/unheard/${id}/resume`;
      return (await fetch(url, { method: "POST" })).status;
    };
    expect(await resume()).to.equal(404);
    await device.load(100n);
    await untilParked();
    const metrics = await fetch(`${bank.gateway.managementUrl}/metrics`);
    expect(await metrics.text()).to.match(/gateway_webhooks_parked 1$/m);
    const words = "a receiver hears nothing, and is parked";
    await until("the log says so", () => bank.log.some((line) => line.includes(words)));
    silent.status = 204;
    expect(await resume()).to.equal(204);
    await until("it is told", () => silent.results.length === 1);
    silent.status = 503;
    await device.load(200n);
    await untilParked();
    const { tries } = silent;
    expect(await remove(id)).to.equal(204);
    await until("nothing is kept for it", async () => (await standing()) === undefined);
    expect(silent.tries - tries).to.be.at.most(1);
    await silent[Symbol.asyncDispose]();
  });

  it("go over https or, where that is let be, stay on this machine, and are so many and no more", async () => {
    for (const url of ["http://core.example/", "ftp://127.0.0.1/", "core"])
      await refusal("malformed", subscribe(["load"], url));
    await refusal("malformed", subscribe([]));
    for (let i = 0; i < limits.subscriptionsMax; i++) await subscribe(["load"]);
    await refusal("busy", subscribe(["load"]));
    await bank.restart();
    expect(await bank.staff<Row[]>("/v1/webhooks")).to.have.length(limits.subscriptionsMax);
  });
});
