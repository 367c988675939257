/** Enrolments, deposits, and what is no leaf. Checked by the TypeScript and the Solidity decoder alike. */
import { toHex } from "../../protocol/bytes.ts";
import {
  decodeDeposit,
  type Deposit,
  depositId,
  depositOutpoint,
  encodeDeposit,
} from "../../protocol/deposit.ts";
import {
  checkConsent,
  consentMessage,
  decodeEnrolment,
  enrolmentId,
  signEnrolment,
} from "../../protocol/enrolment.ts";
import { decodeLeaf, leafHash } from "../../protocol/leaf.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { lock } from "../../protocol/output.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, key, networkId } from "./keys.ts";
import { pay, payee, payer } from "./parties.ts";
import { type Bad, bad, badLengths, type Good, patch, plain, type Vectors } from "./vector.ts";

/** No point of P-256 has x = 1. */
const offCurve = [...new Uint8Array(31), 1];
const treasury = key("treasury");

export function deposits(): Vectors {
  const deposit: Deposit = { seq: 5, output: pay(treasury, 1_000_000n, 1) };
  const largest: Deposit = {
    seq: Number.MAX_SAFE_INTEGER,
    output: pay(treasury, AMOUNT_MAX, 65_535),
  };
  const encoded = encodeDeposit(deposit);
  return {
    good: [goodDeposit("a deposit", deposit), goodDeposit("the largest", largest)],
    bad: [
      ...badLengths(encoded, decodeDeposit),
      bad("a record's kind", patch(encoded, 0, 1), decodeDeposit),
      bad("a seq of 2^53", patch(encoded, 1, 0, 0x20, 0, 0, 0, 0, 0, 0), decodeDeposit),
      bad("a lock of a claim", patch(encoded, 9, lock.claim), decodeDeposit),
      bad("a lock of a replacement", patch(encoded, 9, lock.replacement), decodeDeposit),
      bad("an unknown lock", patch(encoded, 9, 4), decodeDeposit),
      bad("an amount of zero", patch(encoded, 32, 0, 0, 0, 0, 0, 0, 0, 0), decodeDeposit),
    ],
  };
}

export async function enrolments(): Promise<Vectors> {
  const issuer = key("issuer");
  const make = async (envelope: Uint8Array, member = 2) =>
    signEnrolment(
      networkId,
      {
        deviceKey: payee.publicKey,
        member,
        consent: await payee.sign(consentMessage(networkId, member)),
        envelope,
      },
      issuer,
    );
  const plainOne = await make(bytes("identity", 140));
  const whole = [
    ["an enrolment", plainOne],
    ["with no envelope", await make(new Uint8Array())],
    ["with the longest envelope", await make(bytes("longest", 512))],
  ] as const;
  const encoded = plainOne.bytes;
  const check = (input: Uint8Array) =>
    checkConsent(networkId, decodeEnrolment(input), portableVerifier);
  const otherMember = (await make(new Uint8Array(), 3)).consent;
  return {
    good: whole.map(([name, enrolment]) => ({
      name,
      bytes: toHex(enrolment.bytes),
      expected: {
        ...(plain({ ...enrolment, bytes: undefined, kind: 4 }) as object),
        id: enrolmentId(networkId, enrolment),
        leafHash: leafHash(enrolment.bytes),
        issuer: toHex(issuer.publicKey),
      },
    })),
    bad: [
      ...badLengths(encoded, decodeEnrolment),
      bad("a record's kind", patch(encoded, 0, 1), decodeEnrolment),
      bad("a key of no such form", patch(encoded, 1, 4), decodeEnrolment),
      bad("an envelope of 513 bytes", patch(encoded, 164, 2, 1), decodeEnrolment),
      bad("a key that is not on the curve", patch(encoded, 2, ...offCurve), check),
      bad("consent to another member", patch(encoded, 100, ...otherMember), check),
      bad("consent of another key", patch(encoded, 1, ...payer.publicKey), check),
    ],
  };
}

/** What no decoder of leaves takes: kinds that are not a batch's. */
export function kinds(): Bad[] {
  const deposit = encodeDeposit({ seq: 5, output: pay(treasury, 1n, 1) });
  return [
    bad("a deposit in a batch", deposit, decodeLeaf),
    bad("kind 5", Uint8Array.of(5), decodeLeaf),
    bad("kind 15", Uint8Array.of(15), decodeLeaf),
    bad("kind 16, not of version 1", Uint8Array.of(16), decodeLeaf),
    bad("a leaf of no bytes", new Uint8Array(), decodeLeaf),
  ];
}

function goodDeposit(name: string, deposit: Deposit): Good {
  return {
    name,
    bytes: toHex(encodeDeposit(deposit)),
    expected: {
      ...(plain(deposit) as object),
      id: depositId(networkId, deposit),
      outpoint: depositOutpoint(networkId, deposit),
    },
  };
}
