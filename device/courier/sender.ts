/**
 * The sender of parcels: what a purse has pending, sealed for the way to a member, and what the answers change. Each
 * parcel has an answer key of its own, which is stored before the parcel leaves; with it go the courier's chances to
 * pass anything off as an answer. Asked again, the same parcels come out as long as there is nothing new to say.
 */
import { type Ask, writeAsk } from "../../protocol/ask.ts";
import { equalBytes, type Hex, Reader, Writer } from "../../protocol/bytes.ts";
import { checkReplyTo, decodeDeviceReply, type DeviceReply } from "../../protocol/device-reply.ts";
import { decodeDeviceRequest, type SignedDeviceRequest } from "../../protocol/device-request.ts";
import { makeSealingKey, type SealingKey, sealingKeyOf } from "../../protocol/hpke.ts";
import { limits } from "../../protocol/limits.ts";
import type { MemberId } from "../../protocol/output.ts";
import { decodeAnswer, openAnswer, parcelId, sealParcel } from "../../protocol/parcel.ts";
import type { Random } from "../../protocol/random.ts";
import { refusalOf } from "../../protocol/reason.ts";
import { decodeRecord, recordId, type SignedRecord } from "../../protocol/record.ts";
import type { PurseStore } from "../purse-store.ts";
import type { Purse } from "../purse.ts";
import { chunksOf } from "../sync.ts";

/** To whom parcels are sealed: any member takes records in, the own one also answers for them. */
export type Intake = {
  readonly member: MemberId;
  /** The member's intake key, as its gateway says: 33 bytes. */
  readonly key: Uint8Array;
};

export type SenderParts = {
  readonly purse: Purse;
  /** Of its own: as private as the purse's. */
  readonly store: PurseStore;
  readonly random: Random;
  /** Milliseconds. */
  readonly clock: () => number;
};

/** A parcel that waits for its answer. */
type Sent = {
  readonly made: number;
  readonly request: SignedDeviceRequest;
  readonly answerKey: SealingKey;
  readonly parcel: Uint8Array;
};

/** What a parcel has room for, beside the fields of a request and the lengths of its leaves. */
const CHUNK_BYTES = limits.parcelBytesMax / 2;

export class Sender {
  readonly #parts: SenderParts;
  readonly #sent: Map<Hex, Sent>;

  private constructor(parts: SenderParts, sent: Map<Hex, Sent>) {
    this.#parts = parts;
    this.#sent = sent;
  }

  static async open(parts: SenderParts): Promise<Sender> {
    const sent = new Map<Hex, Sent>();
    for (const [id, row] of await parts.store.rows()) sent.set(id as Hex, decodeRow(row));
    return new Sender(parts, sent);
  }

