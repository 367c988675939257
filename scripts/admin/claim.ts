/**
 * A case to be opened: what is claimed, of whom, for whom, and the call that says so. What the file shows is
 * checked here first, so that nobody pays for a transaction that cannot stand; whether the claim is true is
 * for the regulator.
 */
import { openDoubleSpend, openFalseCertificate, openFalseReceipt } from "../../node/chain/calls.ts";
import type { ContractCall } from "../../node/chain/contracts.ts";
import type { Award } from "../../node/chain/disputes.ts";
import type { Bundle } from "../../protocol/bundle.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { checkCertificateSignature, type SignedCertificate } from "../../protocol/certificate.ts";
import type { Evidence } from "../../protocol/evidence.ts";
import { checkEvidence } from "../../protocol/evidence-check.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { lock, type MemberId, type Outpoint } from "../../protocol/output.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { checkReceiptSignature, type SignedReceipt } from "../../protocol/receipt.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { ClaimFile } from "./claim-file.ts";
import { proofOf } from "./proof.ts";
import type { AdminSession } from "./session.ts";

/** What the person says beside the file. */
export type ClaimOptions = {
  /** Of the coins in the file, which one was lost, or vouched for falsely. */
  readonly coin?: Outpoint | undefined;
  /** Of a bundle: that it is about the certificate of this key's owner, and no receipt. */
  readonly certificate?: Owner | undefined;
  /** Who is to be paid; by a bundle's last record if absent. */
  readonly awards?: readonly Award[] | undefined;
  /** The issuer key that signed, where the member has another by now. */
  readonly issuer?: Hex | undefined;
  /** SHA-256 of what is put forward beside the file. */
  readonly argument: Hex;
};

export type Claim = { readonly says: string; readonly call: ContractCall };

const verifier = new NodeVerifier();

/** @throws Refusal naming what does not hold, or what has to be said besides. */
export async function claimOf(
  session: AdminSession,
  file: ClaimFile,
  options: ClaimOptions,
): Promise<Claim> {
  switch (file.kind) {
    case "evidence":
      return ofDoubleSpend(session, file.evidence, options);
    case "receipt":
      return await ofReceipt(session, file.receipt, awardsOf(options), options);
    case "certificate":
      return await ofCertificate(session, file.certificate, awardsOf(options), options);
    case "bundle": {
      const { bundle } = file;
      const awards = options.awards ?? awardsOfLast(bundle);
      if (options.certificate !== undefined)
        return await ofCertificate(session, certificateIn(bundle, options), awards, options);
      return await ofReceipt(session, receiptIn(bundle, options), awards, options);
    }
  }
}

function ofDoubleSpend(
  session: AdminSession,
  evidence: Evidence,
  { coin, argument }: ClaimOptions,
): Claim {
  const { network } = session;
  const { losses } = checkEvidence(evidence, network, verifier);
  const found = theOne(losses, ({ doubleSpend }) => doubleSpend.outpoint, coin);
  const { outpoint, amount, custodian, lostId } = found.doubleSpend;
  const loss = evidence.losses[losses.indexOf(found)]!;
  const proof = proofOf(fromHex(network.networkId, 32), evidence, loss);
  return {
    says: `claim ${session.format(amount)} of member ${custodian}, for coin ${outpoint} that its device spent twice, to be paid to record ${lostId}`,
    call: openDoubleSpend(proof, argument),
  };
}

async function ofReceipt(
  session: AdminSession,
  receipt: SignedReceipt,
  awards: readonly Award[],
  { argument, issuer }: ClaimOptions,
): Promise<Claim> {
  const { outpoint, output } = receipt;
  const { custodian } = output;
  const key = await signerOf(session, custodian, issuer, (id, candidate) =>
    checkReceiptSignature(id, receipt, candidate, verifier),
  );
  return {
    says: `claim ${wordsFor(session, awards)} of member ${custodian}, whose receipt vouches for coin ${outpoint} of ${session.format(output.amount)}`,
    call: openFalseReceipt({ bytes: receipt.bytes, issuer: key }, awards, argument),
  };
}

async function ofCertificate(
  session: AdminSession,
  certificate: SignedCertificate,
  awards: readonly Award[],
  { argument, issuer }: ClaimOptions,
): Promise<Claim> {
  const { member, deviceKey, bytes } = certificate;
  const key = await signerOf(session, member, issuer, (id, candidate) =>
    checkCertificateSignature(id, certificate, candidate, verifier),
  );
  return {
    says: `claim ${wordsFor(session, awards)} of member ${member}, which certified key owner ${ownerOf(deviceKey)} and never enrolled it`,
    call: openFalseCertificate({ bytes, issuer: key }, awards, argument),
  };
}

/** The member's key that signed: the present one, unless another is named. @throws Refusal `bad-signature`. */
async function signerOf(
  session: AdminSession,
  member: MemberId,
  issuer: Hex | undefined,
  check: (networkId: Uint8Array, key: Uint8Array) => void,
): Promise<Uint8Array> {
  const key = issuer === undefined ? (await session.member(member)).issuer : fromHex(issuer, 33);
  try {
    check(fromHex(session.network.networkId, 32), key);
    return key;
  } catch (error) {
    if (!isRefusal(error, "bad-signature") || issuer !== undefined) throw error;
    throw new Refusal(
      "bad-signature",
      `it is not signed by the issuer key that member ${member} has now: if an earlier one signed it, name that with --issuer`,
    );
  }
}

function receiptIn({ receipts }: Bundle, { coin }: ClaimOptions): SignedReceipt {
  return theOne(receipts, ({ outpoint }) => outpoint, coin);
}

function certificateIn({ certificates }: Bundle, { certificate }: ClaimOptions): SignedCertificate {
  return theOne(certificates, ({ deviceKey }) => ownerOf(deviceKey), certificate);
}

/** @throws Refusal `malformed` naming those there are, where it is not said which. */
function theOne<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  wanted: string | undefined,
): T {
  const found = wanted === undefined ? items : items.filter((item) => nameOf(item) === wanted);
  const [one, second] = found;
  if (one !== undefined && second === undefined) return one;
  const names = items.map(nameOf).join(", ");
  throw new Refusal("malformed", `say which one of the file it is about: ${names}`);
}

/** Whom the last record of a bundle pays: who signed it has no claim. */
function awardsOfLast({ records }: Bundle): Award[] {
  const last = records.at(-1)!;
  const payer = ownerOf(last.signer);
  return last.outputs
    .filter(({ lock: kind, owner }) => kind === lock.key && owner !== payer)
    .map(({ owner, custodian, amount }) => ({ owner, custodian, amount }));
}

function awardsOf({ awards }: ClaimOptions): readonly Award[] {
  if (awards !== undefined) return awards;
  throw new Refusal(
    "malformed",
    "say with --award who is to be paid: a receipt or certificate alone does not",
  );
}

function wordsFor(session: AdminSession, awards: readonly Award[]): string {
  return awards
    .map(
      ({ owner, custodian, amount }) =>
        `${session.format(amount)} for ${owner} with member ${custodian}`,
    )
    .join(" and ");
}
