import assert from "node:assert/strict";
import { once } from "node:events";
import { approve, deposit, depositBond, revoke } from "../../../node/chain/calls.ts";
import { ChainClient } from "../../../node/chain/chain-client.ts";
import { interfaces } from "../../../node/chain/contracts.ts";
import {
  ChainGapError,
  ChainHistoryError,
  ChainUnknownEventError,
} from "../../../node/chain/errors.ts";
import type { PlacedEvent } from "../../../node/ledger/event.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { deployNetwork } from "../../../scripts/deploy/deploy.ts";
import { ChainProxy, type RpcCall } from "../../support/chain-proxy.ts";
import { call, chainOptions, forkChain, makeFolder, until } from "../../support/chain.ts";
import {
  cursorOf,
  deployer,
  fund,
  operator,
  planOf,
  quiet,
  signedBatch,
  take,
  TestNetwork,
} from "../../support/network.ts";

/** Protocol and one admission for each member. */
const OPENING = 5;
const ROOT: Hex = `0x${"ab".repeat(32)}`;

/** Deposits by all members, as close together as they come. */
async function depositAll(net: TestNetwork, amount = 1000n): Promise<void> {
  await Promise.all(
    [1, 2, 3, 4].map(async (member) => {
      await using client = net.client({ key: operator(member) });
      await client.start();
      await client.send(approve(net.network.contracts.settlement, amount));
      await client.send(deposit(member, amount));
    }),
  );
}

