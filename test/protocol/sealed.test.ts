/** What is sealed to one reader: payments between devices, requests that couriers carry, identities. */
import { expect } from "chai";
import { encodeBundle } from "../../protocol/bundle.ts";
import { concat, fromHex, type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { signDeviceRequest } from "../../protocol/device-request.ts";
import {
  checkEnvelopeProof,
  decodeEnvelope,
  ENVELOPE_OVERHEAD,
  openEnvelope,
  SEALED_TEXT_MAX,
  sealEnvelope,
} from "../../protocol/envelope.ts";
import { sealingKeyOf } from "../../protocol/hpke.ts";
import { limits } from "../../protocol/limits.ts";
import { encodeAlarm, openAlarm, sealAlarm } from "../../protocol/alarm.ts";
import {
  decodeAnswer,
  decodeParcel,
  decodeParcelState,
  encodeParcelState,
  openAnswer,
  openParcel,
  parcelId,
  type ParcelState,
  sealParcel,
} from "../../protocol/parcel.ts";
import { openPayment } from "../../protocol/payment.ts";
import { systemRandom } from "../../protocol/random.ts";
import { decodeRequest } from "../../protocol/request.ts";
import { bytes, key } from "../../scripts/vectors/keys.ts";
import type { Bad } from "../../scripts/vectors/vector.ts";
import { networkId, readVectors, refusalFrom, refusalOf, shown } from "./support/vectors.ts";

type Sealed<Expected> = {
  readonly privateKey: Hex;
  readonly good: readonly { name: string; bytes: Hex; expected: Expected }[];
  readonly bad: readonly Bad[];
};

/** Holds each bad vector to its verdict. */
async function checkBad(vectors: readonly Bad[], open: (input: Uint8Array) => Promise<unknown>) {
  expect(vectors.length).to.be.above(0);
  for (const { name, bytes: input, expected } of vectors) {
    const refusal = await refusalOf(() => open(fromHex(input)));
    expect(refusal.code, name).to.equal(expected.code);
    expect(refusal.place?.field, name).to.equal(expected.field);
    expect(refusal.place?.offset, name).to.equal(expected.offset);
  }
}

describe("a payment, sealed", () => {
  const { payments } = readVectors<{
    payments: Sealed<{ bundle: Hex; versions: unknown; lists: unknown }> & { request: Hex };
  }>("exchange");
  const request = decodeRequest(fromHex(payments.request));
  const secret = sealingKeyOf(fromHex(payments.privateKey));

  it("opens with the key of the request it answers [R-056, R-106]", async () => {
    for (const { name, bytes: input, expected } of payments.good) {
      const opened = await openPayment(networkId, fromHex(input), request, secret);
      const { bundle, versions, lists } = opened;
      expect(toHex(encodeBundle(bundle)), name).to.equal(expected.bundle);
      expect(versions, name).to.deep.equal(expected.versions);
      expect(shown(lists), name).to.deep.equal(expected.lists);
    }
  });

  it("opens for no other request, key or bytes [R-107]", async () => {
    await checkBad(payments.bad, (input) => openPayment(networkId, input, request, secret));
  });

  it("is refused before any work when it is longer than any payment", async () => {
    const long = new Uint8Array(limits.bundleBytesMax + limits.listsBytesMax + 1000);
    const refusal = await refusalOf(() => openPayment(networkId, long, request, secret));
    expect(refusal.code).to.equal("too-large");
  });
});

describe("a parcel, which couriers carry", () => {
  const { parcels, answers } = readVectors<{
    parcels: Sealed<{ id: Hex; request: Hex; answerKey: Hex }>;
    answers: Sealed<{ id: Hex; reply: Hex }>;
  }>("parcels");
  const intake = sealingKeyOf(fromHex(parcels.privateKey));
  const answerKey = sealingKeyOf(fromHex(answers.privateKey));
  const open = (input: Uint8Array) => openParcel(networkId, intake, decodeParcel(input));
  const openReply = (input: Uint8Array) => openAnswer(networkId, answerKey, decodeAnswer(input));

  it("opens with the intake key of the member it names [N-14]", async () => {
    for (const { name, bytes: input, expected } of parcels.good) {
      const opened = await open(fromHex(input));
      expect(toHex(opened.request.bytes), name).to.equal(expected.request);
      expect(toHex(opened.answerKey), name).to.equal(expected.answerKey);
      expect(parcelId(networkId, fromHex(input)), name).to.equal(expected.id);
    }
  });

  it("opens for no other member, key or bytes [R-152, N-14]", async () => {
    await checkBad(parcels.bad, open);
  });

  it("is answered to the key that travelled inside, and no other reads the answer [R-103, N-14]", async () => {
    for (const { name, bytes: input, expected } of answers.good) {
      expect(decodeAnswer(fromHex(input)).id, name).to.equal(expected.id);
      expect(toHex(await openReply(fromHex(input))), name).to.equal(expected.reply);
    }
    await checkBad(answers.bad, openReply);
  });

  const sealLeaves = async (...lengths: readonly number[]) => {
    const leaves = lengths.map((length) => new Uint8Array(length));
    const ask = { kind: "submit" as const, leaves };
    const fields = { member: 1, signedTime: 0, nonce: new Uint8Array(16), ask };
    const asked = await signDeviceRequest(networkId, fields, key("device"));
    const { publicKey } = answerKey;
    const parcel = await sealParcel(networkId, asked, intake.publicKey, publicKey, systemRandom);
    return { asked, bytes: parcel.bytes };
  };

  it("has one of seven lengths, whatever is in it [R-152, N-14]", async () => {
    const lengths = new Set<number>();
    const thousands = Array.from({ length: 40 }, () => 1_000);
    for (const leaves of [[1], [853], [854], [1_700, 1_700], thousands]) {
      const { asked, bytes: sealed } = await sealLeaves(...leaves);
      expect((await open(sealed)).request.bytes).to.deep.equal(asked.bytes);
      lengths.add(sealed.length);
    }
    const powers = [1_024, 2_048, 4_096, 65_536].map((power) => 3 + 65 + power + 16);
    expect([...lengths]).to.deep.equal(powers);
  });

  it("holds no more than 65,536 bytes", async () => {
    const thousands = Array.from({ length: 66 }, () => 1_000);
    expect((await refusalOf(() => sealLeaves(...thousands))).code).to.equal("too-large");
  });

  it("is kept or answered, as its state says", () => {
    const [answer] = answers.good;
    const states: ParcelState[] = [
      { state: "kept" },
      { state: "answered", answer: decodeAnswer(fromHex(answer!.bytes)) },
    ];
    for (const state of states) {
      expect(decodeParcelState(encodeParcelState(state))).to.deep.equal(state);
    }
    const answered = encodeParcelState(states[1]!);
    const wrong = [[], [2], [0, 0], [1], [0, ...answered.subarray(1)], [...answered, 0]];
    for (const state of wrong) {
      const refusal = refusalFrom(() => decodeParcelState(Uint8Array.from(state)));
      expect(refusal.code).to.equal("malformed");
    }
  });
});

describe("what tills of one shop say to each other", () => {
  const { sealed } = readVectors<{ sealed: Sealed<Hex> }>("alarms");
  const open = (input: Uint8Array) => openAlarm(networkId, fromHex(sealed.privateKey), input);

  it("opens with the shop's key [N-20]", async () => {
    for (const { name, bytes: input, expected } of sealed.good) {
      expect(toHex(encodeAlarm(await open(fromHex(input)))), name).to.equal(expected);
    }
  });

  it("opens with no other shop's, on no other network, and not if it was changed [N-20, R-152]", async () => {
    await checkBad(sealed.bad, open);
  });

  it("fits one datagram", async () => {
    const inputs = Array.from(
      { length: 16 },
      (_, i) => `0x${i.toString(16).padStart(66, "0")}` as const,
    );
    const takings = Array.from({ length: 3 }, () => ({
      id: `0x${"11".repeat(32)}` as const,
      inputs,
    }));
    const till = `0x${"22".repeat(8)}` as const;
    const seal = (count: number) => {
      const stretch = { kind: "stretch" as const, till, floor: 1, first: 1 };
      const shown = { ...stretch, takings: takings.slice(0, count) };
      return sealAlarm(networkId, fromHex(sealed.privateKey), shown, systemRandom);
    };
    expect((await seal(2)).length).to.be.at.most(limits.alarmDatagramMax);
    expect((await refusalOf(() => seal(3))).code).to.equal("too-large");
  });
});

describe("an envelope", () => {
  const vectors = readVectors<Sealed<{ text: Hex } & Record<string, unknown>> & { deviceKey: Hex }>(
    "envelopes",
  );
  const deviceKey = fromHex(vectors.deviceKey);
  const privateKey = fromHex(vectors.privateKey);
  const open = (input: Uint8Array) =>
    openEnvelope(networkId, deviceKey, decodeEnvelope(input), privateKey);

  it("opens with the audit key of its epoch, and shows who it was sealed for [R-083]", async () => {
    for (const { name, bytes: input, expected } of vectors.good) {
      checkEnvelopeProof(networkId, deviceKey, decodeEnvelope(fromHex(input)));
      expect(toHex(await open(fromHex(input))), name).to.equal(expected.text);
    }
  });

  it("opens for no other key, and not where a byte, the device or the epoch is another [R-084]", async () => {
    const ofForm = ["malformed", "unsupported-version"];
    const ofOthers = vectors.bad.filter(({ name }) => name === "of another device");
    const own = vectors.bad.filter((vector) => !ofOthers.includes(vector));
    await checkBad(own, async (input) => open(input));
    expect(own.filter(({ expected }) => !ofForm.includes(expected.code)).length).to.be.above(5);
    const other = key("payee").publicKey;
    for (const { bytes: input, expected } of ofOthers) {
      const envelope = decodeEnvelope(fromHex(input));
      const refusal = refusalFrom(() => checkEnvelopeProof(networkId, other, envelope));
      expect(refusal.code).to.equal(expected.code);
    }
    expect(ofOthers).to.have.length(1);
  });

  it("holds on its own network alone", () => {
    const envelope = decodeEnvelope(fromHex(vectors.good[0]!.bytes));
    const act = () => checkEnvelopeProof(bytes("other network", 32), deviceKey, envelope);
    expect(refusalFrom(act).code).to.equal("bad-proof");
  });

  it("is fresh each time, with real randomness, and as long as its text and 118 bytes", async () => {
    const audit = { epoch: 1, publicKey: key("auditor").publicKey };
    const text = utf8.encode("customer 42");
    const seal = () => sealEnvelope(networkId, deviceKey, audit, text, systemRandom);
    const [one, another] = [await seal(), await seal()];
    expect(toHex(one)).to.not.equal(toHex(another));
    expect(one).to.have.length(text.length + ENVELOPE_OVERHEAD);
    expect(ENVELOPE_OVERHEAD).to.equal(118);
    expect(toHex(await open(one))).to.equal(toHex(text));
  });

  it("takes no longer text than an enrolment has room for", async () => {
    const audit = { epoch: 1, publicKey: key("auditor").publicKey };
    const seal = (length: number) =>
      sealEnvelope(networkId, deviceKey, audit, new Uint8Array(length), systemRandom);
    expect(await seal(SEALED_TEXT_MAX)).to.have.length(limits.envelopeMax);
    expect((await refusalOf(() => seal(SEALED_TEXT_MAX + 1))).code).to.equal("too-large");
  });

  it("shows no more than its length of what it seals [R-103]", async () => {
    const audit = { epoch: 1, publicKey: key("auditor").publicKey };
    const text = utf8.encode("a name that nobody else may read");
    const sealed = await sealEnvelope(networkId, deviceKey, audit, text, systemRandom);
    const digits = toHex(text).slice(2);
    expect(toHex(sealed)).to.not.include(digits);
    expect(toHex(concat(sealed, text))).to.include(digits);
  });
});
