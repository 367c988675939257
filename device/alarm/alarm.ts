/**
 * A till's end of the local alarm. It tells the shop's other tills which coins it has taken, at once, and a few times a
 * second how far it knows what all have told; whoever hears that another is behind gives it what it lacks. So a lost
 * datagram costs a quarter of a second, and a till that comes late soon knows all.
 *
 * What it hears makes a till refuse a coin, and nothing else: so only holders of the shop's key are heard. Two tills
 * that are shown one coin within the same few milliseconds may both take it; the ledger settles that.
 */
import {
  type AlarmBeat,
  type AlarmMessage,
  openAlarm,
  sealAlarm,
  type ShopKey,
  STRETCH_BYTES,
  type Taking,
  takingLength,
  TILL_ID_LENGTH,
  type TillId,
} from "../../protocol/alarm.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Outpoint } from "../../protocol/output.ts";
import type { Random } from "../../protocol/random.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Received } from "../payee.ts";
import type { PendingRecord } from "../pending-store.ts";
import type { Purse } from "../purse.ts";
import type { AlarmLink } from "./alarm-link.ts";
import { AlarmTable, type Stretch } from "./alarm-table.ts";

export type AlarmParts = {
  readonly networkId: Uint8Array;
  readonly shopKey: ShopKey;
  readonly link: AlarmLink;
  readonly random: Random;
  /** Milliseconds. */
  readonly clock: () => number;
  /** How long receipts live, in milliseconds: a parameter of the network. */
  readonly receiptLifeMs: number;
};

export type AlarmOptions = {
  /** How often the till says how far it knows. */
  readonly beatMs?: number;
};

/** Stretches that answer one beat: the rest comes with the next. */
const STRETCHES_MAX = 16;
/** Beats after which others speak for a till that is not heard any more. */
const SILENT_BEATS = 4;

export class Alarm {
  readonly #parts: AlarmParts;
  readonly #beatMs: number;
  readonly #till: TillId;
  readonly #table: AlarmTable;
  /** When each till was given what it lacked last. */
  readonly #given = new Map<TillId, number>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: AlarmParts, { beatMs = 250 }: AlarmOptions = {}) {
    this.#parts = parts;
    this.#beatMs = beatMs;
    this.#till = toHex(parts.random(TILL_ID_LENGTH));
    this.#table = new AlarmTable(parts.receiptLifeMs);
  }

  /** Coins of the shop's that are remembered. */
  get size(): number {
    return this.#table.size;
  }

  /** Joins the shop, and hears what has been taken. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#parts.link.onDatagram((datagram) => void this.#hear(datagram));
    this.#timer = setInterval(() => this.#beat(), this.#beatMs);
    this.#beat();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#parts.link.close();
  }

  /** The record that took a coin at any till of the shop: for `PurseParts.rival`. */
  rival(outpoint: Outpoint): Hex | undefined {
    return this.#table.takerOf(outpoint);
  }

  /** Tells the shop of records that the till has accepted; those that it has told of stay as they are. */
  tell(records: readonly Pick<PendingRecord, "id" | "record">[]): void {
    const takings = records
      .filter(({ id }) => !this.#table.has(this.#till, id))
      .map(({ id, record }) => ({ id, inputs: record.inputs }));
    if (takings.length === 0) return;
    const stretch = this.#table.append(this.#till, takings, this.#parts.clock());
    for (const part of partsOf(stretch)) this.#sendStretch(this.#till, part);
  }

  #beat(): void {
    this.#table.note(this.#till, this.#parts.clock());
    this.#send({ kind: "beat", till: this.#till, held: this.#table.held() });
  }

  async #hear(datagram: Uint8Array): Promise<void> {
    const { networkId, shopKey, clock } = this.#parts;
    let alarm: AlarmMessage;
    try {
      alarm = await openAlarm(networkId, shopKey, datagram);
    } catch (error) {
      if (isRefusal(error)) return;
      throw error;
    }
    if (alarm.till === this.#till) return;
    if (alarm.kind === "stretch") this.#table.add(alarm.till, alarm, clock());
    else this.#give(alarm, clock());
  }

  /** Gives the sender of a beat what it lacks. Beats may be played back by strangers: each is answered so often. */
  #give({ till: asker, held }: AlarmBeat, now: number): void {
    this.#table.note(asker, now);
    if (now - (this.#given.get(asker) ?? Number.NEGATIVE_INFINITY) < this.#beatMs / 2) return;
    if (this.#given.size > limits.alarmTillsMax) this.#given.clear();
    this.#given.set(asker, now);
    const theirs = new Map(held.map(({ till, number }) => [till, number]));
    let left = STRETCHES_MAX;
    for (const { till, number } of this.#table.held()) {
      const known = theirs.get(till) ?? 0;
      if (number <= known || !this.#speaksFor(till, now)) continue;
      const parts = partsOf(this.#table.after(till, known)).slice(0, left);
      left -= parts.length;
      for (const part of parts) this.#sendStretch(till, part);
    }
  }

  /** For itself; and for a till that is silent, one of those who are there, by chance. */
  #speaksFor(till: TillId, now: number): boolean {
    if (till === this.#till) return true;
    const isHeard = (each: TillId) => now - this.#table.heardAt(each) < SILENT_BEATS * this.#beatMs;
    if (isHeard(till)) return false;
    const present = this.#table.held().filter((each) => isHeard(each.till)).length;
    return this.#parts.random(1)[0]! * present < 256;
  }

  #sendStretch(till: TillId, stretch: Stretch): void {
    this.#send({ kind: "stretch", till, ...stretch });
  }

  #send(alarm: AlarmMessage): void {
    const { networkId, shopKey, link, random } = this.#parts;
    void sealAlarm(networkId, shopKey, alarm, random).then((datagram) => link.send(datagram));
  }
}

/**
 * Takes message 2 at a till of a shop, as `Purse.receive` does, and tells the shop.
 * @param purse opened with the alarm's `rival`.
 */
export async function receiveAtTill(
  purse: Purse,
  alarm: Alarm,
  payment: Uint8Array,
): Promise<Received> {
  const received = await purse.receive(payment);
  alarm.tell(purse.pending());
  return received;
}

/** A stretch as datagrams hold it. */
function partsOf({ floor, first, takings }: Stretch): Stretch[] {
  const parts: { floor: number; first: number; takings: Taking[] }[] = [];
  let room = 0;
  for (const [i, taking] of takings.entries()) {
    const length = takingLength(taking);
    if (length > room) {
      parts.push({ floor, first: first + i, takings: [] });
      room = STRETCH_BYTES;
    }
    parts.at(-1)!.takings.push(taking);
    room -= length;
  }
  return parts;
}
