/** How a member puts forward what it took in: what goes, in which order, with whose signatures, and what is left out. */
import assert from "node:assert/strict";
import { Endorser } from "../../../node/batches/endorser.ts";
import { Objection } from "../../../node/batches/objection.ts";
import { Proposer, type ProposerParts } from "../../../node/batches/proposer.ts";
import type { Directory } from "../../../node/directory.ts";
import { type Batch, batchDigest, type BatchHeader, batchHeader } from "../../../protocol/batch.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import type { MemberId } from "../../../protocol/output.ts";
import { recoverValidator, signTypedDigest } from "../../../protocol/typed-data.ts";
import { context } from "../../support/ledger.ts";
import { type Coin, coinsOf, keyOf, networkId, pay, spend } from "../../support/ledger-parts.ts";
import { seed, validatorKey } from "../../support/network.ts";
import { until } from "../../support/until.ts";
import { type Rig, SELF } from "../evidence/support/rig.ts";
import {
  directoryOfFour,
  domain,
  hashesOf,
  OTHERS,
  openFourMembers,
  validatorOf,
} from "./support/four-members.ts";

type Sent = { readonly header: BatchHeader; readonly signers: readonly Hex[] };

describe("the proposer", () => {
  let rig: Rig;
  let directory: Directory;
  let proposer: Proposer;
  /** What the chain was given and took, in order. */
  let sent: Sent[];
  /** What was asked of others, and what each answers; endorses where it has no answer of its own. */
  let asked: { readonly to: MemberId; readonly batch: Batch }[];
  let answers: Partial<Record<MemberId, (batch: Batch) => Promise<Uint8Array>>>;
  let chain: ProposerParts["chain"];
  let coins: Coin[];

  beforeEach(async () => {
    rig = await openFourMembers();
    directory = directoryOfFour();
    [sent, asked, answers] = [[], [], {}];
    chain = {
      batchesOf: async () => sent.length,
      sequence: async (header, signatures) => {
        const digest = batchDigest(domain, header);
        const signers = signatures.map((each) => recoverValidator(digest, each));
        sent.push({ header, signers });
      },
    };
    const anna = await rig.enrol("anna", 1);
    coins = await rig.load(anna, 1, 10n, 20n, 30n);
    const { replica, pool, leaves: store } = rig.now;
    const validator = validatorOf(SELF, directory);
    const { verifier } = context;
    const intake = rig.now.intake;
    const endorser = new Endorser(
      {
        networkId,
        domain,
        replica,
        pool,

        store,
        intake,
        verifier,
        validator,
      },
      { waitMs: 100 },
    );
    proposer = new Proposer(
      {
        context,
        domain,
        replica,
        directory,
        pool,
        endorser,
        validator,
        propose: (to, batch) => {
          asked.push({ to, batch });
          return (answers[to] ?? endorsing(to))(batch);
        },
        chain: {
          batchesOf: (member) => chain.batchesOf(member),
          sequence: (header, signatures) => chain.sequence(header, signatures),
        },
        logger: rig.logger,
      },
      { member: SELF, gatherMs: 5, answerMs: 5_000, foldMs: 30_000 },
    );
    proposer.start();
  });
  afterEach(async () => {
    await proposer.stop();
    await rig[Symbol.asyncDispose]();
  });

  const endorsing = (member: MemberId) => async (batch: Batch) =>
    signTypedDigest(validatorKey(member), batchDigest(domain, batchHeader(batch)));
  const objecting =
    (...leaves: readonly Hex[]) =>
    async (batch: Batch): Promise<Uint8Array> => {
      const named = leaves.filter((leaf) => batch.leaves.includes(leaf));
      throw new Objection("bad-signature", "a signer or issuer is not known", named);
    };
  const silent = async (): Promise<Uint8Array> => {
    throw new Error("it does not answer");
  };
  const payment = (coin: Coin, to = "anna") =>
    spend({
      signer: keyOf("anna"),
      inputs: [coin],
      outputs: [pay(keyOf(to), 1, coin.output.amount)],
    });

  async function submit(...leaves: Parameters<Rig["submit"]>[0][]): Promise<void> {
    for (const leaf of leaves) await rig.submit(leaf);
    proposer.wake();
  }
  const isSent = (count: number) => until(`${count} batches are sent`, () => sent.length >= count);
  const logged = (text: string) => rig.log.filter((line) => line.includes(text));
  const reasonOf = (hash: Hex) => {
    const { id } = rig.now.pool.get(hash)!;
    return rig.now.pool.withId(id)[0]!.reason;
  };

  it("puts parents before children, whichever came first, with a quorum's signatures in ascending order and its own among them", async () => {
    const parent = await payment(coins[0]!);
    const child = await payment(coinsOf(parent)[0]!);
    await submit(child, parent);
    await isSent(1);
    assert.deepEqual(asked[0]!.batch, {
      member: SELF,
      number: 1,
      leaves: hashesOf([parent, child]),
    });
    const [{ header, signers }] = sent as [Sent];
    assert.deepEqual(header, batchHeader(asked[0]!.batch));
    assert.equal(signers.length, 3);
    assert.deepEqual(signers, signers.toSorted());
    assert.ok(signers.includes(directory.validatorOf(SELF)!));
  });

  it("parks what does not apply as things stand, and puts it forward once what it waits for has come", async () => {
    const stray = await spend({
      signer: keyOf("anna"),
      inputs: [coins[0]!],
      outputs: [pay(keyOf("bert"), 1, 10n)],
    });
    await submit(stray);
    await until(
      "it is parked",
      () => reasonOf(hashesOf([stray])[0]!)?.code === "unknown-recipient",
    );
    assert.equal(sent.length, 0);
    await rig.enrol("bert", 1);
    await isSent(1);
    assert.deepEqual(asked.at(-1)!.batch.leaves, hashesOf([stray]));
  });

  it("leaves out what so many members object to that no quorum is left, n − q + 1, and puts the rest forward", async () => {
    const [bad, good] = await Promise.all([payment(coins[0]!), payment(coins[1]!)]);
    const [named] = hashesOf([bad]) as [Hex];
    for (const member of [2, 3])
      answers[member] = (batch) =>
        (batch.leaves.includes(named) ? objecting(named) : endorsing(member))(batch);
    await submit(bad, good);
    await isSent(1);
    assert.deepEqual(asked.at(-1)!.batch.leaves, hashesOf([good]));
    assert.deepEqual(reasonOf(named), {
      code: "bad-signature",
      detail: "2 members refuse to endorse it",
    });
  });

  it("leaves nothing out that fewer object to: with a quorum it goes, without one it is tried again", async () => {
    const leaf = await payment(coins[0]!);
    const [hash] = hashesOf([leaf]) as [Hex];
    answers = { 2: objecting(hash), 3: silent };
    await submit(leaf);
    await until("it came to nothing", () => logged("a batch came to nothing").length > 0);
    assert.equal(reasonOf(hash), undefined);
    assert.match(logged("a batch came to nothing")[0]!, /2 members endorse, 3 are needed/);
    delete answers[3];
    await isSent(1);
    assert.deepEqual(asked.at(-1)!.batch, { member: SELF, number: 1, leaves: [hash] });
    const by = [SELF, 3, 4].map((member) => directory.validatorOf(member)!);
    assert.deepEqual(sent[0]!.signers, by.toSorted());
  });

  it("uses no signature by another key or over another batch, and names who gave it", async () => {
    answers[2] = (batch) => endorsing(2)({ ...batch, number: 99 });
    await submit(await payment(coins[0]!));
    await isSent(1);
    assert.ok(!sent[0]!.signers.includes(directory.validatorOf(2)!));
    await until("member 2 is named", () => logged("another key or another batch").length === 1);
    answers = {
      3: async (batch) =>
        signTypedDigest(seed("a stranger"), batchDigest(domain, batchHeader(batch))),
    };
    await submit(await payment(coins[1]!));
    await isSent(2);
    await until("member 3 is named", () => logged("another key or another batch").length === 2);
    const named = logged("another key or another batch").map(
      (line) => (JSON.parse(line) as { member: number }).member,
    );
    assert.deepEqual(named, [2, 3]);
    assert.ok(!sent[1]!.signers.includes(directory.validatorOf(3)!));
  });

  it("numbers batches one after the other, and begins anew where the chain refuses one", async () => {
    const taking = chain;
    chain = {
      ...taking,
      sequence: async () => {
        throw new Error("SettlementBatchNotNext(1, 1, 3)");
      },
    };
    const [first, second] = await Promise.all([payment(coins[0]!), payment(coins[1]!)]);
    await submit(first);
    await until("the chain has refused it", () => logged("SettlementBatchNotNext").length > 0);
    chain = { ...taking, batchesOf: async () => 2 + sent.length };
    const began = performance.now();
    await isSent(1);
    assert.ok(performance.now() - began < 2_000, "it did not wait for something to happen");
    assert.equal(sent[0]!.header.number, 3);
    await rig.sequence(SELF, first);
    await submit(second);
    await isSent(2);
    assert.equal(sent[1]!.header.number, 4);
    assert.equal(rig.now.pool.get(hashesOf([first])[0]!), undefined);
  });

  it("goes on as soon as there is a quorum, however long the others take, and with those of active members alone", async () => {
    answers[4] = () => new Promise(() => undefined);
    const began = performance.now();
    await submit(await payment(coins[0]!));
    await isSent(1);
    assert.ok(performance.now() - began < 4_000, "it did not wait for the answer's time");
    const { members } = directory.rows;
    directory.update({
      members: members.map((row) => (row.member === SELF ? { ...row, status: 2 } : row)),
      observers: [],
    });
    answers = {};
    await submit(await payment(coins[1]!));
    await isSent(2);
    const by = OTHERS.map((member) => directory.validatorOf(member)!);
    assert.deepEqual(sent[1]!.signers, by.toSorted());
  });
});
