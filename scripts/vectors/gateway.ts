/** What devices ask of gateways, what gateways reply, and what they sign for it. */
import {
  acknowledgedRoot,
  checkAcknowledgement,
  decodeAcknowledgement,
  encodeAcknowledgement,
  signAcknowledgement,
} from "../../protocol/acknowledgement.ts";
import type { Answer } from "../../protocol/answer.ts";
import type { Ask } from "../../protocol/ask.ts";
import { type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import {
  type DeviceReply,
  decodeDeviceReply,
  encodeDeviceReply,
} from "../../protocol/device-reply.ts";
import {
  checkDeviceRequestSignature,
  decodeDeviceRequest,
  type SignedDeviceRequest,
  signDeviceRequest,
} from "../../protocol/device-request.ts";
import { consentMessage, signEnrolment } from "../../protocol/enrolment.ts";
import { sealingKeyOf } from "../../protocol/hpke.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { signRevocationList } from "../../protocol/lists.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { outpointsOf, recordId } from "../../protocol/record.ts";
import { openDeviceRequest, sealDeviceRequest } from "../../protocol/sealed-request.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import {
  checkStatement,
  decodeStatement,
  encodeStatement,
  signStatement,
} from "../../protocol/statement.ts";
import { bytes, key, networkId, random } from "./keys.ts";
import { certify, coin, issuers, now, pay, payee, payer, spend, vouch } from "./parties.ts";
import {
  type Bad,
  bad,
  badAsync,
  badLengths,
  fieldsOf,
  good,
  patch,
  type Vectors,
} from "./vector.ts";

/** Where an ask begins in its request, and an answer in its reply. */
const ASK = 64;
const ANSWER = 18;

