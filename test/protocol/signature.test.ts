/** Keys and signatures at the edges: one verdict, whoever verifies. */
import { createPublicKey, verify } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import {
  fromDer,
  isCanonicalSignature,
  normaliseSignature,
  portableVerifier,
  toDer,
} from "../../protocol/signature.ts";
import { key } from "../../scripts/vectors/keys.ts";
import { readVectors } from "./support/vectors.ts";

const vectors = readVectors<{
  keys: { name: string; publicKey: Hex; expected: boolean }[];
  signatures: { name: string; publicKey: Hex; message: Hex; signature: Hex; expected: boolean }[];
}>("signatures");
const node = new NodeVerifier();

describe("P-256 keys and signatures", () => {
  for (const { name, publicKey, expected } of vectors.keys) {
    it(`${expected ? "take" : "refuse"} for a key: ${name}`, () => {
      expect(portableVerifier.isKey(fromHex(publicKey))).to.equal(expected);
      expect(node.isKey(fromHex(publicKey))).to.equal(expected);
    });
  }

  for (const { name, publicKey, message, signature, expected } of vectors.signatures) {
    it(`${expected ? "verify" : "refuse"} ${name}`, () => {
      const parts = [fromHex(publicKey), fromHex(message), fromHex(signature)] as const;
      expect(portableVerifier.verify(...parts)).to.equal(expected);
      expect(node.verify(...parts)).to.equal(expected);
    });
  }

  it("are judged alike by both verifiers when any bit is changed", () => {
    const { publicKey, message, signature } = vectors.signatures[0]!;
    const whole = [fromHex(publicKey), fromHex(message), fromHex(signature)] as const;
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.nat(7), (part, at, bit) => {
        const parts = whole.map((bytes) => bytes.slice()) as [Uint8Array, Uint8Array, Uint8Array];
        parts[part]![at % parts[part]!.length]! ^= 1 << bit;
        expect(node.verify(...parts)).to.equal(portableVerifier.verify(...parts));
      }),
      { numRuns: 200 },
    );
  });

  it("come out of Node's signer in the one form that both verifiers take", () => {
    const signer = NodeSigner.generate();
    // Chips and OpenSSL return the high s half the time: sixty-four tries miss it once in 2^64.
    for (let i = 0; i < 64; i++) {
      const message = Uint8Array.of(i);
      const signature = signer.signSync(message);
      expect(isCanonicalSignature(signature)).to.equal(true);
      expect(node.verify(signer.publicKey, message, signature)).to.equal(true);
      expect(portableVerifier.verify(signer.publicKey, message, signature)).to.equal(true);
    }
  });

  it("come out of any signer with a derived key that is the same everywhere", async () => {
    const named = key("derived");
    const signer = NodeSigner.fromScalar(named.privateKey);
    expect(toHex(signer.publicKey)).to.equal(toHex(named.publicKey));
    expect(ownerOf(signer.publicKey)).to.equal(named.owner);
    const message = Uint8Array.of(1, 2, 3);
    expect(node.verify(signer.publicKey, message, await named.sign(message))).to.equal(true);
    expect(portableVerifier.verify(named.publicKey, message, await signer.sign(message))).to.equal(
      true,
    );
  });

  it("travel raw and reach OpenSSL as DER, through any leading zeros and top bits", () => {
    const half = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const zeros = fc.nat(31);
    fc.assert(
      fc.property(half, half, zeros, zeros, (r, s, leadingR, leadingS) => {
        const raw = new Uint8Array(64);
        raw.set(r.fill(0, 0, leadingR), 0);
        raw.set(s.fill(0, 0, leadingS), 32);
        if (!isCanonicalSignature(raw)) return;
        expect(toHex(fromDer(toDer(raw)))).to.equal(toHex(raw));
      }),
    );
  });

  it("verify with OpenSSL itself in the DER that we write", async () => {
    const signer = key("signer");
    const { x, y } = pointOf(signer.publicKey);
    const jwk = { kty: "EC", crv: "P-256", x, y };
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    for (let i = 0; i < 20; i++) {
      const message = Uint8Array.of(i);
      const der = toDer(await signer.sign(message));
      expect(verify("sha256", message, publicKey, der)).to.equal(true);
      expect(verify("sha256", Uint8Array.of(i + 1), publicKey, der)).to.equal(false);
    }
  });

  it("are given their low s, and what is no signature is left as it is", () => {
    const high = fromHex(vectors.signatures.find(({ name }) => name === "high s")!.signature);
    const low = fromHex(vectors.signatures[0]!.signature);
    expect(toHex(normaliseSignature(high))).to.equal(toHex(low));
    expect(toHex(normaliseSignature(low))).to.equal(toHex(low));
    for (const bytes of [new Uint8Array(64), new Uint8Array(63), new Uint8Array(64).fill(255)]) {
      expect(normaliseSignature(bytes)).to.equal(bytes);
    }
  });

  it("are verified as before when more keys have passed than the verifier remembers", async () => {
    const small = new NodeVerifier(2);
    const signers = ["a", "b", "c"].map(key);
    const message = Uint8Array.of(7);
    for (let round = 0; round < 2; round++) {
      for (const signer of signers) {
        const signature = await signer.sign(message);
        expect(small.verify(signer.publicKey, message, signature)).to.equal(true);
        const other = signers[(signers.indexOf(signer) + 1) % 3]!;
        expect(small.verify(other.publicKey, message, signature)).to.equal(false);
      }
    }
  });
});

function pointOf(publicKey: Uint8Array): { x: string; y: string } {
  const spki = Buffer.concat([
    Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex"),
    publicKey,
  ]);
  const { x, y } = createPublicKey({ key: spki, format: "der", type: "spki" }).export({
    format: "jwk",
  });
  return { x: x!, y: y! };
}
