/** What devices ask of gateways, of every kind. */
import type { Ask } from "../../protocol/ask.ts";
import { toHex, utf8 } from "../../protocol/bytes.ts";
import {
  checkDeviceRequestSignature,
  decodeDeviceRequest,
  type SignedDeviceRequest,
  signDeviceRequest,
} from "../../protocol/device-request.ts";
import { consentMessage } from "../../protocol/enrolment.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { outpointsOf, recordId } from "../../protocol/record.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, key, networkId } from "./keys.ts";
import { coin, issuers, now, pay, payee, payer, spend } from "./parties.ts";
import { type Bad, bad, badLengths, good, patch, type Vectors } from "./vector.ts";

/** Where an ask begins in its request. */
const ASK = 64;

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
  const reader = key("second factor reader").publicKey;
  const kept = [payer, payee]
    .map(({ publicKey }) => ({ device: toHex(publicKey), version: 2 }))
    .toSorted((a, b) => (a.device < b.device ? -1 : 1));
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
    ["claim", { kind: "claim", code: bytes("code", 10), password: "open sesame" }],
    ["second factors, keeping two", { kind: "second-factors", key: reader, kept }],
    ["second factors, keeping none", { kind: "second-factors", key: reader, kept: [] }],
  ];
  const signed = new Map<string, SignedDeviceRequest>();
  for (const [name, ask] of asks) signed.set(name, await request(ask));
  const encoded = (name: string) => signed.get(name)!.bytes;
  const certify = encoded("certify");
  const parts = encoded("load, in parts");
  const two = encoded("receipts for two coins");
  const lists = encoded("lists newer than two");
  const factors = encoded("second factors, keeping two");
  const check = (input: Uint8Array) =>
    checkDeviceRequestSignature(networkId, decodeDeviceRequest(input), portableVerifier);
  return {
    good: [...signed].map(([name, value]) => good(name, value)),
    bad: [
      ...badLengths(certify, decodeDeviceRequest),
      badRequest("kind 0", patch(certify, 0, 0)),
      badRequest("kind 11", patch(certify, 0, 11)),
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
      badRequest("a password of 65 bytes", patch(encoded("claim"), ASK + 10, 65)),
      badRequest("a key to seal to that is not on the curve", patch(factors, ASK + 1, 0)),
      badRequest("seventeen second factors", patch(factors, ASK + 33, 17)),
      badRequest("second factors that descend", patch(factors, ASK + 34, 3, 255)),
      bad("a key that is not on the curve", patch(certify, 4, ...new Uint8Array(31), 1), check),
      bad("the member changed after signing", patch(certify, 2, 2), check),
      bad("signed by another device", patch(certify, 3, ...payee.publicKey), check),
    ],
  };
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
