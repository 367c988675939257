/** The chain is plain JSON-RPC and the EVM: on one of another make everything goes as on the embedded one. */
import assert from "node:assert/strict";
import { approve, depositBond } from "../../node/chain/calls.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { Anvil } from "../support/anvil.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { operator, quiet } from "../support/network.ts";
import { until } from "../support/until.ts";

const PATIENCE_MS = 60_000;

describe("a consortium on a chain of another make", function () {
  this.timeout(240_000);
  let chain: Anvil;
  let consortium: Consortium;
  const [anna, bert, carl] = Array.from({ length: 3 }, () => NodeSigner.generate()) as [
    NodeSigner,
    NodeSigner,
    NodeSigner,
  ];

  before(async () => {
    consortium = await Consortium.open(4, {}, {}, (folder, funded) => {
      chain = new Anvil(folder, funded);
      return chain;
    });
    await consortium.startAll();
    const enrolled = [
      await consortium.enrol(anna, 1),
      await consortium.enrol(bert, 2),
      await consortium.enrol(carl, 3),
    ];
    await consortium.untilApplied(enrolled, PATIENCE_MS);
  });

  after(async () => {
    await consortium[Symbol.asyncDispose]();
  });

  async function submit(member: MemberId, ...records: readonly SignedRecord[]): Promise<void> {
    await consortium.client(member).submit(records.map(({ bytes }) => bytes));
  }

  async function applied(...records: readonly SignedRecord[]): Promise<void> {
    await consortium.untilApplied(
      records.map((record) => consortium.idOf(record)),
      PATIENCE_MS,
    );
  }

  /** A coin of anna's. */
  async function load(amount: bigint): Promise<HeldCoin> {
    const vault = await consortium.deposit(1, amount);
    const record = await consortium.spend(
      consortium.treasury(1),
      [vault],
      [payTo(anna, 1, amount)],
    );
    await submit(1, record);
    await applied(record);
    return consortium.coinsOf(record)[0]!;
  }

  async function holds(): Promise<void> {
    const reports = await Promise.all(
      [...consortium.nodes.keys()].map((member) => consortium.client(member).identities()),
    );
    for (const { rows, stateRoot } of reports) {
      assert.equal(stateRoot, reports[0]!.stateRoot);
      for (const [name, row] of Object.entries(rows))
        assert.ok(row.holds, `${name}: ${row.ledger} and ${row.chain}`);
    }
  }

  it("deploys there, settles payments between banks, and both sides of the books agree", async () => {
    const coin = await load(600n);
    const payment = await consortium.spend(
      anna,
      [coin],
      [payTo(bert, 2, 250n), payTo(anna, 1, 350n)],
    );
    await submit(3, payment);
    await applied(payment);
    const { settledCycle } = await consortium.client(1).status();
    await consortium.untilSettled(settledCycle + 1, PATIENCE_MS);
    await holds();
  });

  it("proves a double spend to the contract, which verifies P-256 there too, and pays the loser [N-02]", async () => {
    await using client = new ChainClient(
      { network: consortium.network, logger: quiet, key: operator(1) },
      { pollMs: 20 },
    );
    await client.start();
    await client.send(approve(consortium.network.contracts.disputes!, 10_000n));
    await client.send(depositBond(1, 10_000n));
    const coin = await load(40n);
    const [first, second] = [
      await consortium.spend(anna, [coin], [payTo(bert, 2, 40n)]),
      await consortium.spend(anna, [coin], [payTo(carl, 3, 40n)]),
    ];
    await submit(2, first);
    await applied(first);
    await submit(3, second);
    await applied(second);
    await until("the conflict is at its end", async () => {
      const record = consortium.idOf(second);
      const [conflict] = await consortium.client(3).conflicts({ record });
      return conflict?.stage === "paid";
    });
    await holds();
  });

  it("goes on where it was when the chain comes back after a stop", async () => {
    const coin = await load(7n);
    await chain.stop();
    const payment = await consortium.spend(anna, [coin], [payTo(bert, 2, 7n)]);
    await submit(2, payment);
    await until("a node says that the chain is down", () =>
      consortium.warnings.some(({ msg }) => msg.includes("chain")),
    );
    await chain.start();
    await applied(payment);
    await holds();
  });
});
