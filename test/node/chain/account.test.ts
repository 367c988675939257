import assert from "node:assert/strict";
import { once } from "node:events";
import { approve, closeCycle, deposit, withdraw } from "../../../node/chain/calls.ts";
import { ChainClient } from "../../../node/chain/chain-client.ts";
import {
  ChainDownError,
  ChainRevert,
  ChainRpcError,
  NonceTakenError,
} from "../../../node/chain/errors.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { deployNetwork } from "../../../scripts/deploy/deploy.ts";
import { ChainProxy, type RpcCall } from "../../support/chain-proxy.ts";
import { call, chainOptions, forkChain, makeFolder, until } from "../../support/chain.ts";
import {
  account,
  deployer,
  fund,
  operator,
  planOf,
  quiet,
  TestNetwork,
} from "../../support/network.ts";

const SEND = "eth_sendRawTransaction";
const ROOT: Hex = `0x${"ab".repeat(32)}`;

describe("sending by nonce", () => {
  let net: TestNetwork;
  const funds = 400_000n;

  before(async () => {
    net = await TestNetwork.open();
    for (const member of [1, 2, 3, 4]) {
      await using client = net.client({ key: operator(member) });
      await client.start();
      await client.send(approve(net.network.contracts.settlement, funds));
    }
  });

  after(async () => {
    await net[Symbol.asyncDispose]();
  });

  /** How many transactions of an operator are included. */
  async function nonceOf(member: number): Promise<number> {
    return Number(
      await call<Hex>(net.url, "eth_getTransactionCount", operator(member).address, "latest"),
    );
  }

  async function reserveOf(member: number): Promise<bigint> {
    await using client = net.client();
    await client.start();
    return (await client.reader.settlement()).accounts[member - 1]!.reserve;
  }

  /** A started client of an operator whose chain is behind a proxy. */
  async function behind(member: number) {
    const proxy = new ChainProxy(net.url);
    const client = net.client({ key: operator(member) }, { rpcUrls: [await proxy.start()] });
    await client.start();
    return {
      proxy,
      client,
      async [Symbol.asyncDispose]() {
        await client.stop();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  it("returns once the call is in a block", async () => {
    await using client = net.client({ key: operator(1) });
    await client.start();
    const [nonce, reserve] = [await nonceOf(1), await reserveOf(1)];
    const receipt = await client.send(deposit(1, 100n));
    assert.equal(receipt.status, "0x1");
    assert.equal(await reserveOf(1), reserve + 100n);
    assert.equal(await nonceOf(1), nonce + 1);
  });

  it("names the contract's refusal with its arguments, and sends nothing", async () => {
    await using client = net.client({ key: operator(1) });
    await client.start();
    const nonce = await nonceOf(1);
    const refused = [
      [withdraw(), "SettlementNothingToWithdraw", [1n]],
      [deposit(1, 0n), "SettlementZeroAmount", []],
      [deposit(9, 1n), "SettlementUnknownMember", [9n]],
      [deposit(1, 2_000_000n), "SettlementQuotaExceeded", undefined],
    ] as const;
    for (const [said, name, args] of refused) {
      await assert.rejects(
        client.send(said),
        (error) =>
          error instanceof ChainRevert &&
          error.errorName === name &&
          (args === undefined || assert.deepEqual(error.args, args) === undefined),
      );
    }
    assert.equal(await nonceOf(1), nonce);
  });

  it("names the refusal of a call that failed in its block, and goes on with the next nonce", async () => {
    await using path = await behind(2);
    // An estimate that was true when it was made.
    path.proxy.decide = ({ method }) =>
      method === "eth_estimateGas" ? { result: "0x30d40" } : "pass";
    const nonce = await nonceOf(2);
    await assert.rejects(
      path.client.send(withdraw()),
      (error) => error instanceof ChainRevert && error.errorName === "SettlementNothingToWithdraw",
    );
    assert.equal(await nonceOf(2), nonce + 1);
    path.proxy.decide = () => "pass";
    await path.client.send(deposit(2, 1n));
    assert.equal(await nonceOf(2), nonce + 2);
  });

  it("sends the same bytes again when they were lost, or their answer was, and each call happens once", async () => {
    await using path = await behind(3);
    const [nonce, reserve] = [await nonceOf(3), await reserveOf(3)];
    // Lost on the way, swallowed by a server that says it has it, or taken without an answer.
    const fates = ["cut", "swallowed", "unanswered", "swallowed", "cut", "unanswered", "cut"];
    path.proxy.decide = ({ method }) => {
      if (method !== SEND || fates[0] === "unanswered") return "pass";
      const fate = fates.shift();
      return fate === undefined ? "pass" : fate === "cut" ? "cut" : { result: ROOT };
    };
    path.proxy.alter = ({ method }, result) => {
      if (method === SEND && fates.shift() !== undefined) throw new Error("the answer is lost");
      return result;
    };
    // A line that is cut takes other calls with it; what says that nothing was sent can be said again.
    const isDown = (error: unknown): undefined => {
      assert.ok(error instanceof ChainDownError, String(error));
    };
    await Promise.all(
      [7n, 8n, 9n].map((amount) => until(() => path.client.send(deposit(3, amount)).catch(isDown))),
    );
    assert.equal(await reserveOf(3), reserve + 24n);
    assert.equal(await nonceOf(3), nonce + 3);
    const raws = new Set(
      path.proxy.calls
        .filter(({ method }) => method === SEND)
        .map(({ params }) => params[0] as string),
    );
    assert.equal(raws.size, 3);
    assert.ok(fates.length <= 2, `${fates.length} are left`);
  });

  it("sends many at once, in the order they were asked for", async () => {
    await using client = net.client({ key: operator(4) });
    await client.start();
    const nonce = await nonceOf(4);
    const receipts = await Promise.all(
      Array.from({ length: 25 }, () => client.send(deposit(4, 2n))),
    );
    const numbers = await Promise.all(
      receipts.map(async ({ transactionHash }) =>
        Number(
          (await call<{ nonce: Hex }>(net.url, "eth_getTransactionByHash", transactionHash)).nonce,
        ),
      ),
    );
    assert.deepEqual(
      numbers,
      Array.from({ length: 25 }, (_, index) => nonce + index),
    );
  });

  it("fills in what an earlier life sent and the chain lost, so that later calls do not wait for ever", async () => {
    await using path = await behind(1);
    const nonce = await nonceOf(1);
    let isFirst = true;
    // The chain still counts two transactions that it forgets right after.
    path.proxy.alter = ({ method, params }: RpcCall, result) => {
      if (method !== "eth_getTransactionCount" || params[1] !== "pending" || !isFirst)
        return result;
      isFirst = false;
      return `0x${(nonce + 2).toString(16)}`;
    };
    const reserve = await reserveOf(1);
    await path.client.send(deposit(1, 5n));
    assert.equal(await reserveOf(1), reserve + 5n);
    assert.equal(await nonceOf(1), nonce + 3);
  });

  it("goes on with the next nonce when a command of the operator's has taken the one it remembers", async () => {
    await using one = net.client({ key: operator(2) });
    await using other = net.client({ key: operator(2) });
    await one.start();
    await other.start();
    await one.send(deposit(2, 1n));
    await other.send(deposit(2, 2n));
    const [nonce, reserve] = [await nonceOf(2), await reserveOf(2)];
    await one.send(deposit(2, 4n));
    assert.equal(await reserveOf(2), reserve + 4n);
    assert.equal(await nonceOf(2), nonce + 1);
  });

  it("says when the nonce that the chain names is taken, and asks for another the next time", async () => {
    await using path = await behind(2);
    const [nonce, reserve] = [await nonceOf(2), await reserveOf(2)];
    // A server that is behind names a number that was used.
    path.proxy.alter = ({ method }, result) =>
      method === "eth_getTransactionCount" ? `0x${(nonce - 1).toString(16)}` : result;
    await assert.rejects(
      path.client.send(deposit(2, 4n)),
      (error) => error instanceof NonceTakenError && error.message.includes(operator(2).address),
    );
    assert.equal(await reserveOf(2), reserve);
    path.proxy.alter = (_, result) => result;
    await path.client.send(deposit(2, 8n));
    assert.equal(await reserveOf(2), reserve + 8n);
  });

  it("says when another took its nonce while it waited, and not before servers had time to agree", async () => {
    await using path = await behind(2);
    const nonce = await nonceOf(2);
    // Swallowed, so that the other's goes in.
    path.proxy.decide = ({ method }) => (method === SEND ? { result: ROOT } : "pass");
    const sent = path.client.send(deposit(2, 16n));
    sent.catch(() => undefined);
    await until(async () => path.proxy.count(SEND) > 0);
    await using other = net.client({ key: operator(2) });
    await other.start();
    const began = Date.now();
    await other.send(deposit(2, 32n));
    await assert.rejects(sent, NonceTakenError);
    assert.ok(Date.now() - began >= 500);
    assert.equal(await nonceOf(2), nonce + 1);
    path.proxy.decide = () => "pass";
    await path.client.send(deposit(2, 1n));
  });

  it("gives the nonce back when the chain takes no such transaction", async () => {
    const poor = account("poor");
    await using client = net.client({ key: poor });
    await client.start();
    await assert.rejects(client.send(approve(poor.address, 1n)), ChainRpcError);
    await fund(net.url, [poor.address]);
    const receipt = await client.send(approve(poor.address, 1n));
    assert.equal(receipt.status, "0x1");
  });

  it("says that the chain is down when nothing was sent, and asks another URL", async () => {
    await using path = await behind(3);
    path.proxy.decide = () => "cut";
    await assert.rejects(path.client.send(deposit(3, 1n)), ChainDownError);
    assert.equal(path.client.state.kind, "chain-down");
    await using dead = new ChainProxy(net.url);
    const urls = [await dead.start(), net.url];
    dead.decide = () => "cut";
    await using client = net.client({ key: operator(3) }, { rpcUrls: urls });
    await client.start();
    await client.send(deposit(3, 1n));
    assert.ok(dead.calls.length > 0);
  });

  it("lets whoever waits go, and the call go on", async () => {
    await using path = await behind(4);
    const reserve = await reserveOf(4);
    path.proxy.decide = ({ method }) =>
      method === "eth_getTransactionReceipt" ? { result: null } : "pass";
    const stop = new AbortController();
    const sent = path.client.send(deposit(4, 3n), stop.signal);
    await until(async () => path.proxy.count("eth_getTransactionReceipt") > 0);
    stop.abort(new Error("no longer interested"));
    await assert.rejects(sent, /no longer interested/);
    await until(async () => (await reserveOf(4)) === reserve + 3n);
  });

  it("brings its calls in over a chain that is killed while they wait", async () => {
    await using folder = await makeFolder();
    let { child, message } = await forkChain(chainOptions(folder.path));
    const { url } = message as { url: string };
    const port = Number(new URL(url).port);
    const restart = async (blockPeriodMs: number): Promise<void> => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      ({ child, message } = await forkChain(chainOptions(folder.path, { port, blockPeriodMs })));
      assert.equal(message.kind, "listening");
    };
    try {
      await fund(url, [deployer.address, operator(1).address]);
      const network = await deployNetwork(
        { rpcUrls: [url], deployer, logger: quiet },
        planOf(1),
        new AbortController().signal,
      );
      await using client = new ChainClient(
        { network, logger: quiet, key: operator(1) },
        { pollMs: 10 },
      );
      await client.start();
      await client.send(approve(network.contracts.settlement, 1000n));
      // Blocks so slow that nothing is sealed before the kill.
      await restart(60_000);
      await until(() => client.reader.networkId().catch(() => undefined));
      const sent = Promise.all([1n, 2n, 4n].map((amount) => client.send(deposit(1, amount))));
      await until(
        async () =>
          Number(await call<Hex>(url, "eth_getBlockTransactionCountByNumber", "pending")) === 3,
      );
      await restart(20);
      await sent;
      const { accounts, seq } = await client.reader.settlement();
      assert.equal(accounts[0]!.reserve, 7n);
      assert.equal(seq, 2 + 3);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("refuses a cycle too early, by name, as one of its calls among others", async () => {
    await using client = net.client({ key: operator(1) });
    await client.start();
    await until(() => client.send(closeCycle()).catch(() => undefined));
    const [kept, early] = await Promise.allSettled([
      client.send(deposit(1, 1n)),
      client.send(closeCycle()),
    ]);
    assert.equal(kept.status, "fulfilled");
    assert.ok(early.status === "rejected" && early.reason instanceof ChainRevert);
    assert.equal(early.reason.errorName, "SettlementCycleTooShort");
  });
});
