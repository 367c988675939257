/** A node whose state is not the one that settled, or that lost a checkpoint, sets its ledger aside and folds the log again. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DivergenceError } from "../../node/checkpoints/checkpointer.ts";
import { selectorOf } from "../../node/chain/contracts.ts";
import type { Consortium as Consortiums } from "../../node/api/consortium-routes.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { keys } from "../../node/store/keys.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { MemberId } from "../../protocol/output.ts";
import { stateKey, stateValue } from "../../protocol/state-entry.ts";
import { ChainProxy, type RpcCall } from "../support/chain-proxy.ts";
import { Consortium } from "../support/consortium.ts";
import { holdCalls } from "../support/held-calls.ts";
import type { LogLine } from "../support/log-tail.ts";
import type { HeldCoin } from "../support/money.ts";
import { until } from "../support/until.ts";

const OBSERVER = 0;
const PATIENCE_MS = 60_000;

describe("a node that came to another state", function () {
  this.timeout(2 * PATIENCE_MS);
  let consortium: Consortium;
  let proxy: ChainProxy;
  let url: string;

  before(async () => {
    consortium = await Consortium.open(1);
    proxy = new ChainProxy(consortium.network.rpcUrls[0]!);
    url = await proxy.start();
  });
  after(async () => {
    await consortium[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  /** A chain that the proxy stands before. */
  const behind = () => ({ chain: { url, pollMs: 20 } });
  const dataOf = (member: number) => join(consortium.folder, `node${member}`);
  const setAside = async (member: number) =>
    (await readdir(dataOf(member))).filter((name) => name.startsWith("ledger.damaged-")).length;

  async function agree(): Promise<void> {
    const reports = () =>
      Promise.all([OBSERVER, 1].map((member) => consortium.client(member).identities()));
    await until(
      "both stand at one root",
      async () =>
        new Set((await reports()).map(({ seq, stateRoot }) => `${seq} ${stateRoot}`)).size === 1,
      PATIENCE_MS,
    );
    for (const { rows } of await reports())
      assert.ok(Object.values(rows).every(({ holds }) => holds));
  }

  it("stops, sets its ledger aside, and comes to the settled root when it is started again", async () => {
    const selector = selectorOf("settlement", "getCycle");
    const isCycle = ({ method, params }: RpcCall) =>
      method === "eth_call" && String(params[0].data).startsWith(selector);
    // The state root is the last word of the answer.
    proxy.alter = (call, result: string) =>
      isCycle(call) ? result.slice(0, -64) + "6".repeat(64) : result;
    await consortium.start(1);
    const observer = await consortium.start(OBSERVER, behind());
    const failed = assert.rejects(observer.failed, DivergenceError);
    await consortium.deposit(1, 1_000n);
    await failed;
    assert.equal(await setAside(OBSERVER), 0);
    await consortium.stop(OBSERVER);
    assert.equal(await setAside(OBSERVER), 1);
    proxy.alter = (_, result) => result;
    await consortium.start(OBSERVER, behind());
    await consortium.untilSettled(1, PATIENCE_MS);
    await agree();
    assert.equal(await setAside(OBSERVER), 1);
  });

  it("folds the log again where a crash took the checkpoint of a cycle that is not settled, and settles it then", async () => {
    await consortium.stop(1);
    const held = holdCalls(proxy, "settle");
    await consortium.start(1, behind());
    await consortium.deposit(1, 500n);
    await held.sent;
    await consortium.stop(1);
    assert.equal(await setAside(1), 0);
    {
      // As if the node had been killed between the event that closed the cycle and the checkpoint.
      await using store = await CheckedStore.open(join(dataOf(1), "ledger"));
      assert.notEqual(await store.get(keys.checkpoint(2)), undefined);
      await store.write([{ key: keys.checkpoint(2), value: null }]);
    }
    // What was held back stays so: it is the node that was started again that settles.
    proxy.decide = () => "pass";
    await consortium.start(1, behind());
    assert.ok(consortium.warnings.some(({ msg }) => /checkpoint was lost/.test(msg)));
    assert.equal(await setAside(1), 1);
    await consortium.untilSettled(2, PATIENCE_MS);
    await agree();
  });
});