export async function deviceRequests(): Promise<Vectors> {
  const payment = await spend([coin("coin")], [pay(payee, 700n, 1), pay(payer, 300n, 1)], payer);
  const redeemed = await spend([coin("second")], [pay(issuers[0], 500n, 1)], payer, 2);
  const consent = await payer.sign(consentMessage(networkId, 1));
  const outpoints = outpointsOf(networkId, payment).toSorted();
  const id = recordId(networkId, payment.body);
  const versions = [
    { member: 0, version: 7 },
    { member: 1, version: 3 },
  ];
  const asks: [string, Ask][] = [
    [
      "enrol",
      { kind: "enrol", consent, class: "element", label: "", credential: utf8.encode("token") },
    ],
    [
      "enrol, with the longest label and credential",
      {
        kind: "enrol",
        consent,
        class: "software",
        label: "x".repeat(32),
        credential: bytes("token", 1024),
      },
    ],
    ["certify", { kind: "certify" }],
    ["load, in coins of the bank's choice", load([], AMOUNT_MAX)],
    ["load, in parts", load([60n, 30n, 10n])],
    ["redeem", { kind: "redeem", record: redeemed }],
    ["submit one leaf", { kind: "submit", leaves: [payment.bytes] }],
    ["submit two", { kind: "submit", leaves: [payment.bytes, redeemed.bytes] }],
    ["status of one", { kind: "status", ids: [id] }],
    ["status of the same, twice", { kind: "status", ids: [id, id] }],
    ["receipts for two coins", { kind: "receipts", outpoints }],
    ["receipts for all there are", { kind: "receipts", outpoints: [] }],
    ["lists newer than two", { kind: "lists", versions }],
    ["lists, holding none", { kind: "lists", versions: [] }],
  ];
  const signed = new Map<string, SignedDeviceRequest>();
  for (const [name, ask] of asks) signed.set(name, await request(ask));
  const encoded = (name: string) => signed.get(name)!.bytes;
  const certify = encoded("certify");
  const parts = encoded("load, in parts");
  const two = encoded("receipts for two coins");
  const lists = encoded("lists newer than two");
  const check = (input: Uint8Array) =>
    checkDeviceRequestSignature(networkId, decodeDeviceRequest(input), portableVerifier);
  return {
    good: [...signed].map(([name, value]) => good(name, value)),
    bad: [
      ...badLengths(certify, decodeDeviceRequest),
      badRequest("kind 0", patch(certify, 0, 0)),
      badRequest("kind 9", patch(certify, 0, 9)),
      badRequest("a device key of no such form", patch(certify, 3, 4)),
      badRequest("a signedTime of 2^53", patch(certify, 36, 0, 0x20, ...new Uint8Array(6))),
      badRequest("a payload of more than 2 MiB", patch(certify, 60, 0, 0x20, 0, 1)),
      badRequest("a payload longer than its ask", patch(certify, 63, 1)),
      badRequest("a payload shorter than its ask", patch(parts, 63, parts[63]! - 1)),
      badRequest("class 0", patch(encoded("enrol"), ASK + 64, 0)),
      badRequest("a label of 33 bytes", patch(encoded("enrol"), ASK + 65, 33)),
      badRequest("a credential of 1,025 bytes", patch(encoded("enrol"), ASK + 66, 4, 1)),
      badRequest("a load of nothing", patch(parts, ASK + 16, ...new Uint8Array(8))),
      badRequest("parts that make up another amount", patch(parts, ASK + 23, 101)),
      badRequest("a part of nothing", patch(parts, ASK + 25, ...new Uint8Array(8))),
      badRequest("seventeen parts", patch(parts, ASK + 24, 17)),
      badRequest("a redemption that is no record", patch(encoded("redeem"), ASK, 4)),
      badRequest("no leaves", patch(encoded("submit one leaf"), ASK, 0, 0)),
      badRequest("4,097 leaves", patch(encoded("submit one leaf"), ASK, 0x10, 1)),
      badRequest("a leaf longer than any", patch(encoded("submit one leaf"), ASK + 2, 0, 0, 7, 0)),
      badRequest("no ids", patch(encoded("status of one"), ASK, 0, 0)),
      badRequest("1,025 ids", patch(encoded("status of one"), ASK, 4, 1)),
      badRequest("outpoints that descend", patch(two, ASK + 34, two[ASK + 67]! + 1)),
      badRequest("1,025 outpoints", patch(two, ASK, 4, 1)),
      badRequest("seventeen lists", patch(lists, ASK, 17)),
      badRequest("lists that do not ascend", patch(lists, ASK + 7, 0, 0)),
      bad("a key that is not on the curve", patch(certify, 4, ...new Uint8Array(31), 1), check),
      bad("the member changed after signing", patch(certify, 2, 2), check),
      bad("signed by another device", patch(certify, 3, ...payee.publicKey), check),
    ],
  };
}

export async function sealedRequests() {
  const intake = sealingKeyOf(key("intake").privateKey);
  const toSecond = await request({ kind: "certify" }, 2);
  const plain = await request({ kind: "certify" });
  const open = (input: Uint8Array) => openDeviceRequest(networkId, 1, intake, input);
  const seal = (value: SignedDeviceRequest, intakeKey: Uint8Array, name: string) =>
    sealDeviceRequest(networkId, value, intakeKey, random(`sealed request ${name}`));
  const encoded = await seal(plain, intake.publicKey, "good");
  return {
    member: 1,
    /** Of the member's intake key. */
    privateKey: toHex(intake.privateKey),
    good: [{ name: "certify", bytes: toHex(encoded), expected: toHex(plain.bytes) }],
    bad: [
      await badAsync("no tag", encoded.slice(0, 80), open),
      await badAsync("a byte changed", patch(encoded, 70, encoded[70]! ^ 1), open),
      await badAsync("for another member", await seal(toSecond, intake.publicKey, "2"), open),
      await badAsync("to another key", await seal(plain, payee.publicKey, "key"), open),
    ],
  };
}

