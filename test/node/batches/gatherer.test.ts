/** Whose endorsements a member gathers: of as few as a quorum takes, and of others where those fail. */
import assert from "node:assert/strict";
import { isAskedFirst, othersInTurn } from "../../../node/batches/endorsers.ts";
import { Gatherer } from "../../../node/batches/gatherer.ts";
import { Objection } from "../../../node/batches/objection.ts";
import { PendingPool } from "../../../node/pending-pool.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { type Batch, batchDigest, batchHeader } from "../../../protocol/batch.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { MemberId } from "../../../protocol/output.ts";
import { quorumOf } from "../../../protocol/quorum.ts";
import { recoverValidator, signTypedDigest } from "../../../protocol/typed-data.ts";
import { validatorKey } from "../../support/network.ts";
import { directoryOfFour, domain, MEMBERS, validatorOf } from "./support/four-members.ts";

const SELF = 3;
const ANSWER_MS = 20_000;

describe("the endorsers of a member's batches", () => {
  it("are those that come after it among the active members, round and round", () => {
    assert.deepEqual(othersInTurn(3, [1, 2, 3, 5, 9]), [5, 9, 1, 2]);
    assert.deepEqual(othersInTurn(4, [1, 2, 3, 5, 9]), [5, 9, 1, 2, 3]);
  });

  it("are as many as a quorum needs beside it, and each member is spared alike", () => {
    for (const count of [1, 2, 3, 4, 7, 16]) {
      const active = Array.from({ length: count }, (_, i) => i + 1);
      const firstOf = (proposer: MemberId) =>
        active.filter((member) => member !== proposer && isAskedFirst(member, proposer, active));
      const asked = active.flatMap(firstOf);
      for (const member of active) {
        assert.equal(firstOf(member).length, quorumOf(count) - 1);
        assert.equal(asked.filter((each) => each === member).length, quorumOf(count) - 1);
      }
      const stranger = active.filter((member) => isAskedFirst(member, 99, active));
      assert.equal(stranger.length, quorumOf(count), "one whose own does not count asks one more");
    }
  });
});

describe("the gatherer", () => {
  const directory = directoryOfFour();
  const batch: Batch = { member: SELF, number: 7, leaves: [toHex(new Uint8Array(32))] };
  const header = batchHeader(batch);
  const digest = batchDigest(domain, header);
  const stop = new AbortController();
  let asked: MemberId[];
  let answers: Partial<Record<MemberId, () => Promise<Uint8Array>>>;
  let gatherer: Gatherer;

  beforeEach(() => {
    [asked, answers] = [[], {}];
    gatherer = new Gatherer(
      {
        domain,
        directory,
        pool: new PendingPool({ leavesMax: 9, bytesMax: 9_999, ageMaxMs: 9_999 }, Date.now),
        validator: validatorOf(SELF, directory),
        propose: (member) => {
          asked.push(member);
          return (answers[member] ?? endorsing(member))();
        },
        logger: makeLogger({ name: "test", level: "silent" }),
        signal: stop.signal,
      },
      ANSWER_MS,
    );
  });
  after(() => stop.abort());

  const endorsing = (member: MemberId) => async () => signTypedDigest(validatorKey(member), digest);
  const silent = () => new Promise<Uint8Array>(() => undefined);
  const objecting = async (): Promise<Uint8Array> => {
    throw new Objection("bad-signature", "a signer or issuer is not known", batch.leaves);
  };

  /** @returns the members that signed. */
  async function gather(): Promise<MemberId[]> {
    asked = [];
    const signatures = await gatherer.gather(batch, header, 1);
    const signers = signatures.map((each) => recoverValidator(digest, each));
    assert.deepEqual(signers, signers.toSorted());
    return MEMBERS.filter((member) => signers.includes(directory.validatorOf(member)!));
  }

  it("asks no more than a quorum needs", async () => {
    assert.deepEqual(await gather(), [1, 3, 4]);
    assert.deepEqual(asked, [4, 1]);
  });

  it("gives the turn of one that refuses, fails, or signs something else to the next at once", async () => {
    const other = signTypedDigest(validatorKey(4), new Uint8Array(32));
    for (const answer of [objecting, async () => assert.fail("it hangs up"), async () => other]) {
      answers = { 4: answer as () => Promise<Uint8Array> };
      assert.deepEqual(await gather(), [1, 2, 3]);
      assert.deepEqual(asked, [4, 1, 2]);
    }
  });

  it("asks all where one of the first is silent, and that one last from then on", async () => {
    answers = { 4: silent };
    const began = performance.now();
    assert.deepEqual(await gather(), [1, 2, 3]);
    assert.ok(performance.now() - began < ANSWER_MS / 2, "it did not wait for the answer's time");
    assert.deepEqual(asked, [4, 1, 2]);
    answers = {};
    assert.deepEqual(await gather(), [1, 2, 3]);
    assert.deepEqual(asked, [1, 2]);
  });

  it("comes to an end once everyone has answered, without a quorum", async () => {
    answers = { 1: objecting, 4: objecting };
    await assert.rejects(gather(), /2 members endorse, 3 are needed/);
    assert.deepEqual(asked, [4, 1, 2]);
  });
});
