/** What couriers carry: requests sealed to a member's intake key, and answers sealed to the key that travelled inside. */
import { concat, toHex, utf8, Writer } from "../../protocol/bytes.ts";
import { decodeDeviceRequest, signDeviceRequest } from "../../protocol/device-request.ts";
import { makeSealingKey, seal, sealingKeyOf } from "../../protocol/hpke.ts";
import { message } from "../../protocol/message.ts";
import {
  decodeAnswer,
  decodeParcel,
  openAnswer,
  openParcel,
  type Parcel,
  parcelId,
  sealAnswer,
  sealParcel,
} from "../../protocol/parcel.ts";
import { bytes, key, networkId, random } from "./keys.ts";
import { coin, now, pay, payee, payer, spend } from "./parties.ts";
import { badAsync, patch } from "./vector.ts";

const intake = sealingKeyOf(key("intake").privateKey);
const answerKey = sealingKeyOf(key("answer").privateKey);
/** The shortest parcel and answer: what is sealed, key and tag. */
const SHORTEST = 1024 + 65 + 16;

const requestTo = async (member: number, leaves: number) => {
  const payment = await spend([coin("coin")], [pay(payee, 700n, 1), pay(payer, 300n, 1)], payer);
  const all = Array.from({ length: leaves }, () => payment.bytes);
  const nonce = bytes("request nonce", 16);
  const ask = { kind: "submit" as const, leaves: all };
  return signDeviceRequest(networkId, { member, signedTime: now, nonce, ask }, payer);
};

export async function parcels() {
  const open = (input: Uint8Array) => openParcel(networkId, intake, decodeParcel(input));
  const wrap = async (name: string, leaves = 1, to = intake.publicKey) =>
    sealParcel(
      networkId,
      await requestTo(1, leaves),
      to,
      answerKey.publicKey,
      random(`parcel ${name}`),
    );
  const whole = [
    ["a record", await wrap("one")],
    ["ten records", await wrap("ten", 10)],
  ] as const;
  const encoded = whole[0][1].bytes;
  const { bytes: request } = await requestTo(1, 1);
  const content = new Writer().fixed(answerKey.publicKey, 33).wide(request).done();
  const withPadding = (padding: Uint8Array) => sealed(concat(content, padding));
  const rest = 1024 - content.length;
  return {
    member: 1,
    /** Of the member's intake key. */
    privateKey: toHex(intake.privateKey),
    good: await Promise.all(
      whole.map(async ([name, parcel]) => ({
        name,
        bytes: toHex(parcel.bytes),
        expected: {
          id: parcelId(networkId, parcel.bytes),
          request: toHex((await open(parcel.bytes)).request.bytes),
          answerKey: toHex(answerKey.publicKey),
        },
      })),
    ),
    bad: await Promise.all([
      badAsync("no bytes at all", new Uint8Array(), open),
      badAsync("version 2", patch(encoded, 0, 2), open),
      badAsync("no power of two", encoded.slice(0, -1), open),
      badAsync("one byte more", concat(encoded, Uint8Array.of(0)), open),
      badAsync("512 bytes", encoded.slice(0, 3 + SHORTEST - 512), open),
      badAsync("131,072 bytes", concat(encoded, new Uint8Array(130_048)), open),
      badAsync("readdressed", patch(encoded, 2, 2), open),
      badAsync("a byte of the key changed", patch(encoded, 40, encoded[40]! ^ 1), open),
      badAsync("a byte of the text changed", patch(encoded, 70, encoded[70]! ^ 1), open),
      badAsync(
        "a byte of the tag changed",
        patch(encoded, encoded.length - 1, encoded.at(-1)! ^ 1),
        open,
      ),
      badAsync("to another key", (await wrap("elsewhere", 1, payee.publicKey)).bytes, open),
      badAsync("a request to another member", await sealed(await contentFor(2)), open),
      badAsync("padded with ones", await withPadding(new Uint8Array(rest).fill(1)), open),
      badAsync("padded twice over", await withPadding(new Uint8Array(rest + 1024)), open),
      badAsync("a request that says nothing", await sealed(new Uint8Array(1024).fill(2)), open),
    ]),
  };
}

export async function answers() {
  const request = decodeDeviceRequest((await requestTo(1, 1)).bytes);
  const parcel = await sealParcel(
    networkId,
    request,
    intake.publicKey,
    answerKey.publicKey,
    random("parcel one"),
  );
  const reply = utf8.encode("what the member says");
  const answer = async (to: Parcel, name: string, by = answerKey.publicKey) =>
    sealAnswer(networkId, to, { request, answerKey: by }, reply, random(`answer ${name}`));
  const open = (input: Uint8Array) => openAnswer(networkId, answerKey, decodeAnswer(input));
  const { id, bytes: encoded } = await answer(parcel, "good");
  const elsewhere = await answer(parcel, "elsewhere", payee.publicKey);
  return {
    /** Of the answer key. */
    privateKey: toHex(answerKey.privateKey),
    good: [{ name: "an answer", bytes: toHex(encoded), expected: { id, reply: toHex(reply) } }],
    bad: await Promise.all([
      badAsync("no bytes at all", new Uint8Array(), open),
      badAsync("no power of two", encoded.slice(0, -1), open),
      badAsync("to another parcel", patch(encoded, 0, encoded[0]! ^ 1), open),
      badAsync("a byte changed", patch(encoded, 200, encoded[200]! ^ 1), open),
      badAsync("to another key", elsewhere.bytes, open),
    ]),
  };
}

async function contentFor(member: number): Promise<Uint8Array> {
  const { bytes: request } = await requestTo(member, 1);
  const content = new Writer().fixed(answerKey.publicKey, 33).wide(request).done();
  return concat(content, new Uint8Array(1024 - content.length));
}

/** A parcel for member 1 that seals just this. */
async function sealed(content: Uint8Array): Promise<Uint8Array> {
  const head = Uint8Array.of(1, 0, 1);
  const info = message("intake", networkId, Uint8Array.of(0, 1));
  const ephemeral = makeSealingKey(random(`parcel of ${toHex(content.subarray(-40))}`));
  const { enc, ciphertext } = await seal(intake.publicKey, content, info, head, ephemeral);
  return concat(head, enc, ciphertext);
}