export async function deviceReplies(): Promise<Vectors> {
  const nonce = bytes("request nonce", 16);
  const refusal: DeviceReply = {
    nonce,
    outcome: "refused",
    kind: "load",
    reason: { code: "stale-request", text: "the request's signed time is over a day behind" },
    lists: [{ kind: "revocations", bytes: (await revocations()).bytes }],
  };
  const replies: [string, DeviceReply][] = [
    ...(await answers()).map(([name, answer]): [string, DeviceReply] => [
      name,
      { nonce, outcome: "answered", answer },
    ]),
    ["refused, with the lists that carry the time", refusal],
    [
      "refused, with the longest text",
      { ...refusal, reason: { code: "busy", text: "x".repeat(255) }, lists: [] },
    ],
  ];
  const encoded = new Map(replies.map(([name, reply]) => [name, encodeDeviceReply(reply)]));
  const of = (name: string) => encoded.get(name)!;
  const refused = of("refused, with the lists that carry the time");
  const codeLength = "stale-request".length;
  const two = of("receipts for two coins");
  return {
    good: replies.map(([name, reply]) => ({
      name,
      bytes: toHex(of(name)),
      expected: fieldsOf(reply),
    })),
    bad: [
      ...badLengths(of("submit"), decodeDeviceReply),
      badReply("kind 0", patch(of("submit"), 0, 0)),
      badReply("kind 9", patch(of("submit"), 0, 9)),
      badReply("outcome 2", patch(of("submit"), 17, 2)),
      badReply("no leaves acknowledged", patch(of("submit"), ANSWER + 32, 0, 0)),
      badReply("an enrolment with two certificates", patch(of("enrol, pending"), ANSWER + 166, 2)),
      badReply("a load in state 2", patch(of("load, pending"), ANSWER, 2)),
      badReply("a pending load with receipts", patch(of("load, applied"), ANSWER, 0)),
      badReply("a record in state 4", patch(of("status"), ANSWER + 2, 4)),
      badReply("no records", patch(of("status"), ANSWER, 0, 0)),
      badReply("1,025 receipts", patch(two, ANSWER, 4, 1)),
      badReply("receipts that descend", patch(two, ANSWER + 2, 0xff)),
      badReply("list kind 0", patch(of("lists"), ANSWER + 2, 0)),
      badReply("2,049 lists", patch(of("lists"), ANSWER, 8, 1)),
      badReply("a list of more than 2 MiB", patch(of("lists"), ANSWER + 3, 0, 0x20, 0, 1)),
      badReply("a refusal of no known code", patch(refused, ANSWER + 1, 0x78)),
      badReply("a text that is not UTF-8", patch(refused, ANSWER + 2 + codeLength, 0xff)),
    ],
  };
}

export async function acknowledgements(): Promise<Vectors> {
  const payment = await spend([coin("coin")], [pay(payee, 700n, 1)], payer);
  const root = acknowledgedRoot([leafHash(payment.bytes)]);
  const fields = { root, count: 1, received: now, member: 1 };
  const signed = await signAcknowledgement(networkId, fields, issuers[0]);
  const most = await signAcknowledgement(networkId, { ...fields, count: 4096 }, issuers[0]);
  const encoded = encodeAcknowledgement(signed);
  const check = (input: Uint8Array) =>
    checkAcknowledgement(
      networkId,
      decodeAcknowledgement(input),
      issuers[0].publicKey,
      portableVerifier,
    );
  return {
    good: [
      good("of one leaf", { ...signed, bytes: encoded }),
      good("of 4,096", { ...most, bytes: encodeAcknowledgement(most) }),
    ],
    bad: [
      ...badLengths(encoded, decodeAcknowledgement),
      bad("of no leaves", patch(encoded, 32, 0, 0), decodeAcknowledgement),
      bad("of 4,097 leaves", patch(encoded, 32, 0x10, 1), decodeAcknowledgement),
      bad(
        "a time of 2^53",
        patch(encoded, 34, 0, 0x20, ...new Uint8Array(6)),
        decodeAcknowledgement,
      ),
      bad("another root", patch(encoded, 0, encoded[0]! ^ 1), check),
    ],
  };
}

