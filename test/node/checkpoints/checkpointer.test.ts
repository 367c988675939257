/** How cycles are closed and settled: whose turn it is, whose signatures count, and what a node does that came to another state. */
import assert from "node:assert/strict";
import { Agreement, type CheckpointAnswer } from "../../../node/checkpoints/agreement.ts";
import {
  Checkpointer,
  type CheckpointerParts,
  DivergenceError,
} from "../../../node/checkpoints/checkpointer.ts";
import type { Directory } from "../../../node/directory.ts";
import { type Checkpoint, checkpointDigest } from "../../../protocol/checkpoint.ts";
import type { MemberId } from "../../../protocol/output.ts";
import { fromHex, type Hex, toHex } from "../../../protocol/bytes.ts";
import { recoverValidator, signTypedDigest } from "../../../protocol/typed-data.ts";
import { seed, validatorKey } from "../../support/network.ts";
import { until } from "../../support/until.ts";
import {
  directoryOfFour,
  domain,
  MEMBERS,
  openFourMembers,
  validatorOf,
} from "../batches/support/four-members.ts";
import { type Rig, SELF } from "../evidence/support/rig.ts";

const CYCLE_MS = 200;
const TURN_MS = 300;
const OTHER: Hex = `0x${"66".repeat(32)}`;

type Settled = { readonly checkpoint: Checkpoint; readonly signers: readonly Hex[] };

