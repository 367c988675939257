/** What is signed: good under its own name, key and network alone, and both verifiers say the same of it. */
import { expect } from "chai";
import { fromHex } from "../../protocol/bytes.ts";
import {
  checkConsent,
  consentMessage,
  decodeEnrolment,
  enrolmentId,
  isIssuedBy,
} from "../../protocol/enrolment.ts";
import { leafHash, leafId } from "../../protocol/leaf.ts";
import { message, messageNames } from "../../protocol/message.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { decodeRecord, recordId } from "../../protocol/record.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, key } from "../../scripts/vectors/keys.ts";
import { patch } from "../../scripts/vectors/vector.ts";
import { signedStructures } from "./support/signed.ts";
import { goodBytes, networkId, readVectors, refusalFrom, vectorsAt } from "./support/vectors.ts";

const verifiers = [
  ["portable", portableVerifier],
  ["Node's", new NodeVerifier()],
] as const;
const otherNetwork = bytes("other network", 32);

for (const {
  name,
  vectors: [file, ...path],
  signer,
  body,
  resign,
  check,
} of signedStructures) {
  describe(`the signature under "${name}"`, () => {
    const { good, bad } = vectorsAt(file, path);
    const [first] = goodBytes(file, ...path);

    it("holds, whoever verifies it", () => {
      for (const [, verifier] of verifiers) check(networkId, first!, verifier);
      expect(good.length).to.be.above(0);
    });

    it("is refused, whoever verifies it, where the vectors say so", () => {
      const ofSignature = bad.filter(({ expected }) => expected.code === "bad-signature");
      expect(ofSignature.length).to.be.above(0);
      for (const { name: title, bytes: input, expected } of bad) {
        for (const [who, verifier] of verifiers) {
          const refusal = refusalFrom(() => check(networkId, fromHex(input), verifier));
          expect(refusal.code, `${title}, ${who} verifier`).to.equal(expected.code);
        }
      }
    });

    it("is refused on another network", () => {
      for (const [, verifier] of verifiers) {
        const refusal = refusalFrom(() => check(otherNetwork, first!, verifier));
        expect(refusal.code).to.equal("bad-signature");
      }
    });

    it("is refused when the same bytes were signed under any other name", async () => {
      const others = messageNames.filter((other) => other !== name);
      expect(others).to.have.length(messageNames.length - 1);
      for (const other of others) {
        const signature = await signer.sign(message(other, networkId, body(first!)));
        const resigned = await resign(first!, signature);
        const refusal = refusalFrom(() => check(networkId, resigned, verifiers[1][1]));
        expect(refusal.code, other).to.equal("bad-signature");
      }
    });

    it("covers every byte before it", () => {
      const signed = body(first!);
      const at = Buffer.from(first!).indexOf(signed);
      for (let i = 0; i < signed.length; i++) {
        const changed = patch(first!, at + i, first![at + i]! ^ 1);
        refusalFrom(() => check(networkId, changed, verifiers[1][1]));
      }
    });
  });
}

describe("the two signatures of an enrolment", () => {
  const { good, bad } = vectorsAt("records", ["enrolments"]);
  const enrolment = decodeEnrolment(fromHex(good[0]!.bytes));
  const issuer = fromHex((good[0]!.expected as { issuer: string }).issuer);

  it("hold, whoever verifies them", () => {
    for (const [, verifier] of verifiers) {
      checkConsent(networkId, enrolment, verifier);
      expect(isIssuedBy(networkId, enrolment, issuer, verifier)).to.equal(true);
    }
  });

  it("are refused, whoever verifies them, where the vectors say so", () => {
    for (const { name, bytes: input, expected } of bad) {
      for (const [, verifier] of verifiers) {
        const act = () => checkConsent(networkId, decodeEnrolment(fromHex(input)), verifier);
        expect(refusalFrom(act).code, name).to.equal(expected.code);
      }
    }
  });

  it("are of one network, one member and one envelope", () => {
    for (const [, verifier] of verifiers) {
      expect(refusalFrom(() => checkConsent(otherNetwork, enrolment, verifier)).code).to.equal(
        "bad-signature",
      );
      const moved = { ...enrolment, member: enrolment.member + 1 };
      expect(refusalFrom(() => checkConsent(networkId, moved, verifier)).code).to.equal(
        "bad-signature",
      );
      const issued = (of: typeof enrolment, network = networkId) =>
        isIssuedBy(network, of, issuer, verifier);
      expect(issued(enrolment, otherNetwork)).to.equal(false);
      expect(issued(moved)).to.equal(false);
      expect(issued({ ...enrolment, envelope: bytes("another", 10) })).to.equal(false);
      expect(issued({ ...enrolment, deviceKey: key("another").publicKey })).to.equal(false);
      expect(isIssuedBy(networkId, enrolment, enrolment.deviceKey, verifier)).to.equal(false);
    }
  });

  it("does not take the consent for one member as the consent for another", () => {
    expect(consentMessage(networkId, 1)).to.not.deep.equal(consentMessage(networkId, 2));
  });
});

describe("an id", () => {
  const record = decodeRecord(goodBytes("records", "records")[0]!);
  const enrolment = decodeEnrolment(goodBytes("records", "enrolments")[0]!);

  it("of a record is that of its body, whatever signature, secret or envelope stands beside it", () => {
    const other = decodeRecord(patch(record.bytes, 195, ...bytes("signature", 64)));
    expect(leafId(networkId, other)).to.equal(leafId(networkId, record));
    expect(leafHash(other.bytes)).to.not.equal(leafHash(record.bytes));
  });

  it("of an enrolment is that of key, member and envelope, whatever its signatures", () => {
    const other = decodeEnrolment(patch(enrolment.bytes, 36, ...bytes("signatures", 128)));
    expect(leafId(networkId, other)).to.equal(enrolmentId(networkId, enrolment));
    expect(leafHash(other.bytes)).to.not.equal(leafHash(enrolment.bytes));
  });

  it("changes with every byte of a record's body, and with the network", () => {
    const id = recordId(networkId, record.body);
    const ids = new Set(
      Array.from(record.body, (byte, i) => recordId(networkId, patch(record.body, i, byte ^ 1))),
    );
    expect(ids.size).to.equal(record.body.length);
    expect(ids.has(id)).to.equal(false);
    expect(recordId(otherNetwork, record.body)).to.not.equal(id);
  });

  it("is what the vectors say for leaves of every kind", () => {
    const { records } = readVectors<{ records: { good: { bytes: string; expected: Ids }[] } }>(
      "records",
    );
    for (const { bytes: leaf, expected } of records.good) {
      expect(leafId(networkId, decodeRecord(fromHex(leaf)))).to.equal(expected.id);
      expect(leafHash(fromHex(leaf))).to.equal(expected.leafHash);
    }
    expect((vectorsAt("records", ["enrolments"]).good[0]!.expected as Ids).id).to.equal(
      enrolmentId(networkId, enrolment),
    );
  });
});

type Ids = { readonly id: string; readonly leafHash: string };