/** A client whose chain is behind a proxy. */
async function behind(
  net: TestNetwork,
): Promise<{ readonly proxy: ChainProxy; readonly client: ChainClient } & AsyncDisposable> {
  const proxy = new ChainProxy(net.url);
  const client = net.client({}, { rpcUrls: [await proxy.start()] });
  return {
    proxy,
    client,
    async [Symbol.asyncDispose]() {
      await client.stop();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Reads all events from the first on until it is disposed of. */
function follow(client: ChainClient): { readonly seen: readonly PlacedEvent[] } & AsyncDisposable {
  const stop = new AbortController();
  const seen: PlacedEvent[] = [];
  const reading = (async () => {
    for await (const placed of client.events(undefined, stop.signal)) seen.push(placed);
  })();
  return {
    seen,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await reading;
    },
  };
}

function seqs(events: readonly PlacedEvent[]): readonly number[] {
  return events.map(({ event }) => event.seq);
}

function counted(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe("following the log", function () {
  let net: TestNetwork;
  let all: readonly PlacedEvent[];

  before(async () => {
    net = await TestNetwork.open();
    await depositAll(net);
    await using client = net.client({ key: operator(1) });
    await client.start();
    await client.send(revoke([`0x${"c3".repeat(20)}`]));
    const header = { member: 1, number: 1, count: 3, root: ROOT };
    await client.sequence(header, signedBatch(net.network, header, [1, 2, 4]));
    await until(() =>
      client.closeCycle().then(
        () => true,
        () => false,
      ),
    );
    all = await take(client, OPENING + 4 + 3);
  });

  after(async () => {
    await net[Symbol.asyncDispose]();
  });

  it("gives every event once, in the order of its seq, with its place", async () => {
    assert.deepEqual(seqs(all), counted(1, all.length));
    const kinds = all.map(({ event }) => event.kind);
    assert.deepEqual(kinds, [
      "protocol",
      ...Array(4).fill("member-changed"),
      ...Array(4).fill("deposited"),
      "revoked",
      "sequenced",
      "cycle-closed",
    ]);
    for (const { place } of all) {
      const block = await call<{ hash: Hex; timestamp: Hex }>(
        net.url,
        "eth_getBlockByNumber",
        `0x${place.blockNumber.toString(16)}`,
        false,
      );
      assert.equal(block.hash, place.blockHash);
      assert.equal(Number(block.timestamp), place.blockTimeS);
    }
    assert.equal(all[0]!.place.blockNumber, net.network.openedAtBlock);
  });

  it("goes on after any event, also in the middle of a block", async () => {
    await using client = net.client();
    await client.start();
    const shared = all.filter(
      ({ place }, index) => place.blockNumber === all[index - 1]?.place.blockNumber,
    );
    assert.ok(shared.length > 0, "some events share a block");
    for (const [index, placed] of all.entries()) {
      if (index + 1 === all.length) continue;
      assert.deepEqual(
        await take(client, all.length - index - 1, cursorOf(placed)),
        all.slice(index + 1),
      );
    }
  });

  it("waits for what comes, and hands it out as it comes", async () => {
    await using mine = await TestNetwork.open();
    await using client = mine.client();
    await client.start();
    const [, , , , last] = await take(client, OPENING);
    const next = take(client, 4, cursorOf(last!));
    await depositAll(mine);
    assert.deepEqual(seqs(await next), [6, 7, 8, 9]);
    assert.deepEqual(client.state, { kind: "following" });
  });

  it("looks at the chain when it is told to, not before its time otherwise, and then for receipts too", async () => {
    await using mine = await TestNetwork.open();
    await using other = mine.client({ key: operator(1) });
    await other.start();
    await other.send(approve(mine.network.contracts.settlement, 10n));
    await using client = mine.client({ key: operator(1) }, { pollMs: 600_000 });
    await client.start();
    await using log = follow(client);
    const { seen } = log;
    await until(async () => seen.length === OPENING);
    let isIn = false;
    const sent = client.send(deposit(1, 10n)).then(() => (isIn = true));
    // Several blocks, of which nobody says anything.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(isIn, false);
    assert.equal(seen.length, OPENING);
    await until(async () => {
      client.look();
      return isIn && seen.length === OPENING + 1;
    });
    await sent;
  });

  it("asks for fewer blocks at a time when the chain refuses many", async () => {
    await using path = await behind(net);
    path.proxy.decide = ({ method, params: [filter] }) =>
      method === "eth_getLogs" && Number(filter.toBlock) - Number(filter.fromBlock) >= 3
        ? { error: { code: -32_005, message: "query exceeds max block range" } }
        : "pass";
    await path.client.start();
    assert.deepEqual(await take(path.client, all.length), all);
    assert.ok(path.proxy.count("eth_getLogs") > 3);
  });

  it("waits while the chain answers from behind, and leaves nothing out", async () => {
    await using path = await behind(net);
    const head = Number(await call(net.url, "eth_blockNumber"));
    const late = head - 3;
    // A third of the requests go to a server that is three blocks behind and says nothing of it.
    const isLate = ({ request }: RpcCall) =>
      ((request + 1) * 2_654_435_761) % 2 ** 32 < 2 ** 32 / 3;
    path.proxy.decide = (call) => {
      const [first, second] = call.params;
      if (!isLate(call)) return "pass";
      if (call.method === "eth_getBlockByNumber" && Number(first) > late) return { result: null };
      if (call.method === "eth_call" && Number(second) > late)
        return { error: { code: -32_000, message: "header not found" } };
      return "pass";
    };
    path.proxy.alter = (call, result) => {
      if (!isLate(call)) return result;
      if (call.method === "eth_blockNumber") return `0x${late.toString(16)}`;
      if (call.method === "eth_getLogs")
        return result.filter((log: { blockNumber: Hex }) => Number(log.blockNumber) <= late);
      return result;
    };
    await path.client.start();
    for (let round = 0; round < 5; round++)
      assert.deepEqual(await take(path.client, all.length), all);
  });

  it("says that the chain is behind while it has not come to where this node stands", async () => {
    await using path = await behind(net);
    await path.client.start();
    const last = all.at(-1)!;
    let isBehind = true;
    path.proxy.alter = ({ method }, result) =>
      isBehind && method === "eth_blockNumber" ? "0x2" : result;
    const stop = new AbortController();
    const next = path.client.events(cursorOf(last), stop.signal).next();
    await until(async () => path.client.state.kind === "chain-behind");
    isBehind = false;
    await until(async () => path.client.state.kind === "following");
    stop.abort();
    assert.equal((await next).done, true);
  });

  it("finds an event that was left out of an answer, whether or not another follows", async () => {
    for (const hidden of [all.length - 3, all.length - 1]) {
      await using path = await behind(net);
      await path.client.start();
      let hides = 3;
      const { place } = all[hidden]!;
      path.proxy.alter = ({ method }, result) =>
        method === "eth_getLogs" && hides-- > 0
          ? result.filter(
              (log: { blockNumber: Hex; logIndex: Hex }) =>
                Number(log.blockNumber) !== place.blockNumber ||
                Number(log.logIndex) !== place.logIndex,
            )
          : result;
      assert.deepEqual(await take(path.client, all.length), all);
      assert.ok(hides <= 0);
    }
  });

  it("stops at an event that stays missing, naming it", async () => {
    for (const hidden of [all.length - 3, all.length - 1]) {
      await using path = await behind(net);
      await path.client.start();
      const { place, event } = all[hidden]!;
      path.proxy.alter = ({ method }, result) =>
        method === "eth_getLogs"
          ? result.filter(
              (log: { blockNumber: Hex; logIndex: Hex }) =>
                Number(log.blockNumber) !== place.blockNumber ||
                Number(log.logIndex) !== place.logIndex,
            )
          : result;
      const began = Date.now();
      await assert.rejects(
        take(path.client, all.length),
        (error) =>
          error instanceof ChainGapError &&
          error.code === "lost-history" &&
          error.message.includes(`event ${event.seq} is missing`),
      );
      assert.ok(Date.now() - began >= 500, "not before servers had time to agree");
    }
  });

  it("stops when the block under the cursor is another: the chain lost its history", async () => {
    await using client = net.client();
    await client.start();
    const { event, place } = all[6]!;
    const elsewhere = { seq: event.seq, place: { ...place, blockHash: ROOT } };
    await assert.rejects(
      take(client, 1, elsewhere),
      (error) =>
        error instanceof ChainHistoryError &&
        error.code === "lost-history" &&
        /lost its history/.test(error.message) &&
        error.message.includes(ROOT),
    );
  });

  it("stops when the history changes under a node that follows", async () => {
    await using path = await behind(net);
    await path.client.start();
    path.proxy.alter = ({ method, params: [name] }, result) =>
      method === "eth_getBlockByNumber" &&
      Number(name) === all[0]!.place.blockNumber &&
      path.proxy.count("eth_getLogs") > 1
        ? { ...result, hash: ROOT }
        : result;
    const stop = new AbortController();
    const events = path.client.events(cursorOf(all[0]!), stop.signal);
    path.proxy.decide = ({ method }) =>
      method === "eth_getLogs" && path.proxy.count("eth_getLogs") === 1 ? { result: [] } : "pass";
    await assert.rejects(events.next(), ChainHistoryError);
  });

  it("stops at an event it does not know", async () => {
    await using path = await behind(net);
    await path.client.start();
    const known = interfaces.settlement.getEvent("Sequenced")!.topicHash;
    path.proxy.alter = ({ method }, result) =>
      method === "eth_getLogs"
        ? result.map((log: { topics: Hex[] }) =>
            log.topics[0] === known ? { ...log, topics: [ROOT] } : log,
          )
        : result;
    await assert.rejects(take(path.client, all.length), ChainUnknownEventError);
  });

  it("holds events back until as many blocks stand on them as the network wants", async () => {
    const { parameters } = planOf(1);
    await using mine = await TestNetwork.open(4, {
      parameters: { ...parameters, confirmations: 3 },
    });
    await using client = mine.client();
    await client.start();
    const stop = new AbortController();
    const seen: PlacedEvent[] = [];
    const reading = (async () => {
      for await (const placed of client.events(undefined, stop.signal)) {
        const head = Number(await call(mine.url, "eth_blockNumber"));
        assert.ok(
          head - placed.place.blockNumber >= 3,
          `event ${placed.event.seq} in block ${placed.place.blockNumber} of ${head}`,
        );
        seen.push(placed);
      }
    })();
    await depositAll(mine);
    // Blocks on top of it, one for each.
    for (const member of [5, 6, 7]) await fund(mine.url, [operator(member).address]);
    await until(async () => seen.length >= OPENING + 1);
    stop.abort();
    await reading;
    assert.deepEqual(seqs(seen), counted(1, seen.length));
  });

  it("says that the chain is down, and goes on when it is back", async () => {
    await using path = await behind(net);
    await path.client.start();
    const stop = new AbortController();
    const seen: PlacedEvent[] = [];
    const reading = (async () => {
      for await (const placed of path.client.events(undefined, stop.signal)) {
        seen.push(placed);
        if (seen.length === 3) path.proxy.decide = () => "cut";
      }
    })();
    await until(async () => path.client.state.kind === "chain-down");
    const { sinceMs } = path.client.state as { sinceMs: number };
    assert.ok(Math.abs(Date.now() - sinceMs) < 20_000);
    path.proxy.decide = () => "pass";
    await until(async () => path.client.state.kind === "following" && seen.length === all.length);
    stop.abort();
    await reading;
    assert.deepEqual(seen, all);
  });

  it("asks a chain that stays down less and less often, up to a bound, and goes on within that bound once it is back", async () => {
    const pauseMaxMs = 640;
    const proxy = new ChainProxy(net.url);
    await using parts = new AsyncDisposableStack();
    parts.use(proxy);
    const rpcUrls = [await proxy.start()];
    const client = parts.use(net.client({}, { rpcUrls, pollMs: 10, pauseMaxMs }));
    await client.start();
    const stop = new AbortController();
    const seen: PlacedEvent[] = [];
    const asked: number[] = [];
    proxy.decide = () => {
      asked.push(performance.now());
      return "cut";
    };
    const reading = (async () => {
      for await (const placed of client.events(undefined, stop.signal)) seen.push(placed);
    })();
    // Pauses of 20, 40, 80, 160, 320 and then 640 ms: an outage of any length has no others.
    await until(async () => asked.length >= 8);
    const pauses = asked.slice(1).map((time, i) => time - asked[i]!);
    assert.ok(pauses[0]! < pauseMaxMs / 2, `first it waits ${pauses[0]} ms`);
    for (const pause of pauses.slice(5)) assert.ok(pause >= pauseMaxMs - 2, `${pause} ms`);
    assert.equal(client.state.kind, "chain-down");
    proxy.decide = () => "pass";
    const back = performance.now();
    await until(async () => seen.length > 0);
    assert.ok(performance.now() - back < 20 * pauseMaxMs);
    await until(async () => seen.length === all.length);
    stop.abort();
    await reading;
    assert.deepEqual(seen, all);
  });

  it("goes on over a chain that is killed and restarted", async () => {
    await using folder = await makeFolder();
    let { child, message } = await forkChain(chainOptions(folder.path));
    const { url } = message as { url: string };
    const port = Number(new URL(url).port);
    try {
      await fund(url, [deployer.address, operator(1).address]);
      const network = await deployNetwork(
        { rpcUrls: [url], deployer, logger: quiet },
        planOf(4),
        new AbortController().signal,
      );
      await using client = new ChainClient(
        { network, logger: quiet, key: operator(1) },
        { pollMs: 10 },
      );
      await client.start();
      await client.send(approve(network.contracts.settlement, 1000n));
      const stop = new AbortController();
      const seen: PlacedEvent[] = [];
      const reading = (async () => {
        for await (const placed of client.events(undefined, stop.signal)) seen.push(placed);
      })();
      for (let kills = 0; kills < 3; kills++) {
        await client.send(deposit(1, 10n));
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
        await until(async () => client.state.kind === "chain-down");
        ({ child, message } = await forkChain(chainOptions(folder.path, { port })));
        assert.equal(message.kind, "listening");
      }
      await until(async () => seen.length === OPENING + 3);
      stop.abort();
      await reading;
      assert.deepEqual(seqs(seen), counted(1, OPENING + 3));
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("tells whoever asks that the registry may have changed", async () => {
    let told = 0;
    await using client = net.client({ onRegistryChange: () => told++ });
    await client.start();
    await take(client, all.length);
    assert.ok(told >= OPENING);
  });

  it("tells whoever asks that bonds or cases may have changed, which is no event of the ledger", async () => {
    await using mine = await TestNetwork.open();
    await using client = mine.client({ key: operator(1) });
    let told = 0;
    client.onDisputesChange(() => told++);
    await client.start();
    await using log = follow(client);
    const { seen } = log;
    await until(async () => seen.length === OPENING);
    const before = told;
    await client.send(approve(mine.network.contracts.disputes!, 5n));
    await client.send(depositBond(1, 5n));
    await until(async () => told === before + 1);
    assert.equal(seen.length, OPENING);
  });
});