  /** The parcels that wait for an answer: a courier may have it. */
  get waiting(): Hex[] {
    return [...this.#sent.keys()];
  }

  /**
   * Seals what the purse has to say to a member: the records that nobody has acknowledged, redemptions if the member
   * is its own, and what became of those that were acknowledged.
   * @returns parcels, for any number of couriers; none if there is nothing to say.
   */
  async seal(intake: Intake): Promise<Uint8Array[]> {
    await this.#forgetOld();
    const parcels: Uint8Array[] = [];
    for (const ask of this.#asksTo(intake.member)) parcels.push(await this.#sealAsk(intake, ask));
    return parcels;
  }

  /**
   * Takes what a courier brings back. @returns whether it answers a parcel that waits for an answer.
   * @throws Refusal `not-for-us` if it was changed on the way: the parcel goes on waiting, and can be sent again;
   *   what the member refuses, as it says; as the purse's checks do.
   */
  async take(answer: Uint8Array): Promise<boolean> {
    const decoded = decodeAnswer(answer);
    const sent = this.#sent.get(decoded.id);
    if (sent === undefined) return false;
    const { purse } = this.#parts;
    const reply = decodeDeviceReply(await openAnswer(purse.networkId, sent.answerKey, decoded));
    checkReplyTo(sent.request, reply);
    await this.#apply(sent.request, reply);
    await this.#drop([decoded.id]);
    if (reply.outcome === "refused") throw refusalOf(reply.reason);
    return true;
  }

  async close(): Promise<void> {
    await this.#parts.store.close();
  }

  #asksTo(member: MemberId): Ask[] {
    const { purse } = this.#parts;
    const pending = purse.pending();
    const isOwn = member === purse.member;
    const fresh = pending.filter(({ acknowledgedBy }) => acknowledgedBy === 0);
    const plain = fresh.filter(({ role }) => role !== "redeemed");
    const redeemed = fresh.filter(({ role }) => role === "redeemed" && isOwn);
    const ids = pending.filter(({ acknowledgedBy }) => acknowledgedBy !== 0).map(({ id }) => id);
    return [
      ...chunksOf(plain, CHUNK_BYTES).map((records) => ({
        kind: "submit" as const,
        leaves: records.map(({ record }) => record.bytes),
      })),
      ...redeemed.map(({ record }) => ({ kind: "redeem" as const, record })),
      ...(isOwn && ids.length > 0
        ? [{ kind: "status" as const, ids: ids.slice(0, limits.askedMax) }]
        : []),
    ];
  }

  async #sealAsk({ member, key }: Intake, ask: Ask): Promise<Uint8Array> {
    const { purse, store, random, clock } = this.#parts;
    const before = [...this.#sent.values()].find(
      ({ request }) => request.member === member && isSameAsk(request.ask, ask),
    );
    if (before !== undefined) return before.parcel;
    const request = await purse.ask(ask, member);
    const answerKey = makeSealingKey(random);
    const { networkId } = purse;
    const { bytes } = await sealParcel(networkId, request, key, answerKey.publicKey, random);
    const sent: Sent = { made: clock(), request, answerKey, parcel: bytes };
    const id = parcelId(networkId, bytes);
    await store.write([{ key: id, value: encodeRow(sent) }]);
    this.#sent.set(id, sent);
    return bytes;
  }

  async #apply({ ask }: SignedDeviceRequest, reply: DeviceReply): Promise<void> {
    if (reply.outcome === "refused") return;
    const { purse } = this.#parts;
    const { answer } = reply;
    if (answer.kind === "status") {
      for (const record of answer.records) {
        if (record.state === "applied") await purse.settled(record.statement);
        else await purse.noted(record);
      }
    } else if (answer.kind === "submit" || answer.kind === "redeem") {
      const leaves = recordsOf(ask).map((record) => {
        return { id: recordId(purse.networkId, record.body), record };
      });
      await purse.acknowledged(answer.acknowledgement, leaves);
    }
  }

  async #forgetOld(): Promise<void> {
    const before = this.#parts.clock() - limits.courierKeptMs;
    const old = Array.from(this.#sent).filter(([, { made }]) => made < before);
    await this.#drop(old.map(([id]) => id));
  }

  async #drop(ids: readonly Hex[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#parts.store.write(ids.map((id) => ({ key: id, value: undefined })));
    for (const id of ids) this.#sent.delete(id);
  }
}

function recordsOf(ask: Ask): SignedRecord[] {
  if (ask.kind === "redeem") return [ask.record];
  return ask.kind === "submit" ? ask.leaves.map(decodeRecord) : [];
}

function isSameAsk(a: Ask, b: Ask): boolean {
  return a.kind === b.kind && equalBytes(encodeAsk(a), encodeAsk(b));
}

function encodeAsk(ask: Ask): Uint8Array {
  const writer = new Writer();
  writeAsk(writer, ask);
  return writer.done();
}

/** made u64 | private answer key 32 | request length u32 + bytes | parcel */
function encodeRow({ made, request, answerKey, parcel }: Sent): Uint8Array {
  return new Writer(64 + request.bytes.length + parcel.length)
    .safe(made)
    .fixed(answerKey.privateKey, 32)
    .wide(request.bytes)
    .put(parcel)
    .done();
}

/** @throws Error on a row that this software did not write. */
function decodeRow(row: Uint8Array): Sent {
  const reader = new Reader(row);
  const made = reader.safe("made");
  const answerKey = sealingKeyOf(reader.take(32, "answerKey"));
  const request = decodeDeviceRequest(reader.wide(limits.parcelBytesMax, "request"));
  return { made, request, answerKey, parcel: reader.take(reader.remaining, "parcel") };
}