describe("a node whose store was altered while it was stopped", function () {
  this.timeout(2 * PATIENCE_MS);
  /** With two more there is no quorum but with the altered one, or the last. */
  const [ALTERED, LAST] = [3, 4];
  let consortium: Consortium;
  let coins: readonly HeldCoin[];

  before(async () => {
    consortium = await Consortium.open(4);
    await Promise.all([OBSERVER, 1, 2, ALTERED].map((member) => consortium.start(member)));
    const first = await consortium.deposit(ALTERED, 1_000n);
    await consortium.untilSettled(1, PATIENCE_MS);
    coins = [first, await consortium.deposit(ALTERED, 500n)];
    await consortium.untilSettled(2, PATIENCE_MS);
  });
  after(() => consortium[Symbol.asyncDispose]());

  const dataOf = (member: MemberId) => join(consortium.folder, `node${member}`);
  const isSetAside = async (member: MemberId) =>
    (await readdir(dataOf(member))).some((name) => name.startsWith("ledger.damaged-"));

  /** Changes what coins are worth in a stopped node's store, as its own software would write it. */
  async function alter(member: MemberId, changes: readonly bigint[]): Promise<void> {
    await using store = await CheckedStore.open(join(dataOf(member), "ledger"));
    for (const [i, more] of changes.entries()) {
      const { outpoint, output } = coins[i]!;
      const [key, old] = [keys.state(stateKey.coin(outpoint)), stateValue.coin(output)];
      assert.deepEqual(await store.get(key), old);
      const value = stateValue.coin({ ...output, amount: output.amount + more });
      await store.write([{ key, value, old }]);
    }
  }

  /** What the treasury has at each node. */
  async function amountsAt(member: MemberId): Promise<string[]> {
    const owner = ownerOf(consortium.treasury(ALTERED).publicKey);
    const held = await consortium.client(member).coinsOf(owner);
    return held.coins.map(({ amount }) => amount).sort();
  }

  /** What others said of a member's checkpoint. */
  const named = () =>
    consortium.warnings.filter(
      ({ msg, name }: LogLine) =>
        msg === "a member came to another checkpoint" && name !== `node ${ALTERED}`,
    );

  /** Whom a node shows to come to another checkpoint, on its API, and how many by its metric. */
  async function shownAt(member: MemberId): Promise<readonly [number, readonly number[]]> {
    const { url } = consortium.nodes.get(member)!;
    const [api, metrics] = await Promise.all(
      ["/v1/consortium", "/metrics"].map((path) => fetch(url + path)),
    );
    const { members } = (await api!.json()) as Consortiums;
    const divergent = members.filter(({ divergence }) => divergence !== undefined);
    const count = /^\S*divergent_members\S* (\d+)$/m.exec(await metrics!.text());
    return [Number(count![1]), divergent.map(({ member: each }) => each)];
  }

  it("is named by the others, and by the central bank's observer, at the next checkpoint, which is not settled with it, and comes to theirs when another settles it [N-11, R-082, R-087]", async () => {
    await consortium.stop(ALTERED);
    // The sum stays, so that no identity shows it.
    await alter(ALTERED, [1n, -1n]);
    const altered = await consortium.start(ALTERED);
    assert.deepEqual(await amountsAt(ALTERED), ["1001", "499"]);
    const failed = assert.rejects(altered.failed, DivergenceError);
    await consortium.deposit(1, 10n);
    const byAll = () => new Set(named().map(({ name }) => name)).size === 3;
    await until("both others and the observer name it", byAll, PATIENCE_MS);
    for (const node of [1, 2, OBSERVER]) assert.deepEqual(await shownAt(node), [1, [ALTERED]]);
    for (const { member, cycle } of named()) assert.deepEqual([member, cycle], [ALTERED, 3]);
    assert.equal((await consortium.client(1).status()).settledCycle, 2);

    await consortium.start(LAST);
    await failed;
    await consortium.stop(ALTERED);
    assert.ok(await isSetAside(ALTERED));
    await consortium.start(ALTERED);
    await consortium.untilSettled(3, PATIENCE_MS);
    for (const member of consortium.members)
      assert.deepEqual(await amountsAt(member), ["1000", "500"]);
    await consortium.deposit(1, 10n);
    const isBack = async () => (await shownAt(OBSERVER))[0] === 0;
    await until("it comes to the same checkpoints again", isBack, PATIENCE_MS);
  });

  it("does not take part where the sums show it, and folds the log again first [N-11]", async () => {
    await consortium.stop(LAST);
    await alter(LAST, [1n]);
    await consortium.start(LAST);
    assert.ok(await isSetAside(LAST));
    assert.ok(consortium.warnings.some(({ msg }) => msg === "the stored ledger does not hold"));
    await until(
      "it has folded the log",
      async () => (await consortium.client(LAST).status()).settledCycle >= 3,
      PATIENCE_MS,
    );
    assert.deepEqual(await amountsAt(LAST), ["1000", "500"]);
  });
});
