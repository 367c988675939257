/**
 * P-256 on Node: OpenSSL through node:crypto, 25 times as fast as the portable verifier. A bare cached
 * KeyObject and a DER signature is the fastest form: importing a key costs more than verifying with it.
 * No browser entry reaches this file.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { concat } from "./bytes.ts";
import {
  DER_LENGTH_MAX,
  fromDer,
  isCanonicalSignature,
  type Signer,
  toDer,
  type Verifier,
} from "./signature.ts";

/** SubjectPublicKeyInfo of a compressed P-256 key, up to the key itself (RFC 5480). */
const SPKI_HEAD = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");

/** Verifies with OpenSSL and remembers the last `keysMax` keys, good or bad. */
export class NodeVerifier implements Verifier {
  readonly #keys = new Map<string, KeyObject | null>();
  readonly #keysMax: number;
  readonly #der = new Uint8Array(DER_LENGTH_MAX);

  constructor(keysMax = 65_536) {
    this.#keysMax = keysMax;
  }

  isKey(publicKey: Uint8Array): boolean {
    return this.#key(publicKey) !== null;
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (!isCanonicalSignature(signature)) return false;
    const key = this.#key(publicKey);
    return key !== null && verify("sha256", message, key, toDer(signature, this.#der));
  }

  #key(publicKey: Uint8Array): KeyObject | null {
    const name = asBuffer(publicKey).toString("latin1");
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    // A Map keeps the order of insertion: the oldest goes.
    if (this.#keys.size >= this.#keysMax) this.#keys.delete(this.#keys.keys().next().value!);
    const key = importPublicKey(publicKey);
    this.#keys.set(name, key);
    return key;
  }
}

/** Signs with a private key in memory: gateways and nodes without an HSM, devices on Node, tests. */
export class NodeSigner implements Signer {
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  /** @throws Error on a key of another curve. */
  constructor(privateKey: KeyObject) {
    const { crv, x, y } = privateKey.export({ format: "jwk" });
    if (crv !== "P-256" || x === undefined || y === undefined) throw new Error("not a P-256 key");
    const last = Buffer.from(y, "base64url").at(-1)!;
    this.publicKey = concat(Uint8Array.of(2 + (last & 1)), Buffer.from(x, "base64url"));
    this.#key = privateKey;
  }

  static generate(): NodeSigner {
    return new NodeSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  }

  /** @param scalar the private key as 32 bytes, 1 … n − 1: for keys derived from a seed. */
  static fromScalar(scalar: Uint8Array): NodeSigner {
    const point = p256.getPublicKey(scalar, false);
    const coordinate = (from: number) =>
      Buffer.from(point.subarray(from, from + 32)).toString("base64url");
    const d = asBuffer(scalar).toString("base64url");
    const jwk = { kty: "EC", crv: "P-256", x: coordinate(1), y: coordinate(33), d };
    return new NodeSigner(createPrivateKey({ key: jwk, format: "jwk" }));
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return this.signSync(message);
  }

  signSync(message: Uint8Array): Uint8Array {
    return fromDer(sign("sha256", message, this.#key));
  }

  /** PKCS #8 DER, for the key file and for libraries that must sign by themselves. */
  exportKey(): Uint8Array {
    return this.#key.export({ format: "der", type: "pkcs8" });
  }
}

function importPublicKey(publicKey: Uint8Array): KeyObject | null {
  if (publicKey.length !== 33) return null;
  try {
    return createPublicKey({
      key: Buffer.concat([SPKI_HEAD, publicKey]),
      format: "der",
      type: "spki",
    });
  } catch {
    return null;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
