/** What a core system does to a call, each by itself: the money moves once, and nobody is told what is not so. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { CoreAccounts } from "../../../gateway/core-banking/core-accounts.ts";
import { CoreClient } from "../../../gateway/core-banking/core-client.ts";
import { EmbeddedAccounts } from "../../../gateway/embedded-accounts.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { refusal } from "../support/refusal.ts";
import { testStores } from "../support/stores.ts";
import { CoreSystem, faults, type Plan } from "./core-system.ts";

/** Where the test waits for it to pass: elsewhere a busy machine has all the time it needs. */
const TIMEOUT_MS = 300;
const TRIES = 3;

describe("accounts of a core system", () => {
  const openStore = testStores();
  let books: EmbeddedAccounts;
  let core: CoreSystem;
  let accounts: CoreAccounts;

  beforeEach(async () => {
    books = await EmbeddedAccounts.open(await openStore(), Date.now);
    await books.openAccount("anna", "customer 7");
    await books.deposit("anna", 100n, "first");
    core = await CoreSystem.start(books, 2 * TIMEOUT_MS);
    accounts = accountsOf(core.url, 10_000);
  });

  afterEach(() => core.stop());

  for (const fault of faults) {
    it(`freeze and take an amount once where the core system's answer is: ${fault} [N-13]`, async () => {
      if (fault.startsWith("late")) accounts = accountsOf(core.url, TIMEOUT_MS);
      core.plan = first(fault);
      await accounts.hold("anna", 60n, "load");
      core.plan = first(fault);
      await accounts.debit("load");
      await core.quiet();
      expect(await accounts.balance("anna")).to.deep.equal({
        available: 40n,
        held: 0n,
        onDevices: 0n,
      });
      const kinds = (await accounts.statement("anna", 9)).map(({ kind }) => kind);
      expect(kinds).to.deep.equal(["debit", "hold", "deposit"]);
      // An answer that came twice may have served the call itself.
      const holds = core.calls.filter((call) => call === "PUT /holds/load");
      expect(holds).to.have.length(fault === "twice" ? 1 : 2);
    });
  }

  it("say that it is not known while nothing answers, and go on under the same reference [N-13]", async () => {
    core.plan = () => "cut";
    await refusal("unavailable", accounts.hold("anna", 60n, "load"));
    expect(core.calls).to.have.length(TRIES);
    core.plan = () => undefined;
    await accounts.hold("anna", 60n, "load");
    expect((await accounts.balance("anna")).held).to.equal(60n);
  });

  it("end a call at once where the gateway stops, and say that it is not known [N-13]", async () => {
    const stopping = new AbortController();
    accounts = accountsOf(core.url, 60_000, stopping.signal);
    core.plan = () => "late answer";
    const call = refusal("unavailable", accounts.hold("anna", 60n, "load"));
    while (core.calls.length === 0) await sleep(1);
    stopping.abort();
    await call;
    expect(core.calls).to.have.length(1);
  });

  it("do nothing for a call that arrives after what came later was done", async () => {
    accounts = accountsOf(core.url, TIMEOUT_MS);
    core.plan = first("late act");
    await accounts.hold("anna", 60n, "load");
    await accounts.release("load");
    core.plan = first("late act");
    await Promise.all([
      accounts.settle("anna", "0x0101010101010101010101010101010101010101", 9n, 5),
      accounts.settle("anna", "0x0101010101010101010101010101010101010101", 4n, 6),
    ]);
    await core.quiet();
    expect(await accounts.balance("anna")).to.deep.equal({
      available: 100n,
      held: 0n,
      onDevices: 4n,
    });
  });

  it("hear each answer as that of its own call, whatever the order they come in", async () => {
    await books.openAccount("bert", "customer 8");
    const late = TIMEOUT_MS / 3;
    const slow = await CoreSystem.start(books, late);
    slow.plan = (_, path) => (path.includes("anna") ? "late answer" : undefined);
    const patient = accountsOf(slow.url, 10_000);
    const names: string[] = [];
    const ask = async (name: string) => names.push((await patient.account(name)).customer);
    await Promise.all([ask("anna"), ask("bert")]);
    await slow.stop();
    expect(names).to.deep.equal(["customer 8", "customer 7"]);
  });

  it("do not take the page that a call is led to for its answer [N-13]", async () => {
    const proxy = createServer((request, response) => {
      if (request.url === "/login") response.end("<h1>Log in</h1>");
      else response.writeHead(303, { location: "/login" }).end();
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const led = accountsOf(`http://127.0.0.1:${port}`, 10_000);
    await refusal("unavailable", led.hold("anna", 60n, "load"));
    proxy.close();
    await once(proxy, "close");
  });

  it("read no more of an answer than its bound, and say that it is not known [N-13]", async () => {
    const endless = createServer((_, response) => {
      const piece = Buffer.alloc(65_536, " ");
      const pour = () => {
        while (response.write(piece));
      };
      response.on("drain", pour);
      pour();
    }).listen(0, "127.0.0.1");
    await once(endless, "listening");
    const { port } = endless.address() as AddressInfo;
    const flooded = accountsOf(`http://127.0.0.1:${port}`, 30_000);
    await refusal("unavailable", flooded.statement("anna", 9));
    await refusal("unavailable", flooded.hold("anna", 60n, "load"));
    endless.closeAllConnections();
    endless.close();
    await once(endless, "close");
  });

  it("take a refusal as the answer, and do not ask again", async () => {
    await refusal("insufficient-funds", accounts.hold("anna", 101n, "load"));
    await refusal("not-found", accounts.release("load"));
    await refusal("not-found", accounts.balance("bert"));
    expect(core.calls).to.have.length(3);
  });

  function accountsOf(url: string, timeoutMs: number, signal?: AbortSignal): CoreAccounts {
    const logger = makeLogger({ name: "test", level: "fatal" });
    const options = { url, timeoutMs, tries: TRIES, pauseMs: 1, logger };
    return new CoreAccounts(new CoreClient(signal ? { ...options, signal } : options));
  }

  /** Only the first call of the plan. */
  function first(fault: (typeof faults)[number]): Plan {
    const from = core.calls.length + 1;
    return (number) => (number === from ? fault : undefined);
  }
});
