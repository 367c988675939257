import assert from "node:assert/strict";
import { deposit, approve, admit } from "../../../node/chain/calls.ts";
import { ChainClient } from "../../../node/chain/chain-client.ts";
import { ChainRevert } from "../../../node/chain/errors.ts";
import { fromHex, type Hex } from "../../../protocol/bytes.ts";
import { networkIdOf } from "../../../protocol/message.ts";
import type { NetworkFile } from "../../../protocol/network-file.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { ChainProxy } from "../../support/chain-proxy.ts";
import { call, until } from "../../support/chain.ts";
import {
  authority,
  operator,
  planOf,
  plannedMember,
  quiet,
  signedBatch,
  signedCheckpoint,
  TestNetwork,
} from "../../support/network.ts";

const ROOT: Hex = `0x${"ab".repeat(32)}`;

/** The same network file but for some of it, its id made to fit. */
function altered(network: NetworkFile, change: Partial<NetworkFile>): NetworkFile {
  const file = { ...network, ...change };
  const networkId = networkIdOf(
    BigInt(file.chainId),
    fromHex(file.contracts.registry),
    fromHex(file.anchor),
  );
  return { ...file, networkId };
}

describe("the chain client", () => {
  let net: TestNetwork;

  before(async () => {
    net = await TestNetwork.open();
  });

  after(async () => {
    await net[Symbol.asyncDispose]();
  });

  it("refuses a chain or a network other than the file's [wrong-network]", async () => {
    const others = [
      {
        network: altered(net.network, { chainId: net.network.chainId + 1 }),
        says: /the chain has id/,
      },
      { network: altered(net.network, { anchor: ROOT }), says: /the registry is of network/ },
    ];
    for (const { network, says } of others) {
      await using client = new ChainClient({ network, logger: quiet });
      await assert.rejects(
        client.start(),
        (error) => isRefusal(error, "wrong-network") && says.test(error.message),
      );
    }
  });

  it("waits for a chain that is down when it starts, and says so", async () => {
    await using proxy = new ChainProxy(net.url);
    proxy.decide = () => "cut";
    await using client = net.client({}, { rpcUrls: [await proxy.start()] });
    const started = client.start();
    await until(async () => client.state.kind === "chain-down");
    proxy.decide = () => "pass";
    await started;
    assert.deepEqual(client.state, { kind: "starting" });
    assert.deepEqual(client.parameters, planOf(4).parameters);
  });

  it("says that the chain is behind while it has no such network yet", async () => {
    await using proxy = new ChainProxy(net.url);
    proxy.decide = ({ method }) => (method === "eth_call" ? { result: "0x" } : "pass");
    await using client = net.client({}, { rpcUrls: [await proxy.start()] });
    const started = client.start();
    await until(async () => client.state.kind === "chain-behind");
    proxy.decide = () => "pass";
    await started;
  });

  it("stops while it waits", async () => {
    await using proxy = new ChainProxy(net.url);
    proxy.decide = () => "cut";
    const client = net.client({}, { rpcUrls: [await proxy.start()] });
    const started = client.start();
    await until(async () => client.state.kind === "chain-down");
    await client.stop();
    await assert.rejects(started, /was stopped/);
  });

  it("reads who is in the network as the authority admitted it", async () => {
    await using client = net.client();
    await client.start();
    const { members, observers } = await client.reader.directory();
    assert.equal(members.length, 4);
    const { reserve: _reserve, ...admission } = plannedMember(3);
    const { guarantee, ...third } = members[2]!;
    assert.deepEqual(
      { ...third, guarantee: guarantee.next },
      { ...admission, member: 3, status: 1 },
    );
    assert.deepEqual(observers, planOf(4).observers);
  });

  it("takes no answer about who is in the network from a server that is behind the change", async () => {
    await using proxy = new ChainProxy(net.url);
    await using client = net.client({}, { rpcUrls: [await proxy.start()] });
    await client.start();
    const head = Number(await call<Hex>(net.url, "eth_blockNumber"));
    const asked = () => proxy.calls.filter(({ method }) => method === "eth_call").at(-1)!.params[1];
    proxy.alter = ({ method }, result) => (method === "eth_blockNumber" ? "0x1" : result);
    assert.equal((await client.reader.directory(head)).members.length, 4);
    assert.equal(Number(asked()), head);
    await assert.rejects(client.reader.directory(head + 1_000), Error);
    proxy.alter = (_, result) => result;
    await client.reader.directory(1);
    assert.ok(Number(asked()) >= head);
  });

  it("refuses what only the authority may say, by name", async () => {
    await using client = net.client({ key: operator(1) });
    await client.start();
    await assert.rejects(
      client.send(admit(5, plannedMember(5))),
      (error) => error instanceof ChainRevert && error.errorName === "AccessManagedUnauthorized",
    );
    await using late = net.client({ key: authority });
    await late.start();
    await assert.rejects(
      late.send(admit(5, plannedMember(5))),
      (error) => error instanceof ChainRevert && error.errorName === "AccessManagerNotScheduled",
    );
  });

  it("carries batches and checkpoints to the chain and reads back what they left there", async () => {
    await using client = net.client({ key: operator(1) });
    await client.start();
    await client.send(approve(net.network.contracts.settlement, 900n));
    await client.send(deposit(1, 900n));
    const header = { member: 2, number: 1, count: 4096, root: ROOT };
    await client.sequence(header, signedBatch(net.network, header, [1, 3, 4]));
    assert.equal(await client.batchesOf(2), 1);
    await until(() =>
      client.closeCycle().then(
        () => true,
        () => false,
      ),
    );
    const before = await client.reader.settlement();
    assert.equal(before.openCycle, 2);
    const checkpoint = {
      number: 1,
      seq: before.seq,
      applied: 2,
      appliedRoot: ROOT,
      supply: 850n,
      positions: [
        { member: 1, delta: -300n, withdrawn: 0n },
        { member: 2, delta: 300n, withdrawn: 50n },
      ],
      stateRoot: `0x${"cd".repeat(32)}` as Hex,
    };
    const settled = client.settledStateRoot(1);
    await client.settle(checkpoint, signedCheckpoint(net.network, checkpoint, [1, 2, 3]));
    assert.equal(await settled, checkpoint.stateRoot);
    const after = await client.reader.settlement();
    assert.equal(after.seq, before.seq + 1);
    assert.deepEqual(
      after.accounts.map(({ reserve, withdrawable, batches }) => [reserve, withdrawable, batches]),
      [
        [600n, 0n, 0],
        [250n, 50n, 1],
        [0n, 0n, 0],
        [0n, 0n, 0],
      ],
    );
    assert.deepEqual([after.owed, after.tokens, after.settledCycle], [900n, 900n, 1]);
    const [first, open] = after.cycles;
    assert.deepEqual(
      [first!.cycle, first!.boundary, first!.inflow, first!.supply, first!.applied],
      [1, before.seq, 900n, 850n, 2],
    );
    assert.deepEqual([first!.appliedRoot, first!.stateRoot], [ROOT, checkpoint.stateRoot]);
    assert.deepEqual([open!.cycle, open!.boundary, open!.inflow], [2, 0, 0n]);
    // As it stood before, read at the same block for all of it.
    assert.deepEqual(await client.reader.settlement(before.blockNumber), before);
  });

  it("names a batch that is not endorsed by a quorum", async () => {
    await using client = net.client({ key: operator(1) });
    await client.start();
    const header = { member: 3, number: 1, count: 1, root: ROOT };
    await assert.rejects(
      client.sequence(header, signedBatch(net.network, header, [1, 3])),
      (error) => error instanceof ChainRevert && error.errorName.startsWith("Quorum"),
    );
    assert.equal(await client.batchesOf(3), 0);
  });
});
