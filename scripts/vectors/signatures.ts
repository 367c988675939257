/** P-256 keys and signatures at the edges, and the verdict of every verifier on them. */
import { p256 } from "@noble/curves/nist.js";
import { concat, type Hex, toHex } from "../../protocol/bytes.ts";
import { portableVerifier, toDer } from "../../protocol/signature.ts";
import { bytes, key } from "./keys.ts";

type Verdict = {
  readonly name: string;
  readonly publicKey: Hex;
  readonly message: Hex;
  readonly signature: Hex;
  readonly expected: boolean;
};

const { Fp, Fn } = p256.Point;
const signer = key("signer");
const message = bytes("message", 100);

export function signatures() {
  return {
    keys: [
      keyOf("even y", point(2, 5n), true),
      keyOf("odd y", point(3, 5n), true),
      keyOf("x of zero, which is on the curve", point(2, 0n), true),
      keyOf("not on the curve", point(2, 1n), false),
      keyOf("x of the field's prime", point(2, Fp.ORDER), false),
      keyOf("x above the prime that is 5 modulo it", point(2, Fp.ORDER + 5n), false),
      keyOf("the greatest x", point(2, 2n ** 256n - 1n), false),
      keyOf("a prefix of 0", point(0, 5n), false),
      keyOf("a prefix of 4", point(4, 5n), false),
      keyOf("a hybrid prefix of 6", point(6, 5n), false),
      keyOf("infinity", Uint8Array.of(0), false),
      keyOf("32 bytes", point(2, 5n).slice(0, 32), false),
      keyOf("34 bytes", concat(point(2, 5n), Uint8Array.of(0)), false),
      keyOf("65 bytes, not compressed", p256.getPublicKey(signer.privateKey, false), false),
      keyOf("no bytes", new Uint8Array(), false),
    ],
    signatures: verdicts(),
  };
}

function verdicts(): Verdict[] {
  const good = sign(message);
  const [r, s] = [good.slice(0, 32), good.slice(32)];
  const n = Fn.toBytes(Fn.ORDER - 1n).map((byte, i) => (i === 31 ? byte + 1 : byte));
  const zero = new Uint8Array(32);
  const ones = new Uint8Array(32).fill(255);
  const half = Fn.ORDER >> 1n;
  const highS = concat(r, Fn.toBytes(Fn.neg(Fn.fromBytes(s))));
  const of = (name: string, signature: Uint8Array, expected: boolean) =>
    verdict(name, signer.publicKey, message, signature, expected);
  return [
    of("a signature", good, true),
    verdict("of no message", signer.publicKey, new Uint8Array(), sign(new Uint8Array()), true),
    verdict("of another message", signer.publicKey, bytes("other", 100), good, false),
    verdict("by another key", key("another").publicKey, message, good, false),
    verdict("by a key that is not on the curve", point(2, 1n), message, good, false),
    verdict("by the other y of the key", negated(signer.publicKey), message, good, false),
    of("high s", highS, false),
    of("s of one more than half of n", concat(r, Fn.toBytes(half + 1n)), false),
    of("s of half of n", concat(r, Fn.toBytes(half)), false),
    of("r of zero", concat(zero, s), false),
    of("s of zero", concat(r, zero), false),
    of("zeros", new Uint8Array(64), false),
    of("r of n", concat(n, s), false),
    of("s of n", concat(r, n), false),
    of("r of 2^256 - 1", concat(ones, s), false),
    of("s of 2^256 - 1", concat(r, ones), false),
    of("r of n - 1", concat(Fn.toBytes(Fn.ORDER - 1n), s), false),
    of("r and s swapped", concat(s, r), false),
    of("DER for raw", toDer(good), false),
    of("63 bytes", good.slice(0, 63), false),
    of("65 bytes", concat(good, Uint8Array.of(0)), false),
    of("no bytes", new Uint8Array(), false),
    of(
      "over the message's hash, not the message",
      p256.sign(message.slice(0, 32), signer.privateKey, { lowS: true, prehash: false }),
      false,
    ),
  ];
}

function verdict(
  name: string,
  publicKey: Uint8Array,
  signed: Uint8Array,
  signature: Uint8Array,
  expected: boolean,
): Verdict {
  if (portableVerifier.verify(publicKey, signed, signature) !== expected) {
    throw new Error(`the verdict on "${name}" is not ${expected}`);
  }
  return {
    name,
    publicKey: toHex(publicKey),
    message: toHex(signed),
    signature: toHex(signature),
    expected,
  };
}

function keyOf(name: string, publicKey: Uint8Array, expected: boolean) {
  if (portableVerifier.isKey(publicKey) !== expected) throw new Error(`"${name}" is wrong`);
  return { name, publicKey: toHex(publicKey), expected };
}

function sign(signed: Uint8Array): Uint8Array {
  return p256.sign(signed, signer.privateKey, { lowS: true, prehash: true });
}

/** A prefix and an x, whatever they are. */
function point(prefix: number, x: bigint): Uint8Array {
  const digits = x.toString(16).padStart(64, "0");
  return concat(
    Uint8Array.of(prefix),
    Uint8Array.from(digits.match(/../g)!, (d) => Number.parseInt(d, 16)),
  );
}

function negated(publicKey: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(5 - publicKey[0]!), publicKey.subarray(1));
}
