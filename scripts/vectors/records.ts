/** Records of every kind. Checked by the TypeScript and the Solidity decoder alike. */
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { NOBODY, ownerOf } from "../../protocol/key.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { lock, type Output, OUTPUT_LENGTH } from "../../protocol/output.ts";
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
import { coin, pay, payee, payer } from "./parties.ts";
import { type Bad, bad, badLengths, type Good, patch, plain, type Vectors } from "./vector.ts";

const treasury = key("treasury");
const secret = bytes("secret", 32);

const body: RecordBody = {
  kind: "spend",
  inputs: [coin("coin")],
  outputs: [pay(payee, 700n, 2), pay(payer, 300n, 1)],
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

export async function records(): Promise<Vectors> {
  const memo = bytes("memo", 90);
  const sixteen = Array.from({ length: 16 }, (_, i) => coin("many", i));
  const signed: [string, SignedRecord][] = [
    ["one input, two outputs", await signRecord(networkId, body, payer)],
    ["one input, one output", await sign({ outputs: [pay(payee, 1n, 2)] })],
    [
      "sixteen inputs, sixteen outputs of the largest amount",
      await sign({
        inputs: sixteen,
        outputs: sixteen.map(() => pay(payee, AMOUNT_MAX, 2)),
        counter: Number.MAX_SAFE_INTEGER,
        time: Number.MAX_SAFE_INTEGER,
      }),
    ],
    ["an amount of 2^53", await sign({ outputs: [pay(payee, 2n ** 53n, 2)] })],
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
      await sign({
        outputs: [{ ...pay(payee, 1000n, 2), lock: lock.claim, owner: ownerOf(secret) }],
      }),
    ],
    ["a burn", await burn()],
    ["a claim", await claim()],
    [
      "a reclaim",
      await signRecord(
        networkId,
        { ...body, kind: "reclaim", outputs: [pay(treasury, 1000n, 1)] },
        treasury,
      ),
    ],
  ];
  return {
    good: signed.map(([name, record]) => goodRecord(name, record)),
    bad: await badRecords(),
  };
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
      encode({ outputs: seventeen.map(() => pay(payee, 1n, 2)) }),
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
  const fields: RecordBody = { ...body, kind: "claim", outputs: [pay(payee, 1000n, 2)] };
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
