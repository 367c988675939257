/** What a device has to say to its bank, sealed for couriers, and what it takes of what they bring back. */
import { acknowledgedRoot, signAcknowledgement } from "../../../protocol/acknowledgement.ts";
import type { Answer } from "../../../protocol/answer.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { encodeDeviceReply } from "../../../protocol/device-reply.ts";
import { checkDeviceRequestSignature } from "../../../protocol/device-request.ts";
import { makeSealingKey, type SealingKey } from "../../../protocol/hpke.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import {
  decodeParcel,
  type OpenedParcel,
  openParcel,
  type Parcel,
  sealAnswer,
} from "../../../protocol/parcel.ts";
import type { Signer } from "../../../protocol/signature.ts";
import type { Case } from "../case.ts";
import { check, inOrder } from "../finding.ts";
import { isSame } from "../judge.ts";
import { OWN, type Trial } from "../trial.ts";

export const couriersCases: readonly Case[] = [
  {
    name: "parcel-opens",
    rules: ["D28"],
    title:
      "seals what it has pending for its bank alone, signed, and the same until there is an answer",
    async run(trial) {
      const { office, id } = await paid(trial);
      const sent = await office.receive();
      const { request } = sent.opened;
      check(isSame(request.deviceKey, trial.certificate.deviceKey), "the device asks by its key");
      await inOrder("the request", () =>
        checkDeviceRequestSignature(trial.consortium.networkId, request, trial.bench.verifier),
      );
      const [pending] = await trial.subject.pending();
      const { ask } = request;
      const isHandedIn =
        ask.kind === "submit" && ask.leaves.length === 1 && isSame(ask.leaves[0]!, pending!.bytes);
      check(isHandedIn, `record ${id} is handed in, and nothing else`);
      await trial.subject.restart();
      const again = await office.receive();
      check(isSame(again.parcel.bytes, sent.parcel.bytes), "it is the same parcel again");
    },
  },
  {
    name: "parcel-answered",
    rules: ["D28", "D21"],
    title:
      "takes the answers that couriers bring, also after it has been without power, and settles",
    async run(trial) {
      const { office, id } = await paid(trial);
      const sent = await office.receive();
      await trial.subject.restart();
      const answer = await office.answer(sent, await office.acknowledge(sent));
      check(await trial.subject.takeAnswer(answer), "the answer is to a parcel that waits");
      check(!(await trial.subject.takeAnswer(answer)), "no parcel waits for it any more");
      const question = await office.receive();
      const { ask } = question.opened.request;
      check(ask.kind === "status" && ask.ids.join() === id, `what became of ${id} is asked`);
      const statement = await trial.consortium.applied(id, OWN);
      const applied: Answer = { kind: "status", records: [{ state: "applied", id, statement }] };
      await trial.subject.takeAnswer(await office.answer(question, applied));
      check((await trial.subject.pending()).length === 0, "the payment is settled");
      check((await trial.subject.sealParcels(office.key.publicKey)).length === 0, "all is said");
    },
  },
  {
    name: "parcel-answer-changed",
    rules: ["D28"],
    title:
      "takes no answer that was changed, is to something else, or that its bank has not signed",
    async run(trial) {
      const { office } = await paid(trial);
      const sent = await office.receive();
      const good = await office.acknowledge(sent);
      const changed = await office.answer(sent, good);
      changed[200]! ^= 1;
      const otherNonce = await office.answer(sent, good, { nonce: new Uint8Array(16) });
      const stranger = trial.seed.key("a stranger");
      const forged = await office.answer(sent, await office.acknowledge(sent, stranger));
      for (const answer of [changed, otherNonce, forged]) {
        await trial.refuses("any", () => trial.subject.takeAnswer(answer));
      }
      const again = await office.receive();
      check(isSame(again.parcel.bytes, sent.parcel.bytes), "the parcel goes on waiting");
      check(await trial.subject.takeAnswer(await office.answer(sent, good)), "the answer is taken");
    },
  },
];

type SentParcel = { readonly parcel: Parcel; readonly opened: OpenedParcel };

/** The bank's end of the couriers' way. */
class Office {
  readonly key: SealingKey;
  readonly #trial: Trial;

  constructor(trial: Trial) {
    this.#trial = trial;
    this.key = makeSealingKey(trial.consortium.random);
  }

  /** The one parcel that the device has for its bank. */
  async receive(): Promise<SentParcel> {
    const { networkId } = this.#trial.consortium;
    const parcels = await this.#trial.subject.sealParcels(this.key.publicKey);
    check(parcels.length === 1, `there is one parcel, not ${parcels.length}`);
    return inOrder("the parcel", async () => {
      const parcel = decodeParcel(parcels[0]!);
      check(parcel.member === OWN, "the parcel is for the device's own bank");
      return { parcel, opened: await openParcel(networkId, this.key, parcel) };
    });
  }

  /** The bank has what was handed in. */
  async acknowledge(
    { opened }: SentParcel,
    issuer: Signer = this.#trial.consortium.issuer(OWN),
  ): Promise<Answer> {
    const { networkId, now } = this.#trial.consortium;
    const { ask } = opened.request;
    const leaves = ask.kind === "submit" ? ask.leaves : [];
    const root = acknowledgedRoot(leaves.map(leafHash));
    const fields = { root, count: leaves.length, received: now, member: OWN };
    const acknowledgement = await signAcknowledgement(networkId, fields, issuer);
    return { kind: "submit", acknowledgement };
  }

  /** An answer as a courier brings it. */
  async answer(
    { parcel, opened }: SentParcel,
    answer: Answer,
    { nonce = opened.request.nonce } = {},
  ): Promise<Uint8Array> {
    const { networkId, random } = this.#trial.consortium;
    const reply = encodeDeviceReply({ nonce, outcome: "answered", answer });
    return (await sealAnswer(networkId, parcel, opened, reply, random)).bytes;
  }
}

/** A device that has paid and has not said so to its bank. */
async function paid(trial: Trial): Promise<{ readonly office: Office; readonly id: Hex }> {
  await trial.needs("parcels");
  await trial.start({ coins: [30n] });
  const { id } = await trial.payAndConfirm(await trial.party("payee"), 30n);
  return { office: new Office(trial), id };
}
