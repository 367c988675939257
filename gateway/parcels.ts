/**
 * Takes parcels from couriers. What is sealed to this member is answered at once. What is for another is stored
 * before its courier hears that it is kept, and handed on to that member's gateway, again and again until it has
 * answered; the answer waits for any courier that brings the same parcel. The gateway learns no more of another's
 * parcel than the courier did.
 *
 * Anyone can make parcels that nobody can open, so what is kept for others is bounded and ends with time; a parcel
 * that its member refuses is dropped.
 */
import { type Hex, Reader, toHex, Writer } from "../protocol/bytes.ts";
import { limits } from "../protocol/limits.ts";
import type { GatewayAddress } from "../protocol/network-file.ts";
import type { MemberId } from "../protocol/output.ts";
import {
  decodeAnswer,
  decodeParcel,
  decodeParcelState,
  type Parcel,
  parcelId,
  type ParcelState,
} from "../protocol/parcel.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { DeviceDesk } from "./device-desk.ts";
import { postBytes } from "./fetch-bytes.ts";
import { keys, ranges } from "./keys.ts";
import { Recurring } from "./recurring.ts";
import type { RateLimits } from "./rate-limits.ts";
import { Serial } from "./serial.ts";
import type { Store } from "./store.ts";

export type ParcelsParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly desk: Pick<DeviceDesk, "answerParcel">;
  /** By member that parcels are for. */
  readonly rates: RateLimits;
  /** Where the other members' gateways are, as the network file has them. */
  readonly gateways: readonly GatewayAddress[];
  readonly store: Store;
  readonly clock: () => number;
  readonly logger: Logger;
  /** How many are kept for others, answers among them. */
  readonly parcelsMax: number;
  readonly keepMs: number;
  /** How soon a member is tried again. */
  readonly retryMs: number;
};

/** A parcel for another member; its bytes, or the answer's, are in the store. */
type Kept = { readonly taken: number; readonly isAnswered: boolean };

type Row = Kept & { readonly bytes: Uint8Array };

/** Where couriers, and gateways among themselves, hand parcels over. */
export const PARCELS_PATH = "/v1/parcels";

/** A parcel's head, key and tag, or an answer's id, beside what is sealed. */
export const PARCEL_BYTES_MAX = limits.parcelBytesMax + 128;

export class Parcels {
  readonly #parts: ParcelsParts;
  readonly #kept: Map<Hex, Kept>;
  readonly #keeping = new Serial();
  readonly #handingOn: Recurring;

  private constructor(parts: ParcelsParts, kept: Map<Hex, Kept>) {
    this.#parts = parts;
    this.#kept = kept;
    const { retryMs: everyMs, logger } = parts;
    const failure = "parcels for other members are not handed on";
    this.#handingOn = new Recurring({ task: () => this.#handAllOn(), everyMs, logger, failure });
  }

  static async open(parts: ParcelsParts): Promise<Parcels> {
    const kept = new Map<Hex, Kept>();
    for await (const [key, value] of parts.store.entries(ranges.parcels)) {
      const { taken, isAnswered } = decodeRow(value);
      kept.set(toHex(key.subarray(1)), { taken, isAnswered });
    }
    return new Parcels(parts, kept);
  }

  start(): void {
    this.#handingOn.start();
  }

  async stop(): Promise<void> {
    await this.#handingOn.stop();
  }

