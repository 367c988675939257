/** Certificates, receipts and the lists: what banks and the authority sign for devices to show. */
import { decodeCertificate, checkCertificateSignature } from "../../protocol/certificate.ts";
import {
  checkEmergencyProfileSignature,
  decodeEmergencyProfile,
  type EmergencyProfile,
  signEmergencyProfile,
} from "../../protocol/emergency-profile.ts";
import {
  checkRevocationListSignature,
  checkTrustListSignature,
  decodeRevocationList,
  decodeTrustList,
  prefixOf,
  type RevocationList,
  signRevocationList,
  signTrustList,
  type TrustList,
} from "../../protocol/lists.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { lock } from "../../protocol/output.ts";
import { checkReceiptSignature, decodeReceipt } from "../../protocol/receipt.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { key, networkId } from "./keys.ts";
import { authority, certify, coin, issuers, now, pay, payee, payer, vouch } from "./parties.ts";
import { bad, badLengths, good, patch, type Vectors } from "./vector.ts";

/** No point of P-256 has x = 1. */
const offCurve = [2, ...new Uint8Array(31), 1];
const zeros = (length: number) => new Uint8Array(length);

export async function certificates(): Promise<Vectors> {
  const plainOne = await certify(payer, 1);
  const encoded = plainOne.bytes;
  const host = await certify(payer, 1, { class: "host", maxDepth: 0 });
  const check = (input: Uint8Array) =>
    checkCertificateSignature(
      networkId,
      decodeCertificate(input),
      issuers[0].publicKey,
      portableVerifier,
    );
  const foreign = await certify(payer, 2, { member: 1 });
  return {
    good: [
      good("of a person", plainOne),
      good("of a shop", await certify(payee, 2, { label: "Café de l’Échiquier, Łódź" })),
      good("a label of 32 bytes", await certify(payee, 2, { label: "x".repeat(32) })),
      good(
        "a label that begins with a byte order mark",
        await certify(payee, 2, { label: "\ufeffShop" }),
      ),
      good("of software", await certify(payer, 1, { class: "software" })),
      good("of a host", host),
      good("of a chip", await certify(payer, 1, { class: "chip" })),
      good("of a terminal", await certify(payee, 2, { class: "terminal", label: "Till 3" })),
      good("of a merchant", await certify(payee, 2, { class: "merchant" })),
      good(
        "without limits for one payment or their count",
        await certify(payer, 1, { maxPayment: 0n, maxCount: 0, windowS: 0 }),
      ),
      good(
        "the largest of everything",
        await certify(payer, 1, {
          notAfter: Number.MAX_SAFE_INTEGER,
          maxPayment: AMOUNT_MAX,
          maxBalance: AMOUNT_MAX,
          maxCount: 65_535,
          windowS: 2 ** 32 - 1,
          maxDepth: 255,
        }),
      ),
    ],
    bad: [
      ...badLengths(encoded, decodeCertificate),
      bad("a key that is not on the curve", patch(encoded, 0, ...offCurve), decodeCertificate),
      bad("class 0", patch(encoded, 35, 0), decodeCertificate),
      bad("class 7", patch(encoded, 35, 7), decodeCertificate),
      bad("a notBefore of 2^53", patch(encoded, 52, 0, 0x20, ...zeros(6)), decodeCertificate),
      bad(
        "a notAfter that is not after notBefore",
        patch(encoded, 60, ...encoded.slice(52, 60)),
        decodeCertificate,
      ),
      bad("a maxBalance of zero", patch(encoded, 76, ...zeros(8)), decodeCertificate),
      bad("a count without a window", patch(encoded, 86, ...zeros(4)), decodeCertificate),
      bad("a host that spends what it received", patch(host.bytes, 90, 1), decodeCertificate),
      bad("a label of 33 bytes", patch(encoded, 123, 33), decodeCertificate),
      bad(
        "a label that is not UTF-8",
        patch((await certify(payer, 1, { label: "x" })).bytes, 124, 0xff),
        decodeCertificate,
      ),
      bad("signed by another bank", foreign.bytes, check),
      bad("a limit raised after signing", patch(encoded, 68, 1), check),
    ],
  };
}