export async function statements(): Promise<Vectors> {
  const fields = { id: toHex(bytes("record", 32)), seq: 42, issued: now, member: 1 };
  const signed = await signStatement(networkId, fields, issuers[0]);
  const encoded = encodeStatement(signed);
  const check = (input: Uint8Array) =>
    checkStatement(networkId, decodeStatement(input), issuers[0].publicKey, portableVerifier);
  return {
    good: [good("a statement", { ...signed, bytes: encoded })],
    bad: [
      ...badLengths(encoded, decodeStatement),
      bad("a seq of 2^53", patch(encoded, 32, 0, 0x20, ...new Uint8Array(6)), decodeStatement),
      bad("another record", patch(encoded, 0, encoded[0]! ^ 1), check),
    ],
  };
}

async function answers(): Promise<[string, Answer][]> {
  const consent = await payer.sign(consentMessage(networkId, 1));
  const enrolment = await signEnrolment(
    networkId,
    { deviceKey: payer.publicKey, member: 1, consent, envelope: new Uint8Array() },
    issuers[0],
  );
  const certificate = await certify(payer, 1);
  const acknowledgement = await signAcknowledgement(
    networkId,
    { root: toHex(bytes("root", 32)), count: 1, received: now, member: 1 },
    issuers[0],
  );
  const id = (name: string): Hex => toHex(bytes(`record ${name}`, 32));
  const statement = await signStatement(
    networkId,
    { id: id("applied"), seq: 42, issued: now, member: 1 },
    issuers[0],
  );
  const receipts = await Promise.all(
    [coin("coin", 0), coin("coin", 1)].map((outpoint) => vouch(outpoint, pay(payer, 50n, 1))),
  );
  return [
    ["enrol, pending", { kind: "enrol", enrolment }],
    ["enrol, certified", { kind: "enrol", enrolment, certificate }],
    ["certify", { kind: "certify", certificate }],
    ["load, pending", { kind: "load", state: "pending", receipts: [] }],
    ["load, applied", { kind: "load", state: "applied", receipts }],
    ["redeem", { kind: "redeem", acknowledgement }],
    ["submit", { kind: "submit", acknowledgement }],
    [
      "status",
      {
        kind: "status",
        records: [
          { state: "unknown", id: id("unknown") },
          { state: "pending", id: id("pending") },
          { state: "applied", id: id("applied"), statement },
          {
            state: "refused",
            id: id("refused"),
            reason: { code: "spent", text: "coin 0x… was taken by record 0x…" },
          },
        ],
      },
    ],
    ["receipts for two coins", { kind: "receipts", receipts }],
    ["receipts for none", { kind: "receipts", receipts: [] }],
    [
      "lists",
      { kind: "lists", lists: [{ kind: "revocations", bytes: (await revocations()).bytes }] },
    ],
    ["no lists", { kind: "lists", lists: [] }],
  ];
}

function revocations() {
  const fields = { member: 1, version: 3, issued: now, prefixes: [] };
  return signRevocationList(networkId, fields, issuers[0]);
}

function load(parts: readonly bigint[], amount = 100n): Ask {
  return { kind: "load", id: bytes("load", 16), amount, parts };
}

function request(ask: Ask, member = 1): Promise<SignedDeviceRequest> {
  const nonce = bytes("request nonce", 16);
  return signDeviceRequest(networkId, { member, signedTime: now, nonce, ask }, payer);
}

function badRequest(name: string, input: Uint8Array): Bad {
  return bad(name, input, decodeDeviceRequest);
}

function badReply(name: string, input: Uint8Array): Bad {
  return bad(name, input, decodeDeviceReply);
}