  /** Parcels and answers that are kept for others. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * Takes a parcel, any number of times.
   * @throws Refusal `not-for-us` if it does not open, `unknown-member` if no gateway of its member is known, `busy`,
   *   `rate-limited`.
   */
  async take(bytes: Uint8Array): Promise<ParcelState> {
    const parcel = decodeParcel(bytes);
    const { networkId, member, desk, rates } = this.#parts;
    rates.take(String(parcel.member), `parcels for member ${parcel.member} come`);
    if (parcel.member === member) {
      return { state: "answered", answer: await desk.answerParcel(parcel) };
    }
    const id = parcelId(networkId, bytes);
    await this.#keeping.run(async () => {
      if (!this.#kept.has(id)) await this.#keep(id, parcel);
    });
    const answered = await this.#answerTo(id);
    return answered ?? this.#handOn(id, parcel);
  }

  /** Durable when it returns. @throws Refusal `unknown-member`, `busy`. */
  async #keep(id: Hex, { member, bytes }: Parcel): Promise<void> {
    this.#urlOf(member);
    await this.#forgetOld();
    if (this.#kept.size >= this.#parts.parcelsMax) await this.#makeRoom();
    await this.#store(id, { taken: this.#parts.clock(), isAnswered: false, bytes });
  }

  /** An answer goes: whoever still wants it brings the parcel again. */
  async #makeRoom(): Promise<void> {
    const answered = Array.from(this.#kept).filter(([, { isAnswered }]) => isAnswered);
    const [oldest] = answered.sort(([, a], [, b]) => a.taken - b.taken);
    if (oldest === undefined) {
      throw new Refusal("busy", `${this.#kept.size} parcels are kept for others, as many as may`);
    }
    await this.#drop([oldest[0]]);
  }

  async #answerTo(id: Hex): Promise<ParcelState | undefined> {
    if (this.#kept.get(id)?.isAnswered !== true) return undefined;
    const row = await this.#parts.store.get(keys.parcel(id));
    if (row === undefined) return undefined;
    return { state: "answered", answer: decodeAnswer(decodeRow(row).bytes) };
  }

  /** @throws Refusal as the member's gateway says, if it will never take the parcel. */
  async #handOn(id: Hex, parcel: Parcel): Promise<ParcelState> {
    const { logger, clock } = this.#parts;
    const { member } = parcel;
    try {
      const url = this.#urlOf(member);
      const state = decodeParcelState(await postBytes(url, parcel.bytes, PARCEL_BYTES_MAX));
      if (state.state === "answered") {
        if (state.answer.id !== id) throw new Error(`${url} answers another parcel`);
        await this.#store(id, { taken: clock(), isAnswered: true, bytes: state.answer.bytes });
      }
      return state;
    } catch (error) {
      if (isRefusal(error) && !error.row.retry) {
        await this.#drop([id]);
        throw error;
      }
      logger.debug({ err: error, member }, "a parcel is kept until its member's gateway answers");
      return { state: "kept" };
    }
  }

  async #handAllOn(): Promise<void> {
    await this.#forgetOld();
    const open = Array.from(this.#kept).filter(([, { isAnswered }]) => !isAnswered);
    /** A gateway that is away is asked once a round. */
    const away = new Set<MemberId>();
    for (const [id] of open) {
      const row = await this.#parts.store.get(keys.parcel(id));
      if (row === undefined) continue;
      const parcel = decodeParcel(decodeRow(row).bytes);
      if (away.has(parcel.member)) continue;
      try {
        if ((await this.#handOn(id, parcel)).state === "kept") away.add(parcel.member);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.#parts.logger.info({ err: error, id }, "a parcel is dropped: its member refuses it");
      }
    }
  }

  #urlOf(member: MemberId): string {
    const gateway = this.#parts.gateways.find((each) => each.member === member);
    if (gateway === undefined) {
      throw new Refusal("unknown-member", `no gateway of member ${member} is known here`);
    }
    return gateway.url.replace(/\/$/, "") + PARCELS_PATH;
  }

  async #forgetOld(): Promise<void> {
    const { clock, keepMs } = this.#parts;
    const before = clock() - keepMs;
    const old = Array.from(this.#kept).filter(([, { taken }]) => taken < before);
    await this.#drop(old.map(([id]) => id));
  }

  async #store(id: Hex, row: Row): Promise<void> {
    const { taken, isAnswered } = row;
    await this.#parts.store.write([{ key: keys.parcel(id), value: encodeRow(row) }]);
    this.#kept.set(id, { taken, isAnswered });
  }

  async #drop(ids: readonly Hex[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#parts.store.write(ids.map((id) => ({ key: keys.parcel(id), value: null })));
    for (const id of ids) this.#kept.delete(id);
  }
}

/** taken u64 | answered u8 | parcel or answer */
function encodeRow({ taken, isAnswered, bytes }: Row): Uint8Array {
  return new Writer(9 + bytes.length)
    .safe(taken)
    .u8(isAnswered ? 1 : 0)
    .put(bytes)
    .done();
}

function decodeRow(row: Uint8Array): Row {
  const reader = new Reader(row);
  const taken = reader.safe("taken");
  const isAnswered = reader.count(1, 0, 1, "answered") === 1;
  return { taken, isAnswered, bytes: reader.take(reader.remaining, "bytes") };
}