export async function receipts(): Promise<Vectors> {
  const plainOne = await vouch(coin("coin"), pay(payer, 1_000n, 1));
  const encoded = plainOne.bytes;
  const check = (input: Uint8Array) =>
    checkReceiptSignature(networkId, decodeReceipt(input), issuers[0].publicKey, portableVerifier);
  return {
    good: [
      good("of a coin", plainOne),
      good(
        "of the last output and the largest amount",
        await vouch(coin("coin", 15), pay(payer, AMOUNT_MAX, 2)),
      ),
      good(
        "of a coin with a claim on it",
        await vouch(coin("coin"), { ...pay(payer, 1n, 1), lock: lock.claim }),
      ),
    ],
    bad: [
      ...badLengths(encoded, decodeReceipt),
      bad("of a burn", patch(encoded, 33, lock.burn, ...zeros(20)), decodeReceipt),
      bad("of a replacement", patch(encoded, 33, lock.replacement), decodeReceipt),
      bad("of nothing", patch(encoded, 56, ...zeros(8)), decodeReceipt),
      bad("a seq of 2^53", patch(encoded, 64, 0, 0x20, ...zeros(6)), decodeReceipt),
      bad(
        "a notAfter that is not after issued",
        patch(encoded, 80, ...encoded.slice(72, 80)),
        decodeReceipt,
      ),
      bad("an amount raised after signing", patch(encoded, 56, 1), check),
      bad(
        "signed by another bank",
        (await vouch(coin("coin"), pay(payer, 1_000n, 2))).bytes,
        check,
      ),
    ],
  };
}

export async function revocationLists(): Promise<Vectors> {
  const prefixes = ["a", "b", "c"].map((name) => prefixOf(key(name).owner)).toSorted();
  const fields: RevocationList = { member: 1, version: 3, issued: now, prefixes };
  const list = await signRevocationList(networkId, fields, issuers[0]);
  const encoded = list.bytes;
  const check = (input: Uint8Array) =>
    checkRevocationListSignature(
      networkId,
      decodeRevocationList(input),
      issuers[0].publicKey,
      portableVerifier,
    );
  const [first, second] = [encoded.slice(16, 24), encoded.slice(24, 32)];
  return {
    good: [
      good("three devices", list),
      good("none", await signRevocationList(networkId, { ...fields, prefixes: [] }, issuers[0])),
    ],
    bad: [
      ...badLengths(encoded, decodeRevocationList),
      bad("prefixes that descend", patch(encoded, 16, ...second, ...first), decodeRevocationList),
      bad("a prefix twice", patch(encoded, 24, ...first), decodeRevocationList),
      bad("an issued of 2^53", patch(encoded, 6, 0, 0x20, ...zeros(6)), decodeRevocationList),
      bad("a version raised after signing", patch(encoded, 5, 4), check),
      bad(
        "signed by another bank",
        (await signRevocationList(networkId, fields, issuers[1])).bytes,
        check,
      ),
    ],
  };
}

