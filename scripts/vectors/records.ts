/** Leaves of kinds 0 to 4: deposits, records, enrolments. Checked by the TypeScript and the Solidity decoder alike. */
import { fromHex, toHex } from "../../protocol/bytes.ts";
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
import { NOBODY, ownerOf } from "../../protocol/key.ts";
import { decodeLeaf, leafHash } from "../../protocol/leaf.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { lock, type Output, OUTPUT_LENGTH, outpointOf } from "../../protocol/output.ts";
import {
  auditOf,
  checkRecordSignature,
  decodeRecord,
  encodeRecord,
  recordId,
  type RecordBody,
  type SignedRecord,
  signRecord,
} from "../../protocol/record.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, key, networkId } from "./keys.ts";
import { type Bad, bad, badLengths, type Good, patch, plain } from "./vector.ts";

const payer = key("payer");
const payee = key("payee");
const treasury = key("treasury");
const secret = bytes("secret", 32);

const coin = (name: string, index = 0) => outpointOf(bytes(name, 32), index);
const pay = (owner: typeof payee.owner, amount: bigint, custodian = 2): Output => ({
  lock: lock.key,
  owner,
  custodian,
  amount,
});

const body: RecordBody = {
  kind: "spend",
  inputs: [coin("coin")],
  outputs: [pay(payee.owner, 700n), pay(payer.owner, 300n, 1)],
  counter: 1,
  time: 1_790_000_000_000,
  nonce: bytes("nonce", 16),
  audit: auditOf(new Uint8Array()),
};

/** Where the fields of the record with one input and two outputs stand. */
const at = {
  kind: 0,
  inputs: 1,
  outputs: 35,
  lock: 36,
  owner: 37,
  amount: 59,
  counter: 98,
  time: 106,
  audit: 130,
  signer: 162,
  signature: 195,
  preimage: 259,
  envelope: 260,
} as const;

export async function records(): Promise<{ good: Good[]; bad: Bad[] }> {
  const memo = bytes("memo", 90);
  const sixteen = Array.from({ length: 16 }, (_, i) => coin("many", i));
  const signed: [string, SignedRecord][] = [
    ["one input, two outputs", await signRecord(networkId, body, payer)],
    ["one input, one output", await sign({ outputs: [pay(payee.owner, 1n)] })],
    [
      "sixteen inputs, sixteen outputs of the largest amount",
      await sign({
        inputs: sixteen,
        outputs: sixteen.map(() => pay(payee.owner, AMOUNT_MAX)),
        counter: Number.MAX_SAFE_INTEGER,
        time: Number.MAX_SAFE_INTEGER,
      }),
    ],
    ["an amount of 2^53", await sign({ outputs: [pay(payee.owner, 2n ** 53n)] })],
    [
      "a sealed memo",
      await signRecord(networkId, { ...body, audit: auditOf(memo) }, payer, { envelope: memo }),
    ],
    [
      "the longest envelope",
      await signRecord(networkId, { ...body, audit: auditOf(bytes("longest", 512)) }, payer, {
        envelope: bytes("longest", 512),
      }),
    ],
    [
      "an output that a secret opens",
      await sign({ outputs: [{ ...pay(ownerOf(secret), 1000n), lock: lock.claim }] }),
    ],
    ["a burn", await burn()],
    ["a claim", await claim()],
    [
      "a reclaim",
      await signRecord(
        networkId,
        { ...body, kind: "reclaim", outputs: [pay(treasury.owner, 1000n, 1)] },
        treasury,
      ),
    ],
  ];
  return {
    good: signed.map(([name, record]) => goodRecord(name, record)),
    bad: await badRecords(),
  };
}

