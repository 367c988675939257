/** The history folded again by an auditor: with any node's bytes and the chain, and nobody's word. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { selectorOf } from "../../node/chain/contracts.ts";
import type { SequencedEvent } from "../../node/ledger/event.ts";
import { CheckedLeaves } from "../../node/refold/batch-source.ts";
import type { RefoldProgress } from "../../node/refold/refold.ts";
import { LeafVerifier } from "../../node/verification/verifier.ts";
import { batchHeader } from "../../protocol/batch.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { joinOutpoint } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import { stateKey } from "../../protocol/state-entry.ts";
import {
  checkStateStatement,
  formatStateStatement,
  parseStateStatement,
  type StateStatement,
} from "../../protocol/state-statement.ts";
import { AdminSession } from "../../scripts/admin/session.ts";
import {
  type HistoryOptions,
  supplyReport,
  unspentStatement,
  verifyHistory,
} from "../../scripts/audit/history.ts";
import { said, saidJson } from "../scripts/commands/support/tallystick.ts";
import { ChainProxy, type RpcCall } from "../support/chain-proxy.ts";
import { Consortium } from "../support/consortium.ts";
import { payTo } from "../support/money.ts";
import { seed } from "../support/network.ts";

const PAYMENTS = 6;

describe("the history, folded again", () => {
  let consortium: Consortium;
  let network: string;
  const payments: Hex[] = [];
  let enrolment: Hex;

  before(async () => {
    consortium = await Consortium.open(2);
    await consortium.startAll();
    network = join(consortium.folder, "network.json");
    await writeFile(network, formatNetworkFile(consortium.network));
    const device = NodeSigner.generate();
    enrolment = await consortium.enrol(device, 2);
    await consortium.untilApplied([enrolment]);
    let coin = await consortium.deposit(1, 1_000n);
    const vault = consortium.treasury(1);
    for (let i = 0; i < PAYMENTS; i++) {
      const outputs = [payTo(device, 2, 10n), payTo(vault, 1, coin.output.amount - 10n)];
      const record = await consortium.spend(vault, [coin], outputs);
      await consortium.client(1).submit([record.bytes]);
      await consortium.untilApplied([consortium.idOf(record)]);
      payments.push(consortium.idOf(record));
      coin = consortium.coinsOf(record)[1]!;
    }
    await consortium.untilSettled(1);
  });
  after(() => consortium[Symbol.asyncDispose]());

  const url = (member = 0) => consortium.nodes.get(member)!.url;

  async function verified(options: HistoryOptions, rpc?: string) {
    const progress: RefoldProgress[] = [];
    await using session = await AdminSession.open({
      network,
      ...(rpc === undefined ? {} : { rpc: [rpc] }),
    });
    const { data, lines } = await verifyHistory(session, options, (each) => progress.push(each));
    return { data: data as Record<string, any>, lines, progress };
  }

  it("comes to every checkpoint that was settled, from the chain and a node's bytes [N-11, R-035, R-087]", async () => {
    const { data, lines, progress } = await verified({ node: url() });
    assert.ok(data["cycles"].length >= 1);
    assert.equal(data["leaves"], PAYMENTS + 1);
    assert.equal(data["supply"], 1_000n);
    const checkpoints = await consortium.client(1).checkpoints();
    for (const { cycle, stateRoot } of data["cycles"]) {
      const known = checkpoints.find((each) => each.number === cycle);
      assert.equal(stateRoot, known?.stateRoot);
    }
    assert.equal(progress.at(-1)!.seq, data["seq"]);
    assert.match(lines[0]!, new RegExp(`with ${PAYMENTS + 1} leaves, each signature checked`));
  });

  it("has every node say when a cycle closed and settled, by the chain's clock", async () => {
    const times = await Promise.all([0, 1].map((node) => consortium.client(node).cycleTimes(1)));
    assert.deepEqual(times[0], times[1]);
    const { closedAtS, settledAtS } = times[0]!;
    assert.ok(closedAtS > 0 && settledAtS! >= closedAtS);
    await assert.rejects(consortium.client(0).cycleTimes(9_999), (error) =>
      isRefusal(error, "not-found"),
    );
  });

  it("goes on where it stood, in a folder of its own", async () => {
    const folder = join(consortium.folder, "own");
    const first = await verified({ node: url(1), folder });
    const again = await verified({ node: url(2), folder });
    assert.equal(first.data["leaves"], PAYMENTS + 1);
    assert.equal(again.data["leaves"], 0);
    assert.equal(again.data["supply"], first.data["supply"]);
  });

  it("proves the supply: issued, redeemed, held by each member, in dispute [N-11, R-087]", async () => {
    await using session = await AdminSession.open({ network });
    const { data, lines } = await supplyReport(session, { node: url() }, () => undefined);
    const { issued, redeemed, supply, inDispute, members } = data as Record<string, any>;
    assert.deepEqual([issued, redeemed, supply, inDispute], [1_000n, 0n, 1_000n, 0n]);
    const held = new Map(members.map((each: any) => [each.member, each.coins]));
    assert.equal(held.get(2), 10n * BigInt(PAYMENTS));
    assert.equal(held.get(1), 1_000n - 10n * BigInt(PAYMENTS));
    assert.match(lines.join("\n"), /issued {5}10\.00/);
    const told = await saidJson(["audit", "supply", "--network", network, "--node", url()]);
    assert.equal(told["supply"], "1000");
  });

  it("names the cycle whose settled root is another than the one it comes to [N-11]", async () => {
    await using proxy = new ChainProxy(consortium.network.rpcUrls[0]!);
    const selector = selectorOf("settlement", "getCycle");
    // The state root is the last word of the answer.
    proxy.alter = ({ method, params }: RpcCall, result: string) =>
      method === "eth_call" && String(params[0].data).startsWith(selector)
        ? result.slice(0, -64) + "6".repeat(64)
        : result;
    const rpc = await proxy.start();
    await refuses(
      verified({ node: url() }, rpc),
      "conflict",
      /cycle 1 was settled with state root/,
    );
  });

  it("takes no other leaves than were sequenced, and none whose signature does not hold [R-087]", async () => {
    const { networkId } = consortium;
    await using verifier = new LeafVerifier({ networkId: consortium.network.networkId });
    await verifier.start();
    const signer = NodeSigner.generate();
    const coin = { outpoint: `0x${"11".repeat(33)}` as const, output: payTo(signer, 1, 5n) };
    const records = await Promise.all(
      [1n, 2n].map((amount) =>
        consortium.spend(signer, [coin], [payTo(signer, 1, amount), payTo(signer, 1, 5n - amount)]),
      ),
    );
    const good = records.map(({ bytes }) => bytes);
    const forged = Uint8Array.from(good[1]!);
    // In the signature, which the last four bytes follow: no preimage, no envelope.
    forged[forged.length - 10]! ^= 1;
    const eventOf = (leaves: readonly Uint8Array[]): SequencedEvent => {
      const { root } = batchHeader({ member: 1, number: 1, leaves: leaves.map(leafHash) });
      const event = { kind: "sequenced", seq: 9, member: 1, number: 1, timeS: 1 } as const;
      return { ...event, count: leaves.length, root: fromHex(root) };
    };
    const read = (event: SequencedEvent, given: readonly Uint8Array[]) =>
      new CheckedLeaves({ networkId, batches: async () => given, verifier }).leavesOf(event);
    assert.equal((await read(eventOf(good), good)).length, 2);
    for (const given of [good.toReversed(), good.slice(1), [good[0]!, forged]]) {
      await refuses(read(eventOf(good), given), "bad-proof", /event 9 sequenced other leaves/);
    }
    const endorsed = [good[0]!, forged];
    await refuses(read(eventOf(endorsed), endorsed), "bad-signature", /endorsed/);
  });

  it("is shown payment by payment to whoever has the network file alone [R-036, R-087, N-22]", async () => {
    const client = consortium.client(0);
    const [first] = payments;
    const file = join(consortium.folder, "payment.json");
    await writeFile(file, await client.statement(first!));
    const verify = ["evidence", "verify-payment", file, "--network", network];
    const told = await saidJson(verify);
    assert.equal(told["id"], first);
    assert.equal(told["standing"], "by-named-validators");
    assert.deepEqual(
      told["outputs"].map(({ amount }: { amount: string }) => amount),
      ["10", "990"],
    );
    // Nothing of the other payments is in it.
    const text = await readFile(file, "utf8");
    for (const other of payments.slice(1)) assert.ok(!text.includes(other.slice(2)));
    assert.match(await said(verify), /0\.10 EUR to key owner 0x\w{40}, with member 2/);
    await refuses(client.statement(enrolment), "not-found", /enrolment/);
    await refuses(client.statement(`0x${"77".repeat(32)}`), "not-found", /no record/);
  });

  it("shows that a coin stood unspent at the last settlement, to whoever has the network file alone [R-087, R-035]", async () => {
    await using session = await AdminSession.open({ network });
    const { settledCycle } = await consortium.client(0).status();
    // What the first payment paid was never spent on; what went back to the vault was.
    const [paid, change] = [0, 1].map((i) => joinOutpoint(payments[0]!, i));
    const from = { node: url() };
    const text = await unspentStatement(session, paid!, from, () => undefined);
    const file = join(consortium.folder, "coin.json");
    await writeFile(file, text);
    const verify = ["evidence", "verify-coin", file, "--network", network];
    const told = await saidJson(verify);
    assert.deepEqual([told["amount"], told["custodian"]], ["10", 2]);
    assert.ok(told["cycle"] >= settledCycle);
    assert.match(await said(verify), /stood unspent at the end of cycle \d+/);
    const spent = unspentStatement(session, change!, from, () => undefined);
    await refuses(spent, "not-found", /was not there, unspent/);

    // The same at once from a node, which keeps the state at the end of the last settled cycle.
    const client = consortium.client(1);
    await said(["evidence", "coin", paid!, "--node", url(1), "--out", file]);
    assert.equal(await readFile(file, "utf8"), text);
    await refuses(client.coinStatement(change!), "not-found", /was not there, unspent/);
    await refuses(client.memberStatement(9), "unknown-member", /no member 9/);
    const issuer = checkStateStatement(
      parseStateStatement(await client.memberStatement(2)),
      consortium.network,
    );
    const { entry } = issuer;
    assert(entry.kind === "member" && entry.id === 2);
    assert.deepEqual(entry.member.issuer, NodeSigner.fromScalar(seed("issuer 2")).publicKey);

    const statement = parseStateStatement(text);
    assert.equal(formatStateStatement(statement), text);
    const { place, checkpoint, signatures } = statement;
    const wrong: [RefusalCode, Partial<StateStatement>][] = [
      ["bad-proof", { key: toHex(stateKey.coin(change!)) }],
      ["bad-proof", { value: statement.value.replace(/0a$/, "0b") as Hex }],
      ["malformed", { key: toHex(stateKey.member(2)) }],
      ["bad-proof", { place: { ...place, bucketRoot: `0x${"11".repeat(32)}` } }],
      ["bad-proof", { place: { ...place, bucketPath: place.bucketPath.slice(1) } }],
      ["bad-signature", { checkpoint: { ...checkpoint, seq: checkpoint.seq + 1 } }],
      ["bad-signature", { signatures: [`0x${"22".repeat(65)}`, ...signatures.slice(1)] }],
      ["wrong-network", { networkId: `0x${"33".repeat(32)}` }],
    ];
    for (const [code, changed] of wrong) {
      const check = async () =>
        checkStateStatement({ ...statement, ...changed }, consortium.network);
      await refuses(check(), code, /./);
    }
    const strangers = async () => checkStateStatement(statement, consortium.network, new Set());
    await refuses(strangers(), "bad-signature", /./);
  });

  it("wants one place for the bytes, and takes a node's folder once the node is stopped", async () => {
    const data = join(consortium.folder, "node2");
    await refuses(verified({}), "malformed", /--node or with --data/);
    await refuses(verified({ node: url(), data }), "malformed", /--node or with --data/);
    await refuses(verified({ data }), "in-use", /./);
    await consortium.stop(2);
    const { data: found } = await verified({ data });
    assert.equal(found["leaves"], PAYMENTS + 1);
    assert.ok(found["cycles"].length >= 1);
  });
});

async function refuses(work: Promise<unknown>, code: RefusalCode, text: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(isRefusal(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}
