/** Opening by t of n: any of them can, fewer cannot, and a wrong answer names its holder. */
import { createECDH } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  combineOpenings,
  decodePartialOpening,
  isPartialOpening,
  makePartialOpening,
  type PartialOpening,
} from "../../../protocol/audit/partial-opening.ts";
import { weightAtZero } from "../../../protocol/audit/polynomial.ts";
import { checkTranscript, decodeTranscript } from "../../../protocol/audit/transcript.ts";
import { fromHex, type Hex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { decodeEnvelope, openEnvelopeAt, sealEnvelope } from "../../../protocol/envelope.ts";
import { Fn, type Point, pointOf } from "../../../protocol/log-proof.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { type Held, hold } from "../../../scripts/vectors/ceremonies.ts";
import { bytes, key } from "../../../scripts/vectors/keys.ts";
import { networkId, readVectors, refusalFrom, refusalOf } from "../support/vectors.ts";

const verifier = new NodeVerifier();
const device = key("payer").publicKey;

describe("the openings of the vectors", () => {
  const { transcripts, openings } = readVectors<{
    transcripts: { good: readonly { bytes: Hex }[] };
    openings: {
      envelope: Hex;
      deviceKey: Hex;
      text: Hex;
      good: readonly { bytes: Hex }[];
    };
  }>("ceremonies");

  it("open the envelope, any two of the three [N-10, R-083]", async () => {
    const transcript = decodeTranscript(fromHex(transcripts.good[0]!.bytes));
    const audit = await checkTranscript(networkId, transcript, verifier);
    const envelope = decodeEnvelope(fromHex(openings.envelope));
    const answers = openings.good.map((each) => decodePartialOpening(fromHex(each.bytes)));
    expect(answers).to.have.length(3);
    for (const left of answers) {
      const two = answers.filter((answer) => answer !== left);
      const { shared, wrong } = combineOpenings(networkId, audit, envelope.ephemeral, two);
      expect(wrong).to.deep.equal([]);
      const deviceKey = fromHex(openings.deviceKey);
      const text = await openEnvelopeAt(networkId, deviceKey, envelope, shared);
      expect(toHex(text)).to.equal(openings.text);
    }
  });
});

describe("an envelope under a shared key", () => {
  let held: Held;
  let envelope: ReturnType<typeof decodeEnvelope>;
  before(async () => {
    held = await hold(4, 3, ["a", "b", "c", "d", "e"]);
    const { epoch, publicKey } = held.audit;
    const text = utf8.encode("customer 42");
    envelope = decodeEnvelope(
      await sealEnvelope(networkId, device, { epoch, publicKey }, text, systemRandom),
    );
  });

  const answer = (holder: number): PartialOpening =>
    makePartialOpening(networkId, held.shares[holder - 1]!, envelope.ephemeral, systemRandom);
  const combine = (answers: readonly PartialOpening[]) =>
    combineOpenings(networkId, held.audit, envelope.ephemeral, answers);
  const subset = (min: number, max: number) =>
    fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: min, maxLength: max });

  it("is opened by any three of five, in any order [N-10]", async () => {
    await fc.assert(
      fc.asyncProperty(subset(3, 5), async (holders) => {
        const { shared } = combine(holders.map(answer));
        const text = await openEnvelopeAt(networkId, device, envelope, shared);
        expect(utf8.decode(text, "text")).to.equal("customer 42");
      }),
      { numRuns: 10 },
    );
  });

  it("is not opened by two, however they put their answers together [N-10, R-084]", async () => {
    await fc.assert(
      fc.asyncProperty(subset(1, 2), async (holders) => {
        const answers = holders.map(answer);
        const refusal = refusalFrom(() => combine([...answers, ...answers]));
        expect(refusal.code).to.equal("bad-proof");
        expect(refusal.detail).to.include(`${holders.length} right answers, 3 open epoch 4`);
        const forced = await refusalOf(() =>
          openEnvelopeAt(networkId, device, envelope, lagrange(answers)),
        );
        expect(forced.code).to.equal("cannot-open");
      }),
      { numRuns: 5 },
    );
  });

  it("is opened past wrong answers, and their holders are named [N-10]", async () => {
    const other = { ...held.shares[1]!, scalar: Fn.toBytes(5n) };
    const wrong = [
      makePartialOpening(networkId, other, envelope.ephemeral, systemRandom),
      { ...answer(2), point: answer(3).point },
      { ...answer(2), proof: new Uint8Array(64) },
      { ...answer(3), holder: 2 },
      { ...answer(3), holder: 9 },
    ];
    for (const each of wrong) {
      const found = combine([answer(1), each, answer(4), answer(5)]);
      expect(found.wrong).to.deep.equal([each.holder]);
      await openEnvelopeAt(networkId, device, envelope, found.shared);
      const refusal = refusalFrom(() => combine([answer(1), each, answer(4)]));
      expect(refusal.detail).to.include(`wrong: of holder ${each.holder}`);
    }
  });

  it("has each answer proven for itself, its network and its envelope alone", () => {
    const mine = answer(1);
    const { ephemeral } = envelope;
    expect(isPartialOpening(networkId, held.audit, ephemeral, mine)).to.equal(true);
    const elsewhere = bytes("other network", 32);
    expect(isPartialOpening(elsewhere, held.audit, ephemeral, mine)).to.equal(false);
    expect(isPartialOpening(networkId, held.audit, device, mine)).to.equal(false);
  });

  it("is shared by the same x as OpenSSL's key agreement gives [N-10]", () => {
    const whole = held.shares.slice(0, 3).reduce((sum, { holder, scalar }) => {
      return Fn.add(sum, Fn.mul(Fn.fromBytes(scalar), weightAtZero([1, 2, 3], holder)));
    }, 0n);
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(Fn.toBytes(whole));
    const expected = ecdh.computeSecret(envelope.ephemeral);
    const { shared } = combine([answer(5), answer(2), answer(4)]);
    expect(toHex(shared.toBytes(true).subarray(1))).to.equal(toHex(expected));
  });

  it("stays open to the shares of its own epoch after another began [N-10]", async () => {
    const next = await hold(5, 3, ["a", "b", "c", "d", "e"]);
    const strange = [1, 2, 3].map((i) =>
      makePartialOpening(networkId, next.shares[i - 1]!, envelope.ephemeral, systemRandom),
    );
    expect(refusalFrom(() => combine(strange)).code).to.equal("bad-proof");
    await openEnvelopeAt(networkId, device, envelope, combine([1, 2, 3].map(answer)).shared);
  });
});

/** What answers give that are too few, taken as if they were enough. */
function lagrange(answers: readonly PartialOpening[]): Point {
  const numbers = answers.map(({ holder }) => holder);
  return answers
    .map(({ holder, point }) => pointOf(point).multiply(weightAtZero(numbers, holder)))
    .reduce((sum, each) => sum.add(each));
}
