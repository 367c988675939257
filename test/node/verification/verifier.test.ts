import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { KEY_LENGTH } from "../../../protocol/key.ts";
import { checkLeafSignature, decodeLeaf, type Leaf } from "../../../protocol/leaf.ts";
import { limits } from "../../../protocol/limits.ts";
import { decodeRecord, type SignedRecord } from "../../../protocol/record.ts";
import { isRefusal, Refusal } from "../../../protocol/refusal.ts";
import {
  normaliseSignature,
  portableVerifier,
  SIGNATURE_LENGTH,
} from "../../../protocol/signature.ts";
import { LeafVerifier } from "../../../node/verification/verifier.ts";
import type { WorkerSetting } from "../../../node/verification/worker.ts";
import {
  corrupt,
  makeEnrolment,
  makeLargestSpend,
  makeSpend,
  makeSpends,
  networkId,
  networkIdBytes,
} from "../../support/leaves.ts";

/** What the portable verifier says of a leaf: the code and text of its refusal, or "good". */
function portableVerdict(leaf: Leaf): string {
  try {
    checkLeafSignature(networkIdBytes, leaf, portableVerifier);
    return "good";
  } catch (error) {
    if (isRefusal(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** The leaf, if the bytes are one. */
function decoded(bytes: Uint8Array): Leaf[] {
  try {
    return [decodeLeaf(bytes)];
  } catch (error) {
    if (isRefusal(error)) return [];
    throw error;
  }
}

function said(verdict: Refusal | undefined): string {
  return verdict === undefined ? "good" : `${verdict.code}: ${verdict.message}`;
}

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof Refusal)) throw new Error("was not refused", { cause: error });
  return error;
}

describe("leaf verifier", () => {
  /** Every worker the verifier starts, so that a test can kill one. */
  const workers: Worker[] = [];
  const spawn = (workerData: WorkerSetting) => {
    const url = new URL("../../../node/verification/worker.ts", import.meta.url);
    const worker = new Worker(url, { workerData });
    workers.push(worker);
    return worker;
  };
  let verifier: LeafVerifier;

  beforeEach(async () => {
    workers.length = 0;
    verifier = new LeafVerifier({ networkId, workers: 2, spawn });
    await verifier.start();
  });

  afterEach(() => verifier.stop());

  it("gives the portable verifier's verdict, word for word, on good and damaged leaves [R2]", async () => {
    const spend = await makeSpend();
    const enrolment = await makeEnrolment();
    const largest = await makeLargestSpend();
    const good = [spend.bytes, enrolment.bytes, largest.bytes];
    const damaged = good.flatMap((bytes) => Array.from(bytes, (_, at) => corrupt(bytes, at)));
    const leaves = [...good, ...damaged].flatMap(decoded);
    expect(leaves.length).to.be.greaterThan(2 * good.length);

    const verdicts = await verifier.verify(leaves);

    expect(verdicts.map(said)).to.deep.equal(leaves.map(portableVerdict));
    expect(verdicts.slice(0, 3)).to.deep.equal([undefined, undefined, undefined]);
    expect(verdicts.map((verdict) => verdict?.code)).to.include.members([
      "bad-signature",
      "malformed",
    ]);
  });

  it("refuses the high form of a good signature, and a key off the curve [R2]", async () => {
    const spend = await makeSpend();
    const at = spend.body.length;
    const high = Uint8Array.from(spend.bytes);
    high.set(mirrored(spend.signature), at + 33);
    const offCurve = Uint8Array.from(spend.bytes);
    offCurve.fill(0xff, at + 1, at + 33);

    const [first, second] = await verifier.verify([high, offCurve].map(decodeLeaf));

    expect(first?.code).to.equal("bad-signature");
    expect(second?.code).to.equal("malformed");
  });

  it("takes the largest leaf there is", async () => {
    const largest = await makeLargestSpend();
    expect(largest.bytes.length).to.equal(limits.leafBytesMax);
    expect(await verifier.verify([largest])).to.deep.equal([undefined]);
  });

  it("answers each of many submissions with its own verdicts and counts each leaf once", async () => {
    const spends = await makeSpends(300);
    const submissions = spends.map((spend, index) =>
      index % 3 === 0 ? [forged(spend), spend] : [spend],
    );

    const answers = await Promise.all(submissions.map((leaves) => verifier.verify(leaves)));

    for (const [index, answer] of answers.entries()) {
      expect(answer.map((verdict) => verdict?.code)).to.deep.equal(
        index % 3 === 0 ? ["bad-signature", undefined] : [undefined],
      );
    }
    expect(verifier.verified).to.equal(400);
    expect(verifier.waiting).to.equal(0);
  });

  it("refuses as busy what does not fit its queue, and goes on with what it took", async () => {
    const spend = await makeSpend();
    const whole = Array.from({ length: limits.verifierQueueMax }, () => unsigned(spend));
    const taken = verifier.verify([...whole.slice(1), spend]);
    const refusal = await refusalOf(verifier.verify(whole));

    expect(refusal.code).to.equal("busy");
    const verdicts = await taken;
    expect(verdicts.at(-1)).to.equal(undefined);
    expect(verdicts[0]?.code).to.equal("bad-signature");
    expect(verifier.verified).to.equal(limits.verifierQueueMax);
  });

  it("replaces a worker that dies and judges its batch all the same, each leaf counted once", async () => {
    const spends = await makeSpends(200);
    const leaves = Array.from({ length: 2000 }, (_, index) => spends[index % 200]!);
    leaves[700] = forged(leaves[700]!);
    const work = verifier.verify(leaves);
    await workers[0]!.terminate();

    const verdicts = await work;

    expect(
      verdicts.map((verdict) => verdict?.code).filter((code) => code !== undefined),
    ).to.deep.equal(["bad-signature"]);
    expect(verdicts[700]?.code).to.equal("bad-signature");
    expect(verifier.verified).to.equal(2000);
    expect(await verifier.verify([leaves[0]!])).to.deep.equal([undefined]);
    expect(workers).to.have.length(3);
  });

  it("works on after every worker died at once", async () => {
    const spend = await makeSpend();
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(await verifier.verify([spend])).to.deep.equal([undefined]);
  });

  it("ends with an Error when a batch kills two workers, and starts no third try", async () => {
    const deadly = new LeafVerifier({
      networkId,
      workers: 1,
      spawn: () =>
        new Worker(
          `const { parentPort } = require("node:worker_threads");
           parentPort.on("message", () => process.exit(3));
           parentPort.postMessage("ready");`,
          { eval: true },
        ),
    });
    await deadly.start();
    try {
      const error = await deadly.verify([await makeSpend()]).catch((error: unknown) => error);
      expect(error).to.be.instanceOf(Error).and.not.instanceOf(Refusal);
      expect((error as Error).message).to.contain("died twice");
      expect(deadly.verified).to.equal(0);
    } finally {
      await deadly.stop();
    }
  });

  it("does not start when its workers cannot", async () => {
    const broken = new LeafVerifier({
      networkId,
      workers: 2,
      spawn: () => new Worker("throw new Error('no such file')", { eval: true }),
    });
    const error = await broken.start().catch((error: unknown) => error);
    expect((error as Error).message).to.contain("verification worker ended");
    expect((error as Error).cause).to.be.instanceOf(Error);
  });

  it("answers what waits with an Error when it stops, and takes nothing after", async () => {
    const [spend] = await makeSpends(1);
    const leaves = Array.from({ length: 4000 }, () => spend!);
    const work = verifier.verify(leaves).catch((error: unknown) => error);
    await verifier.stop();
    expect(((await work) as Error).message).to.contain("not running");
    const later = await verifier.verify([spend!]).catch((error: unknown) => error);
    expect((later as Error).message).to.contain("not running");
  });
});

/** The same payment by the same signer, with a signature that is of another body. */
function forged(spend: SignedRecord): SignedRecord {
  return decodeRecord(corrupt(spend.bytes, spend.body.length - 40));
}

/** One that is refused without any work: zeros are no signature. */
function unsigned(spend: SignedRecord): SignedRecord {
  const bytes = Uint8Array.from(spend.bytes);
  const at = spend.body.length + KEY_LENGTH;
  return decodeRecord(bytes.fill(0, at, at + SIGNATURE_LENGTH));
}

/** The same signature with s replaced by n − s. */
function mirrored(signature: Uint8Array): Uint8Array {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
  const high = Uint8Array.from(signature);
  high.set(Buffer.from((order - s).toString(16).padStart(64, "0"), "hex"), 32);
  // The protocol's own normalisation leads back to the signature it came from.
  expect(normaliseSignature(high)).to.deep.equal(Uint8Array.from(signature));
  return high;
}
