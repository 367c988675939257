/** A coin is spent twice, and the consortium mends it by itself: proven, paid from the bond, nobody honest loses. */
import assert from "node:assert/strict";
import { approve, depositBond } from "../../node/chain/calls.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { operator, quiet } from "../support/network.ts";
import { until } from "../support/until.ts";

const OBSERVER = 0;
const PATIENCE_MS = 60_000;

describe("a double spend", function () {
  this.timeout(240_000);
  let consortium: Consortium;
  const [anna, bert, carl, dora] = Array.from({ length: 4 }, () => NodeSigner.generate()) as [
    NodeSigner,
    NodeSigner,
    NodeSigner,
    NodeSigner,
  ];

  before(async () => {
    consortium = await Consortium.open();
    await consortium.startAll();
    await consortium.untilApplied(
      [
        await consortium.enrol(anna, 1),
        await consortium.enrol(bert, 2),
        await consortium.enrol(carl, 2),
        await consortium.enrol(dora, 3),
      ],
      PATIENCE_MS,
    );
    await bond(1, 10_000n);
  });

  after(async () => {
    await consortium[Symbol.asyncDispose]();
  });

  async function bond(member: MemberId, amount: bigint): Promise<void> {
    await using chain = new ChainClient(
      { network: consortium.network, logger: quiet, key: operator(member) },
      { pollMs: 20 },
    );
    await chain.start();
    await chain.send(approve(consortium.network.contracts.disputes!, amount));
    await chain.send(depositBond(member, amount));
  }

  /** Coins of anna's. */
  async function load(...amounts: readonly bigint[]): Promise<HeldCoin[]> {
    const vault = await consortium.deposit(
      1,
      amounts.reduce((sum, amount) => sum + amount, 0n),
    );
    const outputs = amounts.map((amount) => payTo(anna, 1, amount));
    const record = await consortium.spend(consortium.treasury(1), [vault], outputs);
    await consortium.client(1).submit([record.bytes]);
    await applied(record);
    return consortium.coinsOf(record);
  }

  async function applied(...records: readonly SignedRecord[]): Promise<void> {
    await consortium.untilApplied(
      records.map((record) => consortium.idOf(record)),
      PATIENCE_MS,
    );
  }

  it("pays the loser and whoever it paid on to, once, by itself, and every node comes to the same state [R-031, R-033, R-088, R-111, N-12]", async () => {
    const [coin] = (await load(500n)) as [HeldCoin];
    const winner = await consortium.spend(anna, [coin], [payTo(dora, 3, 500n)]);
    const loser = await consortium.spend(anna, [coin], [payTo(bert, 2, 500n)]);
    const onward = await consortium.spend(
      bert,
      [consortium.coinsOf(loser)[0]!],
      [payTo(carl, 2, 200n), payTo(bert, 2, 300n)],
    );
    await consortium.client(3).submit([winner.bytes]);
    await applied(winner);
    await consortium.client(2).submit([loser.bytes, onward.bytes]);
    await applied(loser, onward);
    const reports = await Promise.all(
      [OBSERVER, ...consortium.members].map((member) => consortium.client(member).identities()),
    );
    for (const { rows } of reports) {
      for (const [name, row] of Object.entries(rows)) assert.ok(row.holds, name);
    }
    await until("anna is revoked everywhere", async () => {
      const { revoked } = await consortium.client(OBSERVER).revocations(1);
      return revoked.length === 1;
    });
  });
});