describe("the checkpointer", () => {
  let rig: Rig;
  let directory: Directory;
  let running: Checkpointer[];
  let agreements: Agreement[];
  let settled: Settled[];
  let closed: MemberId[];
  let diverged: Error[];
  let settledRoot: (cycle: number) => Hex;
  let ask: CheckpointerParts["ask"];

  beforeEach(async () => {
    rig = await openFourMembers();
    directory = directoryOfFour();
    [running, agreements, settled, closed, diverged] = [[], [], [], [], []];
    settledRoot = (cycle) =>
      settled.find(({ checkpoint }) => checkpoint.number === cycle)!.checkpoint.stateRoot;
    ask = async (member, _, digest) => signedBy(member, digest);
  });
  afterEach(async () => {
    await Promise.all(agreements.map((each) => each[Symbol.asyncDispose]()));
    await Promise.all(running.map((each) => each.stop()));
    await rig[Symbol.asyncDispose]();
  });

  const signedBy = (member: MemberId, digest: Hex): CheckpointAnswer => ({
    kind: "signed",
    signature: signTypedDigest(validatorKey(member), fromHex(digest)),
  });

  function make(who: MemberId | "observer" = SELF): Checkpointer {
    const member = who === "observer" ? undefined : who;
    const agreement = new Agreement({
      directory,
      member,
      ask: (to, cycle, digest) => ask(to, cycle, digest),
      logger: rig.logger,
      now: Date.now,
    });
    agreements.push(agreement);
    const checkpointer = new Checkpointer(
      {
        domain,
        replica: rig.now.replica,
        directory,
        chain: {
          closeCycle: async () => void closed.push(member!),
          settle: async (checkpoint, signatures) => {
            const digest = checkpointDigest(domain, checkpoint);
            const signers = signatures.map((each) => recoverValidator(digest, each));
            settled.push({ checkpoint, signers });
          },
          settledStateRoot: async (cycle) => settledRoot(cycle),
        },
        ask: (to, cycle, digest) => ask(to, cycle, digest),
        agreement,
        logger: rig.logger,
        validator: member === undefined ? undefined : validatorOf(member, directory),
        onDivergence: (error) => diverged.push(error),
      },
      { cycleMs: CYCLE_MS, turnMs: TURN_MS },
    );
    running.push(checkpointer);
    return checkpointer;
  }

  const worked = (cycle: number) =>
    until(
      `the checkpoint of cycle ${cycle} is there`,
      async () => (await own(cycle)) !== undefined,
    );
  const own = (cycle: number) => rig.now.replica.store.checkpoint(cycle);
  const isSettled = (count: number) => until(`${count} are settled`, () => settled.length >= count);
  const logged = (text: string) => rig.log.filter((line) => line.includes(text));

  it("closes a cycle once something has happened in it for long enough, and none in which nothing has", async () => {
    for (const member of MEMBERS) make(member).start();
    await new Promise((resolve) => setTimeout(resolve, CYCLE_MS + TURN_MS));
    assert.equal(closed.length, 0);
    const began = performance.now();
    await rig.deposit(1, 5n);
    await until("somebody closes it", () => closed.length > 0);
    assert.ok(performance.now() - began >= CYCLE_MS - 1);
  });

  it("lets members close and settle one after the other, another one first in each cycle", async () => {
    for (const member of MEMBERS) make(member).start();
    for (const turns of [
      [4, 1, 2, 3],
      [3, 4, 1, 2],
    ]) {
      closed.length = 0;
      await rig.deposit(1, 5n);
      await until("all have had their turn", () => new Set(closed).size === MEMBERS.length);
      assert.deepEqual([...new Set(closed)], turns);
      settled.length = 0;
      const { openCycle } = rig.now.replica.state.parameters;
      await rig.closeCycle();
      await isSettled(1);
      assert.equal(settled[0]!.checkpoint.number, openCycle);
      await rig.settle();
    }
  });

  it("settles with a quorum's signatures in ascending order, and names whose is by another key, or of another checkpoint", async () => {
    ask = async (member, _, digest) => {
      if (member === 2) return { kind: "other", digest: OTHER };
      if (member === 4) return signedBy(4, digest);
      const stranger = settled.length === 0 && logged("another key").length === 0;
      const key = stranger ? seed("a stranger") : validatorKey(3);
      return { kind: "signed", signature: signTypedDigest(key, fromHex(digest)) };
    };
    make().start();
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await isSettled(1);
    const by = [SELF, 3, 4].map((member) => directory.validatorOf(member)!);
    assert.deepEqual(settled[0]!.signers, by.toSorted());
    assert.deepEqual(settled[0]!.checkpoint, await own(1));
    const [key] = logged("a member signed a checkpoint with another key");
    assert.equal((JSON.parse(key!) as { member: number }).member, 3);
    const [other] = logged("a member came to another checkpoint");
    const named = JSON.parse(other!) as { member: number; digest: Hex };
    assert.deepEqual([named.member, named.digest], [2, OTHER]);
  });

  it("waits for nobody once there is a quorum, and says once who gave no answer", async () => {
    let isGone = false;
    ask = async (member, _, digest) => {
      if (isGone) throw new Error("it is gone");
      return member === 4 ? await new Promise(() => undefined) : signedBy(member, digest);
    };
    make().start();
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await isSettled(1);
    const by = [SELF, 2, 3].map((member) => directory.validatorOf(member)!);
    assert.deepEqual(settled[0]!.signers, by.toSorted());
    isGone = true;
    await rig.settle();
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await until("all are named", () => logged("does not sign a checkpoint").length === 3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(logged("does not sign a checkpoint").length, 3);
  });

  it("sends nothing to the chain without a quorum, and asks again until there is one", async () => {
    let isBack = false;
    let asked = 0;
    ask = async (member, _, digest) => {
      asked++;
      if (member === 2 || isBack) return signedBy(member, digest);
      if (member === 3) return { kind: "none-yet" };
      throw new Error("it does not answer");
    };
    make().start();
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await until("it has asked twice", () => asked >= 6);
    assert.equal(settled.length, 0);
    isBack = true;
    await isSettled(1);
    assert.equal(settled[0]!.signers.length, 3);
  });

  it("answers others with its signature on what it came to itself, and with nothing else", async () => {
    const checkpointer = make();
    checkpointer.start();
    assert.deepEqual(checkpointer.answer(1, OTHER), { kind: "none-yet" });
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await worked(1);
    await until("it is kept", () => checkpointer.answer(1, OTHER).kind === "other");
    const digest = checkpointDigest(domain, (await own(1))!);
    assert.deepEqual(checkpointer.answer(1, OTHER), { kind: "other", digest: toHex(digest) });
    const answer = checkpointer.answer(1, toHex(digest));
    assert.equal(answer.kind, "signed");
    assert.equal(
      recoverValidator(digest, answer.kind === "signed" ? answer.signature : digest),
      directory.validatorOf(SELF),
    );
    const observer = make("observer");
    assert.equal(await observer.resume(), true);
    assert.deepEqual(observer.answer(1, toHex(digest)), { kind: "none-yet" });
  });

  it("says so where a cycle settled with another root than this node came to, an observer's too; with its own it goes on", async () => {
    for (const who of [SELF, "observer"] as const) make(who).start();
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await worked(1);
    await isSettled(1);
    await rig.settle();
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await isSettled(2);
    assert.equal(diverged.length, 0);
    settledRoot = () => OTHER;
    await rig.settle();
    await until("both have seen it", () => diverged.length === 2);
    const { stateRoot } = (await own(2))!;
    for (const error of diverged) {
      assert.ok(error instanceof DivergenceError);
      assert.ok(error.message.includes(OTHER) && error.message.includes(stateRoot));
    }
  });

  it("takes up after a restart what was closed and not settled", async () => {
    ask = async () => ({ kind: "none-yet" });
    make().start();
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    await worked(1);
    await running.pop()!.stop();
    await rig.restart();
    ask = async (member, _, digest) => signedBy(member, digest);
    const again = make();
    assert.equal(await again.resume(), true);
    again.start();
    await isSettled(1);
    assert.equal(settled[0]!.checkpoint.number, 1);
  });

  it("cannot take up a cycle whose checkpoint was lost: the log is to be folded again", async () => {
    await rig.deposit(1, 5n);
    await rig.closeCycle();
    assert.equal(await make().resume(), false);
    await rig.settle();
    assert.equal(await make().resume(), true);
  });
});
