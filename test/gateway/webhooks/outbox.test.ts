/** What receivers are told: in order, signed, over restarts, and kept for those that are away. */
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
    keptMax = 1_000,
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
      parkAfterMs: 3 * DAY_MS,
      keptMax,
    });
    outbox.start();
    running.push(outbox);
    return outbox;
  };
  /** What came of a try is stored a little after the receiver has seen it. */
  const triesOf = async (store: Store, number: number) =>
    decodeRow<{ tries: number }>((await store.get(keys.notice("kiosk", number)))!).tries;
  const toKiosk = (about: string) => ({ to: "kiosk", about });
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

  it("parks who has heard nothing for three days, over a restart, and tells it all that is kept, in order, when it is said to hear [R-122]", async () => {
    receivers["kiosk"]!.status = 503;
    const store = await newStore();
    const outbox = await open(store);
    const numbers = Array.from({ length: 60 }, (_, i) => `${i}`);
    await outbox.write(numbers.slice(0, 30).map(toKiosk), []);
    await until("it was tried", async () => (await triesOf(store, 1)) === 1);
    await refusal("not-found", outbox.resume("kiosk"));
    const failing = now;
    now += 3 * DAY_MS;
    await until("it is parked", () => outbox.totals.parked === 1);
    const parked = { to: "kiosk", waiting: 30, failing, parked: now, dropped: 0 };
    expect(outbox.unheard(ALL)).to.deep.equal([parked]);
    expect(outbox.unheard({ after: "kiosk", limit: 1 })).to.deep.equal([]);
    await outbox.stop();

    receivers["kiosk"]!.status = 204;
    const { tries } = receivers["kiosk"]!;
    const again = await open(store);
    now += 40 * DAY_MS;
    await again.write(numbers.slice(30).map(toKiosk), []);
    await again.write([{ to: "baker", about: "1" }], []);
    await until("another is told", () => heard("baker").length === 1);
    expect(receivers["kiosk"]!.tries, "nothing is sent").to.equal(tries);
    expect(again.standing("kiosk")).to.include({ waiting: 60, parked: parked.parked });
    await again.resume("kiosk");
    await until("it has heard all", () => heard("kiosk").length === 60);
    expect(heard("kiosk")).to.deep.equal(numbers);
    await until("nothing waits", () => again.standing("kiosk").waiting === 0);
    expect(again.standing("kiosk")).to.deep.equal({ waiting: 0 });
    expect((await Array.fromAsync(store.entries(ranges.receivers))).length).to.equal(0);
  });

  it("parks it again if it does not hear for as long, and no sooner", async () => {
    receivers["kiosk"]!.status = 503;
    const store = await newStore();
    const outbox = await open(store);
    await outbox.write([toKiosk("1")], []);
    await until("it was tried", async () => (await triesOf(store, 1)) === 1);
    now += 3 * DAY_MS;
    await until("it is parked", () => outbox.totals.parked === 1);
    await outbox.resume("kiosk");
    await until("it was tried", async () => (await triesOf(store, 1)) === 1);
    now += 3 * DAY_MS - 1;
    await until("it was tried again", async () => (await triesOf(store, 1)) === 2);
    expect(outbox.totals.parked).to.equal(0);
    now += DAY_MS;
    await until("it is parked", () => outbox.totals.parked === 1);
  });

  it("keeps so much for who does not hear and no more: the oldest is dropped, and counted", async () => {
    receivers["kiosk"]!.status = 503;
    const store = await newStore();
    const outbox = await open(store, undefined, true, 10);
    const numbers = Array.from({ length: 25 }, (_, i) => `${i}`);
    await outbox.write(numbers.map(toKiosk), []);
    await until("the oldest are dropped", () => outbox.standing("kiosk").waiting === 10);
    expect(outbox.standing("kiosk").dropped).to.equal(15);
    await outbox.stop();
    receivers["kiosk"]!.status = 204;
    now += DAY_MS;
    await open(store, undefined, true, 10);
    // What was under way at the stop may have been heard, and comes again.
    const rest = () => [...new Set(heard("kiosk"))];
    await until("it has heard the rest", () => rest().length === 10);
    expect(rest()).to.deep.equal(numbers.slice(15));
  });

  it("sets one notice aside that it will not hear, shows it for thirty days, and sends it again when it is told to", async () => {
    const store = await newStore();
    const outbox = await open(store);
    const happened = now;
    receivers["kiosk"]!.refuses = ({ number }) => number === "1";
    await outbox.write(["1", "2", "3"].map(toKiosk), []);
    await until("it was tried", async () => (await triesOf(store, 1)) === 1);
    expect(heard("kiosk"), "nothing before its turn").to.deep.equal([]);
    await refusal("not-found", outbox.sendAgain(1));
    now += 3 * DAY_MS;
    await until("the others are heard", () => heard("kiosk").length === 2);
    await until("it is dead", async () => (await outbox.dead(ALL)).length === 1);
    await until("nothing waits", () => outbox.totals.waiting === 0);
    expect(outbox.totals.parked).to.equal(0);
    await outbox.stop();
    const again = await open(store);
    const [dead] = await again.dead(ALL);
    expect(dead).to.include({ to: "kiosk", about: "1", number: 1 });
    receivers["kiosk"]!.refuses = () => false;
    await again.sendAgain(1);
    await until("it is heard after all, under its name", () => heard("kiosk").length === 3);
    expect(heard("kiosk")).to.deep.equal(["2", "3", "1"]);
    expect(receivers["kiosk"]!.results.at(-1)!.result).to.equal(`${happened}-1`);
    receivers["kiosk"]!.refuses = ({ number }) => number === "4";
    await until("nothing waits", () => again.totals.waiting === 0);
    // As the first is no more, numbers go on after it.
    await again.write(["4", "5"].map(toKiosk), []);
    await until("it was tried", async () => (await triesOf(store, 2)) === 1);
    now += 3 * DAY_MS;
    await until("it is dead", async () => (await again.dead(ALL)).length === 1);
    now += 30 * DAY_MS;
    await until("it is forgotten", async () => (await again.dead(ALL)).length === 0);
    await refusal("not-found", again.sendAgain(2));
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
    await until("it was tried", () => outbox.unheard(ALL).length === 1);
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