export async function trustLists(): Promise<Vectors> {
  const member = (number: number, name: string) => ({
    member: number,
    status: 1 as const,
    issuer: issuers[number - 1]!.publicKey,
    guarantee: 500_000n,
    name,
  });
  const previousIssuer = key("issuer 2 before").publicKey;
  const fields: TrustList = {
    version: 7,
    issued: now,
    notAfter: now + 30 * 86_400_000,
    nextTrustKey: authority.publicKey,
    members: [member(1, "First Bank"), { ...member(2, "Second Bank"), previousIssuer }],
  };
  const list = await signTrustList(networkId, fields, authority);
  const encoded = list.bytes;
  const row = 55;
  const check = (input: Uint8Array) =>
    checkTrustListSignature(
      networkId,
      decodeTrustList(input),
      authority.publicKey,
      portableVerifier,
    );
  const next = { ...fields, version: 8, nextTrustKey: key("authority after").publicKey };
  return {
    good: [
      good("two members, one with a key before", list),
      good("a change of the trust key", await signTrustList(networkId, next, authority)),
      good("no members", await signTrustList(networkId, { ...fields, members: [] }, authority)),
      good(
        "suspended and removed members",
        await signTrustList(
          networkId,
          {
            ...fields,
            members: [
              { ...member(1, ""), status: 2 },
              { ...member(2, "x".repeat(32)), status: 3 },
            ],
          },
          authority,
        ),
      ),
    ],
    bad: [
      ...badLengths(encoded, decodeTrustList),
      bad(
        "a notAfter that is not after issued",
        patch(encoded, 12, ...encoded.slice(4, 12)),
        decodeTrustList,
      ),
      bad("a next key that is not on the curve", patch(encoded, 20, ...offCurve), decodeTrustList),
      bad("1,025 members", patch(encoded, 53, 4, 1), decodeTrustList),
      bad("member 0", patch(encoded, row, 0, 0), decodeTrustList),
      bad("members that do not ascend", patch(encoded, row, 0, 2), decodeTrustList),
      bad("status 4", patch(encoded, row + 2, 4), decodeTrustList),
      bad(
        "an issuer that is not on the curve",
        patch(encoded, row + 3, ...offCurve),
        decodeTrustList,
      ),
      bad(
        "a key before that is not on the curve",
        patch(encoded, row + 36, ...offCurve),
        decodeTrustList,
      ),
      bad("a name of 33 bytes", patch(encoded, row + 77, 33), decodeTrustList),
      bad("a name that is not UTF-8", patch(encoded, row + 78, 0xff), decodeTrustList),
      bad("a guarantee raised after signing", patch(encoded, row + 69, 1), check),
      bad("signed by a bank", (await signTrustList(networkId, fields, issuers[0])).bytes, check),
    ],
  };
}

export async function emergencyProfiles(): Promise<Vectors> {
  const fields: EmergencyProfile = {
    version: 4,
    issued: now,
    notBefore: now + 3_600_000,
    notAfter: now + 3 * 86_400_000,
    factors: { payment: 200, count: 150, balance: 300, depth: 50 },
    places: ["CN-31", "DE"],
  };
  const sign = (changed: Partial<EmergencyProfile>, by = authority) =>
    signEmergencyProfile(networkId, { ...fields, ...changed }, by);
  const profile = await sign({});
  const encoded = profile.bytes;
  const check = (input: Uint8Array) =>
    checkEmergencyProfileSignature(
      networkId,
      decodeEmergencyProfile(input),
      authority.publicKey,
      portableVerifier,
    );
  const places = 36;
  const longest = (_: unknown, i: number) => `X${String(i).padStart(2, "0")}`.padEnd(24, "Z");
  return {
    good: [
      good("two places", profile),
      good("everywhere", await sign({ places: [] })),
      good("in force before it was issued", await sign({ notBefore: 0 })),
      good(
        "nothing may be paid",
        await sign({ factors: { payment: 0, count: 0, balance: 0, depth: 0 } }),
      ),
      good(
        "the largest factors in sixteen places of 24 letters",
        await sign({
          factors: { payment: 65_535, count: 65_535, balance: 65_535, depth: 65_535 },
          places: Array.from({ length: 16 }, longest),
        }),
      ),
    ],
    bad: [
      ...badLengths(encoded, decodeEmergencyProfile),
      bad("an issued of 2^53", patch(encoded, 4, 0, 0x20, ...zeros(6)), decodeEmergencyProfile),
      bad(
        "an end that is the beginning",
        patch(encoded, 20, ...encoded.slice(12, 20)),
        decodeEmergencyProfile,
      ),
      bad(
        "an end before it was issued",
        patch((await sign({ notBefore: 0 })).bytes, 20, ...encoded.slice(4, 12)),
        decodeEmergencyProfile,
      ),
      bad("seventeen places", patch(encoded, places, 17), decodeEmergencyProfile),
      bad("a place of 25 letters", patch(encoded, places + 1, 25), decodeEmergencyProfile),
      bad("a place without a name", patch(encoded, places + 1, 0), decodeEmergencyProfile),
      bad("a place in small letters", patch(encoded, places + 2, 0x63), decodeEmergencyProfile),
      bad(
        "a place that begins with a hyphen",
        patch(encoded, places + 2, 0x2d),
        decodeEmergencyProfile,
      ),
      bad("places that descend", patch(encoded, places + 2, 0x44, 0x46), decodeEmergencyProfile),
      bad("a factor raised after signing", patch(encoded, places - 8, 1), check),
      bad("signed by a bank", (await sign({}, issuers[0])).bytes, check),
    ],
  };
}
