/** A JSON Web Key Set with the keys by which a bank signs its staff's tokens, each named by its thumbprint. */
import { createHash } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";

type Jwk = { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string };

/** @param publicKeys compressed. */
export function keySetOf(publicKeys: readonly Uint8Array[]): { readonly keys: readonly object[] } {
  return {
    keys: publicKeys.map((key) => ({ ...jwkOf(key), use: "sig", alg: "ES256", kid: kidOf(key) })),
  };
}

/** RFC 7638. */
export function kidOf(publicKey: Uint8Array): string {
  const { crv, kty, x, y } = jwkOf(publicKey);
  return createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
}

function jwkOf(publicKey: Uint8Array): Jwk {
  const point = Buffer.from(p256.Point.fromBytes(publicKey).toBytes(false));
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((it) => it.toString("base64url"));
  return { kty: "EC", crv: "P-256", x: x!, y: y! };
}
