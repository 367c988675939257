/** A coin is spent twice, and the consortium mends it by itself: proven, paid from the bond, nobody honest loses. */
import assert from "node:assert/strict";
import { approve, depositBond } from "../../node/chain/calls.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import type { ConflictRow } from "../../node/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { parseEvidence } from "../../protocol/evidence.ts";
import { checkEvidence } from "../../protocol/evidence-check.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { operator, quiet, validatorKey } from "../support/network.ts";
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

  /** Until no node has a conflict of this loser that is not at its end, and each ended so. */
  async function ended(loser: SignedRecord, stage: string): Promise<void> {
    for (const member of consortium.nodes.keys()) {
      await until(
        `node ${member} says ${stage}`,
        async () => {
          const record = consortium.idOf(loser);
          const conflicts = await consortium.client(member).conflicts({ record });
          return conflicts.length > 0 && conflicts.every((conflict) => conflict.stage === stage);
        },
        PATIENCE_MS,
      );
    }
  }

  async function identitiesHold(): Promise<void> {
    for (const member of consortium.nodes.keys()) {
      const { rows } = await consortium.client(member).identities();
      for (const [name, row] of Object.entries(rows))
        assert.ok(row.holds, `node ${member}, ${name}: ${row.ledger} and ${row.chain}`);
    }
  }

  /** Events of the chain's contract for double spends, by name. */
  async function proven(): Promise<number> {
    await using chain = new ChainClient(
      { network: consortium.network, logger: quiet },
      { pollMs: 20 },
    );
    await chain.start();
    return Number(await chain.reader.covered(ownerOf(anna.publicKey)));
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
    const stop = new AbortController();
    const told: ConflictRow[] = [];
    const listening = (async () => {
      for await (const row of consortium.client(OBSERVER).conflictEvents(0, stop.signal))
        told.push(row);
    })();
    await consortium.client(3).submit([winner.bytes]);
    await applied(winner);
    await consortium.client(2).submit([loser.bytes, onward.bytes]);
    const [id, child] = [consortium.idOf(loser), consortium.idOf(onward)];
    await until("the loser's holder is told", async () => {
      const [status] = await consortium.client(2).statuses([id]);
      return status!.restitution !== undefined;
    });
    const { sentences } = await consortium.client(2).explain(id);
    assert.match(sentences[0]!, /of 5\.00 EUR was spent twice: record 0x/);
    assert.match(sentences[1]!, /from the bond of member 1/);
    const waiting = await consortium.client(2).explain(child);
    assert.match(waiting.sentences.join(" "), new RegExp(`waits for record ${id}`));
    await applied(loser, onward);
    await ended(loser, "paid");
    assert.equal(await proven(), 500);
    await identitiesHold();
    const { revoked } = await consortium.client(OBSERVER).revocations(1);
    assert.deepEqual(
      revoked.map(({ owner }) => owner),
      [ownerOf(anna.publicKey)],
    );
    stop.abort();
    await listening;
    const stages = told.map(({ stage }) => stage);
    assert.equal(stages[0], "waiting");
    assert.equal(stages.at(-1), "paid");
    assert.ok(stages.includes("restituted"));
    const numbers = told.map(({ number }) => number);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    const after = await consortium.client(3).conflict(told[0]!.id as Hex);
    assert.match(after.owner.join(" "), /signed both records/);
    assert.match(after.custodian.join(" "), /pays a fine of 10\.00 EUR/);
    assert.match(after.winner.join(" "), /stands: whoever it pays loses nothing/);
    assert.match(after.loser.join(" "), /its payees have their money/);
  });

  it("is shown by a file that any node gives, checked with the network file alone [R-032, R-087, R-088]", async () => {
    const [{ loser, winner }] = (await consortium.client(1).conflicts()) as [ConflictRow];
    const files = await Promise.all(
      [OBSERVER, 1, 4].map((member) => consortium.client(member).evidence(loser as Hex)),
    );
    assert.equal(new Set(files).size, 1);
    const findings = checkEvidence(parseEvidence(files[0]!), consortium.network, portableVerifier);
    assert.equal(findings.loser, loser);
    assert.equal(findings.losses[0]!.doubleSpend.wonId, winner);
    assert.equal(findings.losses[0]!.standing, "by-named-validators");
    assert.deepEqual(
      findings.validators[0]!.members.map(({ address }) => address),
      consortium.members.map((member) => validatorAddress(validatorKey(member))),
    );
    const byWinner = await consortium.client(1).evidence(winner as Hex);
    assert.equal(byWinner, files[0]);
    await assert.rejects(consortium.client(1).evidence(`0x${"12".repeat(32)}`), (error) =>
      isRefusal(error, "not-found"),
    );
  });
});
