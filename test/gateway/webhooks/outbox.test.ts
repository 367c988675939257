/** What receivers are told: in order, signed, for three days, over restarts. */
import { createServer } from "node:http";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { utf8 } from "../../../protocol/bytes.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { keys, ranges } from "../../../gateway/keys.ts";
import { decodeRow } from "../../../gateway/row.ts";
import type { Store } from "../../../gateway/store.ts";
import { Outbox } from "../../../gateway/webhooks/outbox.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";
import { networkId } from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { BrokenStore, Cut } from "../support/broken-store.ts";
import { refusal } from "../support/refusal.ts";
import { ResultsServer } from "../support/results-server.ts";
import { testStores } from "../support/stores.ts";

const DAY_MS = 86_400_000;
const ALL = { limit: 1_000 };
/** Characters of a notice that is seen in the heap. */
const LONG = 65_536;
const issuer = NodeSigner.generate();
const logger = makeLogger({ name: "test", level: "silent" });

describe("the outbox", () => {
  const newStore = testStores();
  let receivers: Record<string, ResultsServer>;
  let running: Outbox[] = [];
  let now = 1_800_000_000_000;

  beforeEach(async () => {
    receivers = {
      kiosk: await ResultsServer.start(issuer.publicKey),
      baker: await ResultsServer.start(issuer.publicKey),
    };
  });
  afterEach(async () => {
    for (const outbox of running) await outbox.stop();
    running = [];
    for (const receiver of Object.values(receivers)) await receiver[Symbol.asyncDispose]();
  });

  const open = async (
    store: Store,
    urlOf = (to: string) => receivers[to]!.url,
    plainLoopback = true,
  ) => {
    const outbox = await Outbox.open({
      networkId,
      issuer,
      plainLoopback,
      store,
      clock: () => now,
      logger,
      describe: async ({ to, about }) => ({ url: urlOf(to), what: { number: about } }),
      everyMs: 5,
    });
    outbox.start();
    running.push(outbox);
    return outbox;
  };
  /** What came of a try is stored a little after the receiver has seen it. */
  const triesOf = async (store: Store, number: number) =>
    decodeRow<{ tries: number }>((await store.get(keys.notice("kiosk", number)))!).tries;
  const heard = (to: string) => receivers[to]!.results.map(({ number }) => number);

  it("tells each receiver in order, signed, and one that does not answer holds up no other [R-122]", async () => {
    receivers["kiosk"]!.status = 503;
    const outbox = await open(await newStore());
    for (const about of ["1", "2", "3"]) {
      await outbox.write([{ to: "kiosk", about }], []);
      await outbox.write([{ to: "baker", about }], []);
    }
    await until("the other is told", () => heard("baker").length === 3);
    expect(heard("baker")).to.deep.equal(["1", "2", "3"]);
    receivers["kiosk"]!.status = 204;
    now += 4_000;
    await until("it is told", () => heard("kiosk").length === 3);
    expect(heard("kiosk")).to.deep.equal(["1", "2", "3"]);
    expect(receivers["kiosk"]!.forged + receivers["baker"]!.forged).to.equal(0);
    for (const { results, url } of Object.values(receivers))
      for (const { to } of results) expect(to).to.equal(url);
  });

  it("writes a notice together with what it is about, or neither [N-13]", async () => {
    const key = utf8.encode("Z");
    for (const written of [false, true]) {
      const store = await newStore();
      const dying = await open(new BrokenStore(store, { at: 1, written }));
      const about = `crash ${written}`;
      const writing = dying.write([{ to: "kiosk", about }], [{ key, value: key }]);
      expect(await writing.catch((error: unknown) => error)).to.be.an.instanceOf(Cut);
      await dying.stop();
      const outbox = await open(store);
      await outbox.write([{ to: "kiosk", about: `after ${about}` }], []);
      await until("it is told", () => heard("kiosk").includes(`after ${about}`));
      expect(await store.get(key)).to.deep.equal(written ? key : undefined);
      expect(heard("kiosk").includes(about)).to.equal(written);
    }
  });

  it("goes on after a restart where it was: neither sooner nor with what was heard", async () => {
    const store = await newStore();
    const first = await open(store);
    await first.write([{ to: "kiosk", about: "heard" }], []);
    await until("it is told", () => heard("kiosk").length === 1);
    receivers["kiosk"]!.status = 503;
    await first.write([{ to: "kiosk", about: "later" }], []);
    await until("it was tried", async () => (await triesOf(store, 2)) === 1);
    await first.stop();
    receivers["kiosk"]!.status = 204;
    const second = await open(store);
    await second.write([{ to: "baker", about: "now" }], []);
    await until("the other is told", () => heard("baker").length === 1);
    expect(heard("kiosk"), "before it is due").to.deep.equal(["heard"]);
    now += 1_000;
    await until("it is told", () => heard("kiosk").length === 2);
    expect(heard("kiosk")).to.deep.equal(["heard", "later"]);
  });

  it("holds a page of what a receiver missed and no more, and tells it all, in order, over a restart [R-122]", async () => {
    const backlog = Array.from({ length: 200 }, (_, i) => `${i}`);
    const store = await newStore();
    receivers["kiosk"]!.status = 503;
    const before = heapUsed();
    const first = await open(store);
    const notices = backlog.map((each) => ({ to: "kiosk", about: each.padEnd(LONG) }));
    while (notices.length > 0) await first.write(notices.splice(0, 50), []);
    await until("it was tried", async () => (await triesOf(store, 1)) === 1);
    await first.stop();
    let whileTelling = Infinity;
    const second = await open(store, (to) => {
      if (receivers[to]!.status === 503) whileTelling = heapUsed();
      return receivers[to]!.url;
    });
    now += 1_000;
    await until("it is tried again", async () => (await triesOf(store, 1)) === 2);
    expect(whileTelling - before).to.be.below((backlog.length * LONG) / 4);
    await second.write([{ to: "kiosk", about: "last" }], []);
    receivers["kiosk"]!.status = 204;
    now += 4_000;
    await until("some are told", () => heard("kiosk").length > 60);
    await second.stop();
    expect(heard("kiosk").length).to.be.below(backlog.length);
    await open(store);
    await until("all are told", () => heard("kiosk").includes("last"), 60_000);
    // A process that stops while it tells cannot know whether that one was heard.
    const all = heard("kiosk").map((each) => each.trim());
    const once = all.filter((each, i) => each !== all[i - 1]);
    expect(once).to.deep.equal([...backlog, "last"]);
    expect(all.length - once.length).to.be.at.most(1);
    const isEmpty = async () => (await Array.fromAsync(store.entries(ranges.notices))).length === 0;
    await until("nothing is left", isEmpty);
  });

  it("gives up after three days, shows it for thirty, and sends it again when it is told to", async () => {
    receivers["kiosk"]!.status = 503;
    const store = await newStore();
    const outbox = await open(store);
    const happened = now;
    await outbox.write([{ to: "kiosk", about: "1" }], []);
    await until("it was tried", () => receivers["kiosk"]!.tries === 1);
    await refusal("not-found", outbox.sendAgain(1));
    now += 3 * DAY_MS;
    await until("it is given up", async () => (await outbox.dead(ALL)).length === 1);
    await outbox.stop();
    const again = await open(store);
    const dead = await again.dead(ALL);
    expect(dead).to.have.length(1);
    expect(dead[0]).to.include({ to: "kiosk", about: "1", number: 1 });
    receivers["kiosk"]!.status = 204;
    await again.write([{ to: "kiosk", about: "2" }], []);
    await until("the next has its turn", () => heard("kiosk").length === 1);
    receivers["kiosk"]!.status = 503;
    await again.sendAgain(1);
    await until("it is tried again", async () => (await triesOf(store, 1)) === 1);
    receivers["kiosk"]!.status = 204;
    await until("it is heard after all, under its name", () => {
      now += 1_000;
      return heard("kiosk").length === 2;
    });
    expect(heard("kiosk")).to.deep.equal(["2", "1"]);
    expect(receivers["kiosk"]!.results.at(-1)!.result).to.equal(`${happened}-1`);
    receivers["kiosk"]!.status = 503;
    await again.write([{ to: "kiosk", about: "3" }], []);
    now += 3 * DAY_MS;
    await until("it is given up", async () => (await again.dead(ALL)).length === 1);
    now += 30 * DAY_MS;
    await until("it is forgotten", async () => (await again.dead(ALL)).length === 0);
    await refusal("not-found", again.sendAgain(3));
  });

  it("goes over TLS alone where the operator lets no other be, whatever was registered before", async () => {
    const store = await newStore();
    const outbox = await open(store, undefined, false);
    await outbox.write([{ to: "kiosk", about: "1" }], []);
    await until("it was tried", async () => (await triesOf(store, 1)) === 1);
    expect(receivers["kiosk"]!.tries).to.equal(0);
  });

  it("goes to the address that was registered, and not where that leads", async () => {
    const leading = createServer((_, response) => {
      response.writeHead(307, { location: receivers["baker"]!.url }).end();
    }).listen(0, "127.0.0.1");
    await once(leading, "listening");
    const url = `http://127.0.0.1:${(leading.address() as AddressInfo).port}/`;
    const outbox = await open(await newStore(), () => url);
    await outbox.write([{ to: "kiosk", about: "1" }], []);
    now += 3 * DAY_MS;
    await until("it is given up", async () => (await outbox.dead(ALL)).length === 1);
    expect(receivers["baker"]!.tries).to.equal(0);
    leading.close();
  });
});

/** Bytes that are in use once all garbage is gone. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