export function deposits(): { good: Good[]; bad: Bad[] } {
  const deposit: Deposit = { seq: 5, output: pay(treasury.owner, 1_000_000n, 1) };
  const largest: Deposit = {
    seq: Number.MAX_SAFE_INTEGER,
    output: pay(treasury.owner, AMOUNT_MAX, 65_535),
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

export async function enrolments(): Promise<{ good: Good[]; bad: Bad[] }> {
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
  const deposit = encodeDeposit({ seq: 5, output: pay(treasury.owner, 1n, 1) });
  return [
    bad("a deposit in a batch", deposit, decodeLeaf),
    bad("kind 5", Uint8Array.of(5), decodeLeaf),
    bad("kind 15", Uint8Array.of(15), decodeLeaf),
    bad("kind 16, not of version 1", Uint8Array.of(16), decodeLeaf),
    bad("a leaf of no bytes", new Uint8Array(), decodeLeaf),
  ];
}

/** No point of P-256 has x = 1. */
const offCurve = [...new Uint8Array(31), 1];

async function badRecords(): Promise<Bad[]> {
  const good = (await signRecord(networkId, body, payer)).bytes;
  const claimed = (await claim()).bytes;
  const burnt = (await burn()).bytes;
  const check = (input: Uint8Array) =>
    checkRecordSignature(networkId, decodeRecord(input), portableVerifier);
  const two = [coin("coin", 1), coin("coin", 0)];
  const unsigned = { ...body, signer: payer.publicKey, signature: new Uint8Array(64) };
  const encode = (fields: Partial<SignedRecord>) =>
    encodeRecord({ ...unsigned, envelope: new Uint8Array(), ...fields });
  const seventeen = Array.from({ length: 17 }, (_, i) => coin("many", i));
  const other = await sign({ counter: 2 });
  return [
    ...badLengths(good, decodeRecord),
    bad("a deposit's kind", patch(good, at.kind, 0), decodeRecord),
    bad("an enrolment's kind", patch(good, at.kind, 4), decodeRecord),
    bad("no inputs", encode({ inputs: [] }), decodeRecord),
    bad("seventeen inputs", encode({ inputs: seventeen }), decodeRecord),
    bad("inputs that descend", encode({ inputs: two }), decodeRecord),
    bad("an input twice", encode({ inputs: [coin("coin"), coin("coin")] }), decodeRecord),
    bad("a claim of two inputs", encode({ kind: "claim", inputs: two.toReversed() }), decodeRecord),
    bad("no outputs", encode({ outputs: [] }), decodeRecord),
    bad(
      "seventeen outputs",
      encode({ outputs: seventeen.map(() => pay(payee.owner, 1n)) }),
      decodeRecord,
    ),
    bad("an output of a replacement", patch(good, at.lock, lock.replacement), decodeRecord),
    bad("an unknown lock", patch(good, at.lock, 4), decodeRecord),
    bad("a burn with an owner", patch(burnt, at.owner, 1), decodeRecord),
    bad("an amount of zero", patch(good, at.amount, 0, 0, 0, 0, 0, 0, 0, 0), decodeRecord),
    bad("a counter of 2^53", patch(good, at.counter, 0, 0x20, 0, 0, 0, 0, 0, 0), decodeRecord),
    bad("a time of 2^53", patch(good, at.time, 0, 0x20, 0, 0, 0, 0, 0, 0), decodeRecord),
    bad("an audit hash without an envelope", patch(good, at.audit, 1), decodeRecord),
    bad(
      "an envelope of another hash",
      encode({ envelope: bytes("memo", 90), audit: bytes("audit", 32) }),
      decodeRecord,
    ),
    bad("a signer of no such form", patch(good, at.signer, 4), decodeRecord),
    bad("a spend with a preimage", encode({ preimage: secret }), decodeRecord),
    bad("a claim without a preimage", encode({ kind: "claim" }), decodeRecord),
    bad(
      "a preimage of 31 bytes",
      encode({ kind: "claim", preimage: secret.slice(1) }),
      decodeRecord,
    ),
    bad("a preimage of 33 bytes", patch(claimed, at.preimage - OUTPUT_LENGTH, 33), decodeRecord),
    bad("an envelope of 513 bytes", patch(good, at.envelope, 2, 1), decodeRecord),
    bad("a signer that is not on the curve", patch(good, at.signer + 1, ...offCurve), check),
    bad("a signature of another record", patch(good, at.signature, ...other.signature), check),
    bad("a signature of another key", patch(good, at.signer, ...payee.publicKey), check),
    bad("a signature of zeros", patch(good, at.signature, ...new Uint8Array(64)), check),
    bad("a signature with high s", patch(good, at.signature + 32, ...highS(good)), check),
    bad("an amount changed after signing", patch(good, at.amount + 7, 1), check),
  ];
}

function sign(fields: Partial<RecordBody>): Promise<SignedRecord> {
  return signRecord(networkId, { ...body, ...fields }, payer);
}

function burn(): Promise<SignedRecord> {
  const output: Output = { lock: lock.burn, owner: NOBODY, custodian: 1, amount: 1000n };
  return signRecord(networkId, { ...body, outputs: [output] }, treasury);
}

function claim(): Promise<SignedRecord> {
  const fields: RecordBody = { ...body, kind: "claim", outputs: [pay(payee.owner, 1000n)] };
  return signRecord(networkId, fields, treasury, { preimage: secret, envelope: new Uint8Array() });
}

/** n − s of the record's signature. */
function highS(record: Uint8Array): Uint8Array {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = BigInt(toHex(record.subarray(at.signature + 32, at.signature + 64)));
  return fromHex(`0x${(n - s).toString(16).padStart(64, "0")}`, 32);
}

function goodRecord(name: string, record: SignedRecord): Good {
  const kinds = { spend: 1, claim: 2, reclaim: 3 };
  const { bytes: leaf, body: signed, kind, ...fields } = record;
  return {
    name,
    bytes: toHex(leaf),
    expected: {
      kind: kinds[kind],
      ...(plain(fields) as object),
      id: recordId(networkId, signed),
      leafHash: leafHash(leaf),
      bodyLength: signed.length,
    },
  };
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
