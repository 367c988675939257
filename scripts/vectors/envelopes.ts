/** Sealed identities: what opens, whose proof holds, and what does not. */
import { p256 } from "@noble/curves/nist.js";
import { concat, toHex, utf8 } from "../../protocol/bytes.ts";
import {
  type AuditKey,
  checkEnvelopeProof,
  decodeEnvelope,
  openEnvelope,
  SEALED_TEXT_MAX,
  sealEnvelope,
} from "../../protocol/envelope.ts";
import { bytes, key, networkId, random } from "./keys.ts";
import { bad, badAsync, fieldsOf, patch } from "./vector.ts";

const device = key("payer");
const auditor = key("auditor");
const audit: AuditKey = { epoch: 3, publicKey: auditor.publicKey };

export async function envelopes() {
  const texts: [string, Uint8Array][] = [
    ["a customer's reference", utf8.encode("customer 42")],
    ["nothing", new Uint8Array()],
    ["the longest text", bytes("text", SEALED_TEXT_MAX)],
  ];
  const sealed = await Promise.all(
    texts.map(async ([name, text]) => ({ name, text, envelope: await seal(text, name) })),
  );
  const encoded = sealed[0]!.envelope;
  const check = (input: Uint8Array) =>
    checkEnvelopeProof(networkId, device.publicKey, decodeEnvelope(input));
  const checkOther = (input: Uint8Array) =>
    checkEnvelopeProof(networkId, key("payee").publicKey, decodeEnvelope(input));
  const open = (input: Uint8Array) =>
    openEnvelope(networkId, device.publicKey, decodeEnvelope(input), auditor.privateKey);
  const n = p256.Point.Fn.ORDER;
  const nBytes = Uint8Array.from(n.toString(16).match(/../g)!, (d) => Number.parseInt(d, 16));
  const another = await seal(utf8.encode("customer 43"), "another");
  const elsewhere = await sealEnvelope(
    networkId,
    device.publicKey,
    { epoch: 3, publicKey: key("other auditor").publicKey },
    utf8.encode("customer 42"),
    random("elsewhere"),
  );
  return {
    deviceKey: toHex(device.publicKey),
    /** The audit key of epoch 3, whole. */
    privateKey: toHex(auditor.privateKey),
    good: sealed.map(({ name, text, envelope }) => ({
      name,
      bytes: toHex(envelope),
      expected: { text: toHex(text), ...(fieldsOf(decodeEnvelope(envelope)) as object) },
    })),
    bad: [
      bad("no bytes at all", new Uint8Array(), decodeEnvelope),
      bad("version 0", patch(encoded, 0, 0), decodeEnvelope),
      bad("version 2", patch(encoded, 0, 2), decodeEnvelope),
      bad(
        "R that is not on the curve",
        patch(encoded, 5, 2, ...new Uint8Array(31), 1),
        decodeEnvelope,
      ),
      bad("no tag", encoded.slice(0, 117), decodeEnvelope),
      bad("513 bytes", concat(sealed[2]!.envelope, Uint8Array.of(0)), decodeEnvelope),
      bad("another epoch", patch(encoded, 4, 4), check),
      bad("another R", patch(encoded, 5, ...another.slice(5, 38)), check),
      bad("another proof", patch(encoded, 38, ...another.slice(38, 102)), check),
      bad("a challenge of n", patch(encoded, 38, ...nBytes), check),
      bad("a response of n", patch(encoded, 70, ...nBytes), check),
      bad("a response of zero", patch(encoded, 70, ...new Uint8Array(32)), check),
      bad("a proof of zeros", patch(encoded, 38, ...new Uint8Array(64)), check),
      bad("of another device", encoded, checkOther),
      await badAsync("sealed to another key", elsewhere, open),
      await badAsync("a byte of the text changed", patch(encoded, 102, encoded[102]! ^ 1), open),
      await badAsync("the last byte is missing", encoded.slice(0, -1), open),
    ],
  };
}

function seal(text: Uint8Array, name: string): Promise<Uint8Array> {
  return sealEnvelope(networkId, device.publicKey, audit, text, random(`envelope ${name}`));
}
