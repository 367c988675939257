/** What a member endorses: leaves that are well formed, signed by someone who is known, and held. Nothing else is judged. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Endorser, type Obtain } from "../../../node/batches/endorser.ts";
import { Objection } from "../../../node/batches/objection.ts";
import type { Directory } from "../../../node/directory.ts";
import { type Batch, batchDigest, batchHeader } from "../../../protocol/batch.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import { decodeLeaf, type Leaf, leafHash } from "../../../protocol/leaf.ts";
import { limits } from "../../../protocol/limits.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { memberStatus } from "../../../protocol/rules.ts";
import { recoverValidator } from "../../../protocol/typed-data.ts";
import { context } from "../../support/ledger.ts";
import { enrolment, keyOf, networkId, pay, spend } from "../../support/ledger-parts.ts";
import { corrupt } from "../../support/leaves.ts";
import type { Rig } from "../evidence/support/rig.ts";
import {
  directoryOfFour,
  domain,
  hashesOf,
  openFourMembers,
  validatorOf,
} from "./support/four-members.ts";

const PROPOSER = 2;
const WAIT_MS = 300;

describe("the endorser", () => {
  let rig: Rig;
  let directory: Directory;
  let endorser: Endorser;

  beforeEach(async () => {
    rig = await openFourMembers();
    directory = directoryOfFour();
    const { replica, pool, intake, leaves: store } = rig.now;
    endorser = new Endorser(
      {
        networkId,
        domain,
        replica,
        pool,
        store,
        intake,
        verifier: context.verifier,
        validator: validatorOf(1, directory),
      },
      { waitMs: WAIT_MS },
    );
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const batchOf = (leaves: readonly Hex[]): Batch => ({ member: PROPOSER, number: 1, leaves });
  const giving =
    (...leaves: readonly Leaf[]): Obtain =>
    async (_root, hashes) =>
      new Map(
        leaves
          .map(({ bytes }) => [leafHash(bytes), bytes] as const)
          .filter(([hash]) => hashes.includes(hash)),
      );
  const endorse = (leaves: readonly Leaf[], seq = rig.now.replica.state.seq) =>
    endorser.endorse(batchOf(hashesOf(leaves)), seq, giving(...leaves));

  /** It objects, for this reason, to these leaves. */
  async function objects(code: RefusalCode, to: readonly Leaf[], work: Promise<unknown>) {
    await assert.rejects(work, (error: unknown) => {
      assert.ok(error instanceof Objection, String(error));
      assert.equal(error.code, code);
      assert.deepEqual([...error.leaves].sort(), hashesOf(to).sort());
      return true;
    });
  }

  /** A record of a coin that nothing made: not its concern. */
  const recordBy = (name: string, counter = 0) =>
    spend({
      signer: keyOf(name),
      inputs: [toHex(randomBytes(33))],
      outputs: [pay(keyOf("somebody"), 1, 1n)],
      counter,
    });

  it("signs a batch of leaves that are well formed and whose signers are known, whether or not they can apply, once it has their bytes", async () => {
    await rig.enrol("anna", 3);
    const leaves = [
      await recordBy("anna"),
      await recordBy("treasury of 4"),
      await enrolment(keyOf("new"), 2, keyOf("issuer of 2")),
      await recordBy("new"),
    ];
    await rig.submit(leaves[0]!, false);
    const batch = batchOf(hashesOf(leaves));
    const signature = await endorse(leaves);
    const signer = recoverValidator(batchDigest(domain, batchHeader(batch)), signature);
    assert.equal(signer, directory.validatorOf(1));
    const held = await rig.now.leaves.getWhole(batchHeader(batch).root);
    assert.deepEqual(held, { batch, leaves: leaves.map(({ bytes }) => bytes) });
    // What it holds it asks nobody for.
    const again = await endorser.endorse(batch, 1, () => assert.fail("it has all of them"));
    assert.deepEqual(again, signature);
  });

  it("names the leaves whose signer is not known, or is enrolled later in the batch, and those whose issuer is another", async () => {
    const good = await recordBy("treasury of 3");
    const stranger = await recordBy("a stranger");
    const early = await recordBy("late");
    const late = await enrolment(keyOf("late"), 2, keyOf("issuer of 2"));
    const forged = await enrolment(keyOf("forged"), 2, keyOf("issuer of 3"));
    const nowhere = await enrolment(keyOf("nowhere"), 9, keyOf("issuer of 2"));
    const bad = [stranger, early, forged, nowhere];
    await objects("bad-signature", bad, endorse([good, stranger, early, late, forged, nowhere]));
  });

  it("knows treasury keys that a member had before", async () => {
    await rig.take({
      kind: "member-changed",
      member: 3,
      status: memberStatus.active,
      issuer: keyOf("issuer of 3").publicKey,
      treasury: keyOf("next treasury of 3").publicKey,
    });
    await endorse([await recordBy("treasury of 3"), await recordBy("next treasury of 3")]);
  });

  it("names leaves whose own signature does not hold, or that are none", async () => {
    const good = await recordBy("treasury of 3");
    const bytes = corrupt(good.bytes, good.bytes.length - 10);
    const forged = { bytes } as Leaf;
    const garbage = { bytes: new Uint8Array(randomBytes(100)) } as Leaf;
    await objects("bad-signature", [forged, garbage], endorse([good, forged, garbage]));
  });

  it("checks what came unchecked once it is asked, and asks nobody for it", async () => {
    const good = await recordBy("treasury of 3");
    const forged = decodeLeaf(corrupt(good.bytes, good.bytes.length - 10));
    rig.now.intake.spared([good.bytes, forged.bytes]);
    const none: Obtain = () => assert.fail("it has all of them");
    await endorser.endorse(batchOf(hashesOf([good])), 1, none);
    const both = batchOf(hashesOf([good, forged]));
    await objects("bad-signature", [forged], endorser.endorse(both, 1, none));
  });

  it("asks for what is stored with another batch alone, under the root of the one put forward", async () => {
    const first = await recordBy("treasury of 3");
    const second = await recordBy("treasury of 3", 1);
    await endorse([first]);
    // It applied, and the pool has forgotten it.
    rig.now.pool.remove(hashesOf([first]));
    const batch = batchOf(hashesOf([first, second]));
    const asked: [root: Hex, hashes: readonly Hex[]][] = [];
    await endorser.endorse(batch, 1, async (root, hashes) => {
      asked.push([root, hashes]);
      return await giving(first, second)(root, hashes);
    });
    assert.deepEqual(asked, [[batchHeader(batch).root, batch.leaves]]);
  });

  it("names leaves whose bytes cannot be had, and takes none that were not asked for", async () => {
    const good = await recordBy("treasury of 3");
    const withheld = await recordBy("treasury of 3", 1);
    const other = await recordBy("treasury of 3", 2);
    const batch = batchOf(hashesOf([good, withheld]));
    const lying: Obtain = async () =>
      new Map([
        [leafHash(good.bytes), good.bytes],
        [leafHash(withheld.bytes), other.bytes],
      ]);
    await objects("not-found", [withheld], endorser.endorse(batch, 1, lying));
  });

  it("objects to a batch that names a leaf twice, or has more bytes than belong into one", async () => {
    const leaf = await recordBy("treasury of 3");
    await objects("malformed", [], endorse([leaf, leaf]));
    const size = (await largest(0)).bytes.length;
    const count = Math.ceil(limits.batchBytesMax / size);
    const leaves = await Promise.all(Array.from({ length: count }, (_, i) => largest(i)));
    await objects("too-large", [], endorse(leaves));
    await endorse(leaves.slice(1));
  });

  it("waits for an event that the proposer has folded and it has not; later than that it objects, naming no leaf", async () => {
    const leaf = await recordBy("treasury of 3");
    const { seq } = rig.now.replica.state;
    const waiting = endorse([leaf], seq + 1);
    await rig.deposit(1, 5n);
    await waiting;
    const began = performance.now();
    await objects("busy", [], endorse([leaf], seq + 2));
    assert.ok(performance.now() - began >= WAIT_MS - 1);
  });

  it("gives no signature that would not count, and holds the bytes all the same", async () => {
    const leaf = await recordBy("treasury of 3");
    const { members } = directory.rows;
    directory.update({
      members: members.map((row) => ({ ...row, status: memberStatus.suspended })),
      observers: [],
    });
    await assert.rejects(endorse([leaf]), (error) => isRefusal(error, "unavailable"));
    const { root } = batchHeader(batchOf(hashesOf([leaf])));
    assert.deepEqual((await rig.now.leaves.getWhole(root))?.leaves, [leaf.bytes]);
  });
});

/** 16 coins into 16, with the longest envelope. */
function largest(counter: number) {
  return spend({
    signer: keyOf("treasury of 3"),
    inputs: Array.from({ length: 16 }, () => toHex(randomBytes(33))),
    outputs: Array.from({ length: 16 }, () => pay(keyOf("somebody"), 1, 1n)),
    envelope: new Uint8Array(512),
    counter,
  });
}
