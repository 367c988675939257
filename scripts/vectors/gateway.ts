/** What gateways reply to devices, and what they sign for it. */
import {
  acknowledgedRoot,
  checkAcknowledgement,
  decodeAcknowledgement,
  encodeAcknowledgement,
  signAcknowledgement,
} from "../../protocol/acknowledgement.ts";
import type { Answer } from "../../protocol/answer.ts";
import { compareBytes, type Hex, toHex } from "../../protocol/bytes.ts";
import {
  type DeviceReply,
  decodeDeviceReply,
  encodeDeviceReply,
} from "../../protocol/device-reply.ts";
import { consentMessage, signEnrolment } from "../../protocol/enrolment.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { signRevocationList } from "../../protocol/lists.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import {
  checkStatement,
  decodeStatement,
  encodeStatement,
  signStatement,
} from "../../protocol/statement.ts";
import { bytes, networkId } from "./keys.ts";
import { certify, coin, issuers, now, pay, payee, payer, spend, vouch } from "./parties.ts";
import { grant } from "./second-factors.ts";
import { type Bad, bad, badLengths, fieldsOf, good, patch, type Vectors } from "./vector.ts";

/** Where an answer begins in its reply. */
const ANSWER = 18;

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
      badReply("kind 11", patch(of("submit"), 0, 11)),
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
      badReply("a claim in state 2", patch(of("claim, pending"), ANSWER, 2)),
      badReply(
        "a claim of nothing",
        patch(of("claim, pending"), ANSWER + 49, ...new Uint8Array(8)),
      ),
      badReply("seventeen grants", patch(of("second factors, two"), ANSWER, 17)),
      badReply("grants that descend", patch(of("second factors, two"), ANSWER + 1 + 14, 3, 255)),
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
  const terms = { member: 1, issued: now, keeper: payer.publicKey };
  const devices = [payer, payee].map(({ publicKey }) => publicKey).toSorted(compareBytes);
  const grants = await Promise.all(
    devices.map((device, i) => grant({ ...terms, version: i + 1, device, from: 100n })),
  );
  const claimed = { id: id("claim"), nonce: bytes("claim nonce", 16), amount: 250n };
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
    ["claim, pending", { kind: "claim", state: "pending", ...claimed }],
    ["claim, applied", { kind: "claim", state: "applied", ...claimed }],
    ["second factors, two", { kind: "second-factors", grants }],
    ["second factors, none", { kind: "second-factors", grants: [] }],
  ];
}

function revocations() {
  const fields = { member: 1, version: 3, issued: now, prefixes: [] };
  return signRevocationList(networkId, fields, issuers[0]);
}

function badReply(name: string, input: Uint8Array): Bad {
  return bad(name, input, decodeDeviceReply);
}
