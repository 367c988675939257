/** What becomes of acknowledged leaves: each comes to its end, whatever the node and other leaves do. */
import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { encodeLeaves } from "../../protocol/leaf-list.ts";
import { message } from "../../protocol/message.ts";
import { ownerOf } from "../../protocol/key.ts";
import { lock, type Output } from "../../protocol/output.ts";
import {
  encodeRecord,
  encodeRecordBody,
  decodeRecord,
  type SignedRecord,
} from "../../protocol/record.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { describedFetch } from "../support/described-fetch.ts";
import { coinsOf, idOf, keyOf, networkId, pay, spend } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import type { Explanation } from "../../gateway/schema.ts";
import { ask, Bank, type BankOptions } from "./support/bank.ts";
import { post, TestDevice } from "./support/device.ts";
import { refusal } from "./support/refusal.ts";

const payer = keyOf("payer");
const payee = keyOf("payee");
/** How keys of leaves that were taken in begin. */
const INTAKE = "i".charCodeAt(0);

describe("forwarding", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  const open = async (options: BankOptions = {}) => {
    bank = await Bank.open(await folder(), options);
    const { ledger } = bank.node;
    await ledger.enrol("payer", 1);
    await ledger.enrol("payee", 2);
    await bank.start();
  };
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const submit = (...records: readonly { readonly bytes: Uint8Array }[]) =>
    post(`${bank.url}/v1/leaves`, encodeLeaves(records.map(({ bytes }) => bytes)));
  const waiting = async () => (await bank.staff<{ leaves: number }>("/v1/intake")).leaves;
  const drained = (ms?: number) =>
    until("the intake is empty", async () => (await waiting()) === 0, ms);
  const coin = (amount: bigint) => bank.node.ledger.coin(pay(payer, 1, amount));
  /** A chain of payments, each spending what the one before made. */
  const chainOf = async (length: number): Promise<SignedRecord[]> => {
    let input = await coin(100n);
    const chain: SignedRecord[] = [];
    for (let i = 0; i < length; i++) {
      const outputs = [pay(payer, 1, 100n)];
      chain.push(await spend({ signer: payer, inputs: [input], outputs, counter: i }));
      input = coinsOf(chain.at(-1)!)[0]!;
    }
    return chain;
  };
  const payment = async (counter = 0) =>
    spend({ signer: payer, inputs: [await coin(5n)], outputs: [pay(payee, 2, 5n)], counter });

  it("hands parents on before children, however they came [R-027]", async () => {
    await open();
    const handed: Hex[] = [];
    bank.node.onSubmit = (ids) => void handed.push(...ids);
    const chain = await chainOf(12);
    await submit(...chain.toReversed());
    await drained();
    expect(handed.slice(0, 12)).to.deep.equal(chain.map(idOf));
    expect(chain.every((record) => bank.node.hasApplied(idOf(record)))).to.equal(true);
  });

  it("sees a leaf to its end that comes again while it is being let go [R-087]", async () => {
    await open();
    const record = await payment();
    const { store } = bank;
    const write = store.write.bind(store);
    let came = 0;
    store.write = async (changes) => {
      const isDrop = changes.some(({ key, value }) => value === null && key[0] === INTAKE);
      if (isDrop && came++ === 0) await submit(record);
      await write(changes);
    };
    await submit(record);
    await until("it was let go twice", () => came === 2);
    await drained();
  });

  it("keeps a child until its parent comes from somebody else [R-027]", async () => {
    await open();
    const [parent, child] = (await chainOf(2)) as [SignedRecord, SignedRecord];
    await submit(child);
    await until("the node knows that the child waits", () => bank.node.waiting === 1);
    expect(await waiting()).to.equal(1);
    bank.node.sequenceForeign([parent.bytes]);
    bank.node.sequence();
    await drained();
    expect(bank.node.hasApplied(idOf(child))).to.equal(true);
  });

  it("acknowledges while the node is away, and hands on when it is back [R-097]", async () => {
    await open();
    const records = await Promise.all([payment(1), payment(2), payment(3)]);
    await bank.node.stop();
    await submit(...records);
    expect(await waiting()).to.equal(3);
    await bank.node.start();
    await drained();
    expect(records.every((record) => bank.node.hasApplied(idOf(record)))).to.equal(true);
  });

  it("hands in again what the node has lost, until it has applied [N-21]", async () => {
    await open();
    let losses = 4;
    bank.node.loses = () => losses-- > 0;
    const record = await payment();
    await submit(record);
    await drained();
    expect(losses).to.be.below(0);
    expect(bank.node.hasApplied(idOf(record))).to.equal(true);
  });

  it("hands in again after a restart of the node, which forgot what waited, and of itself", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const records = await Promise.all([payment(1), payment(2)]);
    await submit(records[0]!);
    await until("the node has it", () => bank.node.waiting === 1);
    await bank.node.stop();
    await submit(records[1]!);
    await bank.stop();
    await bank.node.start();
    await bank.start();
    await until("the node has both", () => bank.node.waiting === 2);
    bank.node.sequence();
    await drained();
    expect(records.every((record) => bank.node.hasApplied(idOf(record)))).to.equal(true);
  });

  it("finds after a restart what has applied meanwhile", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const record = await payment();
    await submit(record);
    await bank.stop();
    bank.node.sequenceForeign([record.bytes]);
    await bank.start();
    await drained();
  });

  it("lets no bad leaf hold up good ones [R-088]", async () => {
    await open();
    const forgedCoin = { outpoint: `0x${"ab".repeat(33)}` as Hex, output: pay(payer, 1, 9n) };
    const outputs = [pay(payee, 2, 9n)];
    const forged = await spend({ signer: payer, inputs: [forgedCoin], outputs });
    const greedy = await spend({ signer: payer, inputs: [await coin(5n)], outputs });
    const foreign = await spend({ signer: payee, inputs: [await coin(9n)], outputs });
    const good = await Promise.all([payment(1), payment(2), payment(3)]);
    await submit(forged, greedy, good[0]!, foreign, good[1]!, good[2]!);
    await until("only the forged one waits", async () => (await waiting()) === 1);
    expect(good.every((record) => bank.node.hasApplied(idOf(record)))).to.equal(true);
    const reasons = await Promise.all(
      [forged, greedy, foreign].map(async (record) => {
        const { code } = await ask<{ code: string }>(`${bank.url}/v1/records/${idOf(record)}`);
        return code;
      }),
    );
    expect(reasons).to.deep.equal(["unknown-coin", "unbalanced", "wrong-owner"]);
  });

  it("gives a record up that could not apply for as long as it is tried [N-21]", async () => {
    await open({ settings: { "intake.patienceMs": 60_000 } });
    const outputs = [pay(payee, 2, 9n)];
    const forged = await spend({ signer: payer, inputs: [`0x${"ab".repeat(33)}`], outputs });
    await submit(forged);
    await until("the node knows that it waits", () => bank.node.waiting === 1);
    bank.ahead = 61_000;
    await drained();
    const explained = () => ask<Explanation>(`${bank.url}/v1/records/${idOf(forged)}/explain`);
    for (const once of [1, 2]) {
      const { state, code, sentences } = await explained();
      expect({ state, code }, `${once}`).to.deep.equal({ state: "refused", code: "unknown-coin" });
      expect(sentences[0]).to.match(/has turned it down or given it up/);
      await bank.restart();
    }
    await submit(forged);
    expect((await explained()).state).to.equal("pending");
  });

  it("follows the leaf that was acknowledged, not a stranger's with the same id", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const honest = await payment();
    await bank.node.ledger.enrol("thief", 1);
    const stolen = await signedBy("thief", honest);
    await submit(stolen);
    await submit(honest);
    await until("the node has both", () => bank.node.waiting === 2);
    bank.node.sequenceForeign([stolen.bytes]);
    await until("the stranger's is refused", async () => (await waiting()) === 1);
    bank.node.sequence();
    await drained();
    expect(bank.node.hasApplied(idOf(honest))).to.equal(true);
  });

  it("does not take a stranger's refusal for its own after a restart", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const honest = await payment();
    await bank.node.ledger.enrol("thief", 1);
    const stolen = await signedBy("thief", honest);
    await submit(honest);
    await bank.stop();
    bank.node.sequenceForeign([stolen.bytes]);
    await bank.node.stop();
    await bank.node.start();
    await bank.start();
    await until("the node has the honest one", () => bank.node.waiting === 1);
    bank.node.sequence();
    await drained();
    expect(bank.node.hasApplied(idOf(honest))).to.equal(true);
  });

  it("stops taking in at its bound with Retry-After, and goes on when there is room", async () => {
    await open({ settings: { "intake.leavesMax": 8192 } });
    await bank.node.stop();
    const records = await Promise.all(Array.from({ length: 7 }, (_, i) => payment(i)));
    const many = await manyOf(4090);
    await submit(...many);
    await submit(...records.slice(0, 6));
    const answer = await describedFetch(`${bank.url}/v1/leaves`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: Uint8Array.from(encodeLeaves([records[6]!.bytes])),
    });
    expect([answer.status, answer.headers.get("retry-after")]).to.deep.equal([503, "1"]);
    expect(await answer.json()).to.include({ code: "busy" });
    await bank.node.start();
    await until("there is room", async () => (await waiting()) < 4096);
    await submit(records[6]!);
    await until("all that can has applied", () => bank.node.hasApplied(idOf(records[6]!)));
  });

  it("hands nothing to a node of another network, nor takes it for final", async () => {
    await open();
    bank.node.networkId = `0x${"77".repeat(32)}`;
    await until("the gateway has seen it", async () => {
      const answer = await describedFetch(`${bank.gateway.managementUrl}/readyz`);
      return answer.status === 503;
    });
    const record = await payment();
    await submit(record);
    const handed: Hex[] = [];
    bank.node.onSubmit = (ids) => void handed.push(...ids);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([handed.length, await waiting()]).to.deep.equal([0, 1]);
  });

  it("takes a request apart only as far as it must", async () => {
    await open();
    await refusal("malformed", post(`${bank.url}/v1/leaves`, Uint8Array.of(0, 0)));
    await refusal(
      "malformed",
      post(`${bank.url}/v1/leaves`, Uint8Array.of(0, 1, 255, 255, 255, 255)),
    );
    const large = new Uint8Array(3 * 1024 * 1024);
    await refusal("too-large", post(`${bank.url}/v1/leaves`, large));
  });

  it("settles the same records brought by payer, payee and couriers at once, once each [R-026, N-13, N-14]", async () => {
    await open();
    const devices = [new TestDevice(bank, payer), new TestDevice(bank, payee)];
    const records = await Promise.all(Array.from({ length: 30 }, (_, i) => payment(i)));
    const leaves = records.map(({ bytes }) => bytes);
    const parties = Array.from({ length: 6 }, (_, i) => leaves.slice(3 * i, 3 * i + 15));
    await Promise.all([
      ...parties.map((some) => submit(...some.map((bytes) => ({ bytes })))),
      ...parties.map((some, i) => devices[i % 2]!.ask({ kind: "submit", leaves: some })),
    ]);
    await drained();
    const before = bank.node.ledger.state.coinCount;
    await submit(...records);
    await drained();
    expect(records.every((record) => bank.node.hasApplied(idOf(record)))).to.equal(true);
    expect(bank.node.ledger.state.coinCount).to.equal(before);
  });

  /** Leaves that decode and are signed, of coins that nobody has made. */
  async function manyOf(count: number): Promise<{ readonly bytes: Uint8Array }[]> {
    const output: Output = {
      lock: lock.key,
      owner: ownerOf(payee.publicKey),
      custodian: 2,
      amount: 1n,
    };
    const first = await spend({
      signer: payer,
      inputs: [`0x${"cd".repeat(33)}`],
      outputs: [output],
    });
    const signed = Array.from({ length: count }, async (_, i) => {
      const body = encodeRecordBody({ ...first, counter: i });
      const signature = await payer.sign(message("record", networkId, body));
      return { bytes: encodeRecord({ ...first, counter: i, signature }) };
    });
    return Promise.all(signed);
  }
});

/** The same body, under another's signature. */
async function signedBy(name: string, record: SignedRecord): Promise<SignedRecord> {
  const signer = keyOf(name);
  const signature = await signer.sign(message("record", networkId, record.body));
  const stolen = decodeRecord(encodeRecord({ ...record, signer: signer.publicKey, signature }));
  expect(idOf(stolen)).to.equal(idOf(record));
  expect(leafHash(stolen.bytes)).not.to.equal(leafHash(record.bytes));
  return stolen;
}
