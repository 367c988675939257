/** One of four members is silent or lies: payments settle all the same, and what can be proved of it is told. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { batchDigest, batchHeader } from "../../protocol/batch.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { signTypedDigest } from "../../protocol/typed-data.ts";
import { Consortium } from "../support/consortium.ts";
import { Liar } from "../support/liar.ts";
import type { LogLine } from "../support/log-tail.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { domainOf, seed, validatorKey } from "../support/network.ts";
import { until } from "../support/until.ts";

const LIAR = 4;
/** The member before it in the ring, which asks the liar first. */
const PROPOSER = 3;
const OBSERVER = 0;
const PATIENCE_MS = 60_000;

describe("one of four members", () => {
  let consortium: Consortium;
  const [payer, payee] = [NodeSigner.generate(), NodeSigner.generate()];
  let coin: HeldCoin;
  let latest: SignedRecord;

  before(async () => {
    consortium = await Consortium.open();
    await Promise.all([1, 2, 3].map((member) => consortium.start(member)));
    await applied([await consortium.enrol(payer, 1), await consortium.enrol(payee, 2)]);
    const vault = await consortium.deposit(1, 1_000n);
    const load = await consortium.spend(consortium.treasury(1), [vault], [payTo(payer, 1, 1_000n)]);
    await consortium.client(1).submit([load.bytes]);
    await applied([consortium.idOf(load)]);
    coin = consortium.coinsOf(load)[0]!;
    latest = load;
  });

  after(async () => {
    await consortium[Symbol.asyncDispose]();
  });

  async function applied(ids: readonly Hex[]): Promise<void> {
    await consortium.untilApplied(ids, PATIENCE_MS);
  }

  /** A payment of 10 through the member that asks the liar first, to the end: applied and settled on every honest node. */
  async function payAndSettle(): Promise<void> {
    const { amount } = coin.output;
    const record = await consortium.spend(
      payer,
      [coin],
      [payTo(payee, 2, 10n), payTo(payer, 1, amount - 10n)],
    );
    await consortium.client(PROPOSER).submit([record.bytes]);
    const id = consortium.idOf(record);
    await applied([id]);
    coin = consortium.coinsOf(record)[1]!;
    latest = record;
    for (const member of consortium.nodes.keys()) {
      const isSettled = async () => (await consortium.client(member).statuses([id]))[0]!.settled;
      await until(
        `node ${member} has settled it`,
        async () => (await isSettled()) === true,
        PATIENCE_MS,
      );
    }
  }

  async function warned(isIt: (line: LogLine) => boolean): Promise<void> {
    await until("the log names the liar", () => consortium.warnings.some(isIt), PATIENCE_MS);
  }

  it("is silent: the others settle, and say who does not endorse", async () => {
    await payAndSettle();
    await warned(({ msg, member }) => msg === "a member does not endorse" && member === LIAR);
  });

  it("endorses another batch than it was asked for: it is named, its signature not used [R-088]", async () => {
    await using _ = await Liar.start(consortium, LIAR, {
      propose: async ({ batch }) => {
        const other = { ...batch, number: batch.number + 1 };
        const digest = batchDigest(domainOf(consortium.network), batchHeader(other));
        return { kind: "endorsed", signature: signTypedDigest(validatorKey(LIAR), digest) };
      },
    });
    await payAndSettle();
    await warned(({ msg, member }) => /another key or another batch/.test(msg) && member === LIAR);
  });

  it("endorses with a key that is not its own: it is named with the signer, its signature not used [R-088]", async () => {
    consortium.warnings.length = 0;
    await using _ = await Liar.start(consortium, LIAR, {
      propose: async ({ batch }) => {
        const digest = batchDigest(domainOf(consortium.network), batchHeader(batch));
        return { kind: "endorsed", signature: signTypedDigest(seed("a stranger"), digest) };
      },
    });
    await payAndSettle();
    await warned(({ msg, member }) => /another key or another batch/.test(msg) && member === LIAR);
  });

  // From here on it is asked last for a while.
  it("is connected and answers nothing it is asked: the others do not wait for it, and say who does not answer", async () => {
    const never = () => new Promise<never>(() => undefined);
    await using liar = await Liar.start(consortium, LIAR, { propose: never, checkpoint: never });
    consortium.warnings.length = 0;
    await payAndSettle();
    const isNamed = (what: string) => (line: LogLine) =>
      line.msg === what && line.member === LIAR && /in time/.test(JSON.stringify(line.err));
    await warned(isNamed("a member does not endorse"));
    await warned(isNamed("a member does not sign a checkpoint"));
    assert.equal(liar.host.connected().length, consortium.nodes.size);
  });

  it("comes to another checkpoint: it is named, and the cycle settles with the others' signatures [R-088]", async () => {
    await using _ = await Liar.start(consortium, LIAR, {
      checkpoint: async () => ({ kind: "other", digest: toHex(randomBytes(32)) }),
    });
    await payAndSettle();
    await warned(
      ({ msg, member }) => msg === "a member came to another checkpoint" && member === LIAR,
    );
  });

  it("signs another checkpoint than it says: it is named, its signature not used [R-088]", async () => {
    await using _ = await Liar.start(consortium, LIAR, {
      checkpoint: async () => ({
        kind: "signed",
        signature: signTypedDigest(validatorKey(LIAR), randomBytes(32)),
      }),
    });
    await payAndSettle();
    await warned(
      ({ msg, member }) => /signed a checkpoint with another key/.test(msg) && member === LIAR,
    );
  });

  it("withholds the bytes of a batch it puts forward: no one endorses it, and its leaves are named [R-088]", async () => {
    await using liar = await Liar.start(consortium, LIAR);
    const leaf = toHex(randomBytes(32));
    const batch = { member: LIAR, number: 1, leaves: [leaf] };
    for (const peer of liar.host.connected()) {
      const answer = await liar.requests.ask(peer, "propose", { batch, seq: 1 });
      assert.equal(answer.kind, "refused");
      assert.equal(answer.reason.code, "not-found");
      assert.deepEqual(answer.leaves, [leaf]);
    }
    await payAndSettle();
    await warned(({ msg, member }) => msg === "a batch is not endorsed here" && member === LIAR);
  });

  it("puts children before their parents: what did not apply is put forward again by an honest member [R-027]", async () => {
    const { amount } = coin.output;
    const parent = await consortium.spend(payer, [coin], [payTo(payer, 1, amount)]);
    const middle = consortium.coinsOf(parent)[0]!;
    const child = await consortium.spend(payer, [middle], [payTo(payer, 1, amount)]);
    const bytes = new Map([child, parent].map((each) => [leafHash(each.bytes), each.bytes]));
    await using liar = await Liar.start(consortium, LIAR, {
      leaves: async ({ hashes }) => hashes.map((hash) => bytes.get(hash)),
    });
    const batch = { member: LIAR, number: 1, leaves: [...bytes.keys()] };
    const digest = batchDigest(domainOf(consortium.network), batchHeader(batch));
    await liar.sequence(batch, signTypedDigest(validatorKey(LIAR), digest));
    await applied([consortium.idOf(parent)]);
    const [early] = await consortium.client(2).statuses([consortium.idOf(child)]);
    assert.equal(early!.state, "refused");
    assert.equal(early!.code, "unknown-coin");
    await consortium.client(2).submit([child.bytes]);
    await applied([consortium.idOf(child)]);
    coin = consortium.coinsOf(child)[0]!;
    await payAndSettle();
  });

  it("answers with other bytes than it is asked for: a node that replays shuts it out and comes to the same root [R-088]", async () => {
    await using _ = await Liar.start(consortium, LIAR, {
      leaves: async ({ hashes }) => hashes.map(() => randomBytes(200)),
    });
    const liar = await Liar.peerIdOf(LIAR);
    const isNamed = () =>
      consortium.warnings.some(({ peer, offence }) => peer === liar && offence === "false-answer");
    // A node asks its peers in turn for a batch and for its leaves: of an odd number each is asked for leaves.
    await consortium.stop(3);
    // Who is connected when is a matter of chance all the same.
    await until(
      "a node that replays has asked the liar, and names it",
      async () => {
        await consortium.stop(OBSERVER);
        await rm(join(consortium.folder, `node${OBSERVER}`), { recursive: true, force: true });
        await consortium.start(OBSERVER);
        await consortium.untilApplied([consortium.idOf(latest)], PATIENCE_MS);
        return isNamed();
      },
      PATIENCE_MS,
    );
    await consortium.start(3);
    await payAndSettle();
    await until(
      "all stand at one root",
      async () => {
        const reports = await Promise.all(
          [OBSERVER, 1, 2, 3].map((member) => consortium.client(member).identities()),
        );
        return new Set(reports.map(({ seq, stateRoot }) => `${seq} ${stateRoot}`)).size === 1;
      },
      PATIENCE_MS,
    );
  });

  it("sends garbage for frames: it is shut out and named, and payments settle [R-088]", async () => {
    consortium.warnings.length = 0;
    const liar = await Liar.peerIdOf(LIAR);
    await consortium.stop(OBSERVER);
    await using gossip = await Liar.start(consortium, LIAR);
    // Not all of them may listen at once.
    const isShutOut = async () => {
      await gossip.publish(randomBytes(300));
      return gossip.host.connected().length === 0;
    };
    await until("all have shut the liar out", isShutOut, PATIENCE_MS);
    await warned(({ peer, offence }) => peer === liar && offence === "invalid-frame");
    await payAndSettle();
  });
});
