/** Parts of the network are away for a while, or lose what is on their disks, and it goes on by itself. */
import assert from "node:assert/strict";
import { open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../protocol/bytes.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { MEMBERS, OBSERVER } from "../../scripts/devnet/blueprint.ts";
import { checkAgreement, haveApplied } from "../support/agreement.ts";
import { LiveNetwork } from "../support/live-network.ts";
import { LogTail } from "../support/log-tail.ts";
import { idOf } from "../support/money.ts";
import { type Payer, Payers } from "../support/payers.ts";
import { until } from "../support/until.ts";

const PATIENCE_MS = 120_000;
/** The least that a gateway may be told to hold; half of it for those who are not its own. */
const INTAKE_MAX = 8_192;

describe("a network of processes", function () {
  this.timeout(300_000);
  let network: LiveNetwork;
  let payers: Payers;
  let payer: Payer;

  before(async () => {
    network = await LiveNetwork.open({ intake: { leavesMax: INTAKE_MAX } });
    const vault = await network.deposit(16_000n);
    await network.startServices();
    payers = await Payers.open(network, vault);
    payer = payers.take();
    await haveAllApplied([...payers.acknowledged]);
  });

  after(async () => {
    payers[Symbol.dispose]();
    await network[Symbol.asyncDispose]();
  });

  const clients = () => [OBSERVER, ...MEMBERS].map((member) => network.devnet.client(member));

  async function haveAllApplied(ids: readonly Hex[]): Promise<void> {
    for (const client of clients()) {
      await until("all nodes have applied them", () => haveApplied(client, ids), PATIENCE_MS);
    }
  }

  const idsOf = (records: readonly SignedRecord[]) =>
    records.map((record) => idOf(network.networkId, record));

  /** A few payments, to their end on all nodes. */
  async function pay(): Promise<void> {
    const records = await payers.chain(payer, 3);
    await payers.pass(1, records);
    await haveAllApplied(idsOf(records));
  }

  it("settles nothing while two of four members are down, takes in up to its bound, then refuses as busy with Retry-After, and settles everything once they are back [N-21]", async () => {
    const down = [network.node(3), network.node(4)];
    await Promise.all(down.map(({ child }) => child.kill()));
    const held = await payers.chain(payer, 3_000);
    await payers.pass(1, held);
    const more = await payers.chain(payer, 2_000);
    const refused = await fetch(`${network.devnet.deviceUrl(1)}/v1/leaves`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: encodeLeaves(more.map(({ bytes }) => bytes)),
    });
    assert.equal(refused.status, 503);
    assert.equal(((await refused.json()) as { code: string }).code, "busy");
    assert.ok(Number(refused.headers.get("retry-after")) > 0, "it says when to come again");
    // One member may close a cycle; to sequence or to settle takes a quorum.
    const progress = async () => ({
      batches: await Promise.all(MEMBERS.map((member) => network.chain.batchesOf(member))),
      settled: (await network.devnet.client(1).status()).settledCycle,
    });
    const before = await progress();
    await sleep(4_000);
    assert.deepEqual(await progress(), before);
    const statuses = await network.devnet.client(1).statuses(idsOf(held.slice(0, 1_000)));
    for (const { state } of statuses) assert.notEqual(state, "applied");
    await network.restart(down);
    await payers.pass(1, more);
    await haveAllApplied(idsOf([...held, ...more]));
    await checkAgreement(clients(), PATIENCE_MS);
  });

  it("says by name that the chain is down, and goes on without a restart when it is back [N-21]", async () => {
    const pids = network.nodes.map(({ child }) => child.pid);
    await network.devnet.stopChain();
    for (const [i, { url }] of network.nodes.entries()) {
      await until(
        "the node's status names the chain",
        async () => (await clients()[i]!.status()).chainState === "chain-down",
        PATIENCE_MS,
      );
      const ready = await fetch(`${url}/readyz`);
      assert.equal(ready.status, 503);
      assert.match(await ready.text(), /chain-down/);
      assert.equal((await fetch(`${url}/livez`)).status, 200);
    }
    const late = await payers.chain(payer, 5);
    await payers.pass(2, late);
    // By then the pauses have grown to a second or two. A longer outage brings more of them, which end where
    // test/node/chain/event-log.test.ts shows, and nothing else.
    await sleep(3_000);
    await network.devnet.startChain();
    await haveAllApplied(idsOf(late));
    for (const { name, url } of [...network.nodes, ...network.gateways]) {
      const isReady = async () => (await fetch(`${url}/readyz`)).ok;
      await until(`${name} is ready again`, isReady, PATIENCE_MS);
    }
    assert.deepEqual(
      network.nodes.map(({ child }) => child.pid),
      pids,
    );
  });

  it("lets a node whose folder is gone fold the log again to the same root", async () => {
    const node = network.node(4);
    await node.child.kill();
    await rm(dirname(network.databaseOf(node, "ledger")), { recursive: true });
    await network.restart([node]);
    await pay();
    await checkAgreement(clients(), PATIENCE_MS);
  });

  it("sets a database aside in which a byte has changed, and folds the log again to the same root", async () => {
    const node = network.node(3);
    const ledger = network.databaseOf(node, "ledger");
    // A restart writes what is in LevelDB's log into a table.
    await node.child.stop();
    await network.restart([node]);
    await node.child.stop();
    const before = await setAside(ledger);
    await flipByte(await tableIn(ledger));
    await network.restart([node]);
    using log = new LogTail(network.logOf(node));
    assert.ok(log.lines.some(({ msg }) => msg === "a database is damaged and was set aside"));
    assert.equal(await setAside(ledger), before + 1);
    await pay();
    await checkAgreement(clients(), PATIENCE_MS);
  });
});

/** How often a database was set aside. */
async function setAside(folder: string): Promise<number> {
  const names = await readdir(dirname(folder));
  return names.filter((name) => name.startsWith(`${basename(folder)}.damaged`)).length;
}

/** The largest table of a LevelDB folder. */
async function tableIn(folder: string): Promise<string> {
  const tables = (await readdir(folder)).filter((name) => name.endsWith(".ldb"));
  assert.ok(tables.length > 0, `no table in ${folder}`);
  return join(folder, tables.sort().at(-1)!);
}

async function flipByte(path: string): Promise<void> {
  await using file = await open(path, "r+");
  const { size } = await file.stat();
  const byte = Buffer.alloc(1);
  const at = Math.floor(size / 3);
  await file.read(byte, 0, 1, at);
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, at);
}
