/**
 * The files that a case is opened with: the evidence of a double spend from a node, or what a payee's device
 * was shown, as `tallystick wallet proof` writes it, or a receipt or certificate alone. Their bytes tell them
 * apart.
 */
import { readFile } from "node:fs/promises";
import { type Bundle, decodeBundle } from "../../protocol/bundle.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { decodeCertificate, type SignedCertificate } from "../../protocol/certificate.ts";
import { type Evidence, parseEvidence } from "../../protocol/evidence.ts";
import { decodeReceipt, RECEIPT_LENGTH, type SignedReceipt } from "../../protocol/receipt.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type ClaimFile =
  | { readonly kind: "evidence"; readonly evidence: Evidence }
  | { readonly kind: "bundle"; readonly bundle: Bundle }
  | { readonly kind: "receipt"; readonly receipt: SignedReceipt }
  | { readonly kind: "certificate"; readonly certificate: SignedCertificate };

/** @throws Refusal `bad-configuration` where there is no such file, and as the formats do. */
export async function readClaimFile(networkId: Uint8Array, path: string): Promise<ClaimFile> {
  return decodeClaimFile(networkId, await readBytes(path));
}

/** @throws Refusal `malformed`, `unsupported-version`, `too-large`. */
export function decodeClaimFile(networkId: Uint8Array, bytes: Uint8Array): ClaimFile {
  if (bytes.length === RECEIPT_LENGTH) return { kind: "receipt", receipt: decodeReceipt(bytes) };
  switch (bytes[0]) {
    case OPEN_BRACE:
      return { kind: "evidence", evidence: parseEvidence(utf8.decode(bytes, "evidence")) };
    case EVEN_POINT:
    case ODD_POINT:
      return { kind: "certificate", certificate: decodeCertificate(bytes) };
    default:
      return { kind: "bundle", bundle: decodeBundle(networkId, bytes) };
  }
}

/** JSON begins so, a certificate with a compressed key, a bundle with its version. */
const OPEN_BRACE = 0x7b;
const EVEN_POINT = 2;
const ODD_POINT = 3;

/** @throws Refusal `bad-configuration`. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal("bad-configuration", `${path} cannot be read (${code})`);
  }
}
