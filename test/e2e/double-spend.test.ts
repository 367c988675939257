/** A coin is spent twice, and the consortium mends it by itself: proven, paid from the bond, nobody honest loses. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { approve, depositBond } from "../../node/chain/calls.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import { selectorOf } from "../../node/chain/contracts.ts";
import type { ContractReader } from "../../node/chain/reader.ts";
import type { ConflictRow, Trace } from "../../node/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { parseEvidence } from "../../protocol/evidence.ts";
import { checkEvidence } from "../../protocol/evidence-check.ts";
import { ownerOf } from "../../protocol/key.ts";
import type { MemberId } from "../../protocol/output.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { type SignedRecord, signRecord } from "../../protocol/record.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { said, saidJson, tallystick } from "../scripts/commands/support/tallystick.ts";
import { call } from "../support/chain.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { operator, quiet, validatorKey } from "../support/network.ts";
import { until } from "../support/until.ts";

type Block = {
  readonly transactions: readonly { readonly to: Hex; readonly input: Hex; readonly hash: Hex }[];
};

const OBSERVER = 0;
/** Status of a transaction that was not reverted. */
const TAKEN = "0x1";
/** A turn is longer than a report takes on a loaded machine: who steps in before would only be in the way. */
const patient = { cycles: { openMs: 1_000, turnMs: 2_000 } };
/** Steps in before all the patient ones. */
const hasty = { cycles: { openMs: 1_000, turnMs: 200 } };
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
    await consortium.startAll(patient);
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

  async function asked<T>(question: (reader: ContractReader) => Promise<T>): Promise<T> {
    await using chain = new ChainClient(
      { network: consortium.network, logger: quiet },
      { pollMs: 20 },
    );
    await chain.start();
    return await question(chain.reader);
  }

  /** What the contract has paid for anna's device. */
  const covered = () => asked((reader) => reader.covered(ownerOf(anna.publicKey)));

  const finesOf = async (member: MemberId) => (await asked((reader) => reader.bond(member))).fines;

  /** Status of each transaction so far that called a function of Disputes: what members said, and whether it was taken. */
  async function sent(method: string): Promise<string[]> {
    const { rpcUrls, contracts } = consortium.network;
    const ask = <T>(name: string, ...params: unknown[]) => call<T>(rpcUrls[0]!, name, ...params);
    const selector = selectorOf("disputes", method);
    const head = Number(await ask<Hex>("eth_blockNumber"));
    const statuses: string[] = [];
    for (let number = 0; number <= head; number++) {
      const block = await ask<Block>("eth_getBlockByNumber", `0x${number.toString(16)}`, true);
      for (const { to, input, hash } of block.transactions) {
        if (to !== contracts.disputes || !input.startsWith(selector)) continue;
        statuses.push((await ask<{ status: string }>("eth_getTransactionReceipt", hash)).status);
      }
    }
    return statuses;
  }

  it("pays the loser and whoever it paid on to, once, by itself and by one report of one member, and every node comes to the same state [R-031, R-033, R-088, R-111, N-12]", async () => {
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
    const ofAnotherBook = consortium.client(OBSERVER).conflictEvents(1_000_000, stop.signal);
    await assert.rejects(ofAnotherBook.next(), { code: "conflict" });
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
    assert.equal(await covered(), 500n);
    assert.deepEqual(await sent("report"), [TAKEN], "members do not race");
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

  it("is shown by a file that any node gives, checked with the network file alone [R-032, R-036, R-087, R-088]", async () => {
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

  it("is fetched and checked by two commands, the second with no network [R-032]", async () => {
    const [{ id, loser }] = (await consortium.client(1).conflicts()) as [ConflictRow];
    const [file, network] = [join(consortium.folder, "e.json"), join(consortium.folder, "n.json")];
    // Nobody answers there: the check asks nobody.
    const deaf = { ...consortium.network, rpcUrls: ["http://127.0.0.1:1"] };
    await writeFile(network, formatNetworkFile(deaf));
    const { url } = consortium.nodes.get(OBSERVER)!;
    await said(["evidence", id, "--node", url, "--out", file]);
    const text = await said(["evidence", "verify", file, "--network", network]);
    assert.match(text, new RegExp(`about record ${loser}`));
    assert.match(text, /the winner's cycle was settled: event \d+ in block \d+ \(0x\w{64}\)/);
    assert.equal(text.match(/member \d, Member \d: 0x\w{40}/g)!.length, 4);
  });

  it("leaves a coin whose descent any node shows, back to the deposit, checked with no network [R-035, R-036]", async () => {
    const [{ loser }] = (await consortium.client(1).conflicts()) as [ConflictRow];
    const [file, network] = [join(consortium.folder, "h.json"), join(consortium.folder, "n.json")];
    const { url } = consortium.nodes.get(OBSERVER)!;
    await said(["evidence", "history", `${loser}00`, "--node", url, "--out", file]);
    const text = await said(["evidence", "trace", file, "--network", network]);
    assert.match(text, /of 5\.00 EUR was made for key owner/);
    assert.match(text, /\n {2}deposit 0x\w{64}: 5\.00 EUR to 0x\w{40}\n {2}spend 0x/);
    assert.match(text, new RegExp(`spend ${loser}: 5\\.00 EUR to ${ownerOf(bert.publicKey)}\n`));
    assert.match(text, /All of it leads back to deposits/);
  });

  it("is traced at an observer from either record, with the first forker marked, and at a member that keeps no index not at all [R-036]", async () => {
    const [{ id, loser, winner }] = (await consortium.client(1).conflicts()) as [ConflictRow];
    const network = join(consortium.folder, "n.json");
    await writeFile(network, formatNetworkFile(consortium.network));
    const { url } = consortium.nodes.get(OBSERVER)!;
    const text = await said(["trace", loser, "--node", url, "--network", network]);
    const rows = text.split("\n");
    const rowOf = (name: string) => rows.find((row) => row.includes(name)) ?? "";
    assert.match(rowOf(winner), /^0 +spend .* 1 +5\.00 EUR .* FIRST FORK$/);
    assert.match(rowOf(id), /^-1 +restitution /);
    assert.match(rows[1]!, /^-2 +deposit /);
    assert.match(
      text,
      new RegExp(`Key owner ${ownerOf(anna.publicKey)}, with member 1, signed 2 records`),
    );
    assert.match(text, /here it began/);
    const dot = await said(["trace", winner, "--node", url, "--dot"]);
    assert.match(dot, /^digraph trace \{\n/);
    assert.match(dot, new RegExp(`"${winner}" \\[.*first fork`));
    assert.match(dot, new RegExp(`-> "${loser}" \\[label="500\\\\n0x.*style=dashed`));
    const owner = await saidJson<Trace>(["trace", ownerOf(bert.publicKey), "--node", url]);
    assert.ok(owner.starts.includes(loser));
    assert.equal(owner.indexedSeq, owner.seq);
    await assert.rejects(
      consortium.client(1).trace({ from: loser }),
      (error) => isRefusal(error, "not-found") && /trace\.index/.test(error.detail),
    );
    const [status] = await consortium.client(OBSERVER).statuses([winner as Hex]);
    const { flows } = await consortium.client(OBSERVER).flows(status!.cycle!);
    assert.ok(flows.some(({ from, to }) => from === 1 && to === 3));
  });

  it("is in the records that an observer's command exports, loser and winner", async () => {
    const [{ loser, winner }] = (await consortium.client(1).conflicts()) as [ConflictRow];
    const file = join(consortium.folder, "records.csv");
    const { url } = consortium.nodes.get(OBSERVER)!;
    const text = await said(["export", "records", "--node", url, "--out", file]);
    const lines = (await readFile(file, "utf8")).trim().split("\r\n");
    assert.match(text, new RegExp(`: ${lines.length - 1} rows of records`));
    for (const id of [loser, winner])
      assert.equal(lines.filter((line) => line.includes(`,${id},spend,`)).length, 1);
    const none = await tallystick(["export", "records", "--node", url, "--out", "records.txt"]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /does not say whether it is CSV or Parquet/);
  });

  it("of two coins by one record is paid for each, and the record applies whole", async () => {
    const [a, b] = (await load(100n, 200n)) as [HeldCoin, HeldCoin];
    const winners = [
      await consortium.spend(anna, [a], [payTo(dora, 3, 100n)]),
      await consortium.spend(anna, [b], [payTo(carl, 2, 200n)]),
    ];
    const loser = await consortium.spend(anna, [a, b], [payTo(bert, 2, 300n)]);
    await consortium.client(3).submit(winners.map(({ bytes }) => bytes));
    await applied(...winners);
    await consortium.client(2).submit([loser.bytes]);
    await applied(loser);
    await ended(loser, "paid");
    const file = parseEvidence(await consortium.client(2).evidence(consortium.idOf(loser)));
    assert.equal(file.losses.length, 2);
    checkEvidence(file, consortium.network, portableVerifier);
    await identitiesHold();
  });

  it("is reported and mended by the others when the member that took the loser in is gone, and by itself after a restart [R-088]", async () => {
    const [a, b] = (await load(30n, 40n)) as [HeldCoin, HeldCoin];
    const winners = [
      await consortium.spend(anna, [a], [payTo(dora, 3, 30n)]),
      await consortium.spend(anna, [b], [payTo(dora, 3, 40n)]),
    ];
    const losers = [
      await consortium.spend(anna, [a], [payTo(bert, 2, 30n)]),
      await consortium.spend(anna, [b], [payTo(carl, 2, 40n)]),
    ];
    await consortium.client(3).submit(winners.map(({ bytes }) => bytes));
    await applied(...winners);
    await consortium.client(2).submit(losers.map(({ bytes }) => bytes));
    await until("node 4 has heard of the losers", async () => {
      const statuses = await consortium
        .client(4)
        .statuses(losers.map((each) => consortium.idOf(each)));
      return statuses.every(({ restitution }) => restitution !== undefined);
    });
    await consortium.stop(2);
    await consortium.stop(4);
    await consortium.start(4, hasty);
    await applied(...losers);
    await consortium.start(2, patient);
    for (const loser of losers) await ended(loser, "paid");
    assert.deepEqual(await sent("report"), Array(5).fill(TAKEN));
    await identitiesHold();
  });

  it("waits in the queue while the bond is short, says so, and is paid by itself when the bank has added to it, once, and the rest of the fine as soon as there is more [N-12]", async () => {
    const erin = NodeSigner.generate();
    await consortium.untilApplied([await consortium.enrol(erin, 4)], PATIENCE_MS);
    const vault = await consortium.deposit(4, 300n);
    const loaded = await consortium.spend(consortium.treasury(4), [vault], [payTo(erin, 4, 300n)]);
    await consortium.client(4).submit([loaded.bytes]);
    await applied(loaded);
    const [coin] = consortium.coinsOf(loaded) as [HeldCoin];
    const winner = await consortium.spend(erin, [coin], [payTo(dora, 3, 300n)]);
    const loser = await consortium.spend(erin, [coin], [payTo(bert, 2, 300n)]);
    await consortium.client(3).submit([winner.bytes]);
    await applied(winner);
    await consortium.client(2).submit([loser.bytes]);
    await ended(loser, "queued");
    const { sentences } = await consortium.client(2).explain(consortium.idOf(loser));
    assert.match(sentences[1]!, /waits in the queue of member 4, whose bond is short/);
    await bond(4, 400n);
    await applied(loser);
    await ended(loser, "paid");
    assert.deepEqual(await sent("payQueue"), [TAKEN], "members do not race");
    assert.equal(await finesOf(4), 500n);
    await bond(4, 5_000n);
    await until("the fine is paid", async () => (await finesOf(4)) === 0n, PATIENCE_MS);
    assert.deepEqual(await sent("payQueue"), [TAKEN, TAKEN]);
    await identitiesHold();
  });

  it("beyond the guarantee is a case: the node says so and pays nothing [N-12]", async () => {
    const [coin] = (await load(49_500n)) as [HeldCoin];
    const winner = await consortium.spend(anna, [coin], [payTo(dora, 3, 49_500n)]);
    const loser = await consortium.spend(anna, [coin], [payTo(bert, 2, 49_500n)]);
    await consortium.client(3).submit([winner.bytes]);
    await applied(winner);
    await consortium.client(2).submit([loser.bytes]);
    const id = consortium.idOf(loser);
    await until(
      "the contract has said no",
      async () => (await consortium.client(2).statuses([id]))[0]!.restitution === "refused",
      PATIENCE_MS,
    );
    const { sentences } = await consortium.client(2).explain(id);
    assert.match(sentences[1]!, /What member 1 guarantees for this device is used up/);
    const [conflict] = (await consortium.client(2).conflicts({ record: id })) as [ConflictRow];
    assert.equal(conflict.code, "DisputesAboveGuarantee");
    await identitiesHold();
  });

  it("is none where the same record comes again and again, from anyone, under any signature, and its coin is spent on at once [R-088, N-02, N-17]", async () => {
    const before = (await consortium.client(OBSERVER).conflicts()).length;
    const [coin] = (await load(60n)) as [HeldCoin];
    const record = await consortium.spend(anna, [coin], [payTo(bert, 2, 60n)]);
    const again = await signRecord(consortium.networkId, record, anna);
    const [paid] = consortium.coinsOf(record) as [HeldCoin];
    const onward = await consortium.spend(bert, [paid], [payTo(carl, 2, 60n)]);
    const copies = [record.bytes, again.bytes, record.bytes];
    for (const member of consortium.members) {
      await consortium.client(member).submit([...copies, onward.bytes]);
    }
    await applied(record, onward);
    for (const member of consortium.members) {
      await consortium.client(member).submit([...copies, onward.bytes]);
    }
    const [held] = consortium.coinsOf(onward) as [HeldCoin];
    const last = await consortium.spend(carl, [held], [payTo(dora, 3, 60n)]);
    await consortium.client(1).submit([last.bytes]);
    await applied(last);
    for (const member of consortium.nodes.keys()) {
      assert.equal((await consortium.client(member).conflicts()).length, before);
    }
  });
});
