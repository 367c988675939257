/** Receipts and certificates as members sign them with their first issuer key, in the form that Disputes takes. */
import { type Certificate, signCertificate } from "../../../protocol/certificate.ts";
import { signReceipt } from "../../../protocol/receipt.ts";
import { promiseFor } from "../../../node/chain/disputes.ts";
import type { Consortium } from "../../../scripts/bench/consortium.ts";
import {
  type Coin,
  type Device,
  device,
  networkOf,
  signerOf,
} from "../../../scripts/bench/double-spends.ts";

export type Signed = ReturnType<typeof promiseFor>;

const life = { notAfter: 1_790_600_000_000 };

export function issuerOf(member: number): Device {
  return device(`issuer ${member} 0`, member);
}

/** What the custodian of a coin says of it. */
export async function receiptFor(
  consortium: Consortium,
  { outpoint, output }: Coin,
): Promise<Signed> {
  const issuer = issuerOf(output.custodian);
  const { bytes } = await signReceipt(
    networkOf(consortium),
    { outpoint, output, seq: 7, issued: 1_790_000_000_000, ...life },
    signerOf(issuer),
  );
  return promiseFor({ bytes, issuer: issuer.publicKey });
}

/** A certificate for a device, by its member, of at most 500. */
export async function certificateFor(
  consortium: Consortium,
  { publicKey: deviceKey, member }: Device,
): Promise<Signed> {
  const issuer = issuerOf(member);
  const body: Certificate = {
    deviceKey,
    member,
    class: "software",
    serial: new Uint8Array(16),
    notBefore: 1_790_000_000_000,
    ...life,
    maxPayment: 0n,
    maxBalance: 500n,
    maxCount: 0,
    windowS: 0,
    maxDepth: 4,
    subject: new Uint8Array(32),
    label: "Kiosk",
  };
  const { bytes } = await signCertificate(networkOf(consortium), body, signerOf(issuer));
  return promiseFor({ bytes, issuer: issuer.publicKey });
}
