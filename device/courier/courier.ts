/**
 * Carries parcels for others: takes them in, hands them over at any gateway, and keeps the answers until their
 * senders come for them. It cannot read them, so it cannot tell good ones from bad: what it keeps is bounded in
 * number, bytes and time, and what a gateway refuses for good is dropped.
 */
import { type Hex, Reader, Writer } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { decodeAnswer, decodeParcel, decodeParcelState, parcelId } from "../../protocol/parcel.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { PurseStore } from "../purse-store.ts";
import type { ParcelGateway } from "./parcel-gateway.ts";

export type CourierParts = {
  readonly networkId: Uint8Array;
  /** Of its own: nothing but parcels and answers. */
  readonly store: PurseStore;
  /** Milliseconds. */
  readonly clock: () => number;
};

export type Delivery = {
  /** Parcels that have their answer now. */
  readonly answered: number;
  /** Parcels that the gateway keeps until their member has answered: they are to be handed over again. */
  readonly kept: number;
  /** Parcels that were dropped: no member opens them. */
  readonly refused: number;
};

/** A parcel, or the answer to one. */
type Carried = {
  readonly taken: number;
  readonly isAnswer: boolean;
  readonly bytes: Uint8Array;
};

export class Courier {
  readonly #parts: CourierParts;
  readonly #carried: Map<Hex, Carried>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(parts: CourierParts, carried: Map<Hex, Carried>) {
    this.#parts = parts;
    this.#carried = carried;
  }

  static async open(parts: CourierParts): Promise<Courier> {
    const carried = new Map<Hex, Carried>();
    for (const [id, row] of await parts.store.rows()) carried.set(id as Hex, decodeRow(row));
    return new Courier(parts, carried);
  }

  /** Parcels and answers it carries. */
  get size(): number {
    return this.#carried.size;
  }

  /**
   * Takes a parcel, durably; the same one again changes nothing. @returns its id, by which the answer is asked for.
   * @throws Refusal `malformed`, `too-large`, `unsupported-version`; `busy` while it carries as much as it may.
   */
  take(parcel: Uint8Array): Promise<Hex> {
    return this.#alone(async () => {
      const { bytes } = decodeParcel(parcel);
      const id = parcelId(this.#parts.networkId, bytes);
      if (this.#carried.has(id)) return id;
      await this.#forgetOld();
      await this.#makeRoom(bytes.length);
      await this.#keep(id, { taken: this.#parts.clock(), isAnswer: false, bytes: bytes.slice() });
      return id;
    });
  }

  /** The answer to a parcel, once there is one. It stays until it is too old or makes room. */
  answerTo(id: Hex): Uint8Array | undefined {
    const carried = this.#carried.get(id);
    return carried?.isAnswer === true ? carried.bytes : undefined;
  }

  /**
   * Hands over all that has no answer yet. What was done stays done whatever happens to the rest.
   * @throws Refusal `busy`, `unavailable`, as the gateway says; Error if it is out of reach, or answers nonsense.
   */
  deliver(gateway: ParcelGateway): Promise<Delivery> {
    return this.#alone(async () => {
      await this.#forgetOld();
      const outcomes = { answered: 0, kept: 0, refused: 0 };
      for (const [id, { isAnswer, bytes }] of this.#carried) {
        if (!isAnswer) outcomes[await this.#deliver(gateway, id, bytes)] += 1;
      }
      return outcomes;
    });
  }

  /** Waits for what is under way, and lets go of the store. */
  async close(): Promise<void> {
    await this.#last;
    await this.#parts.store.close();
  }

  async #deliver(gateway: ParcelGateway, id: Hex, parcel: Uint8Array): Promise<keyof Delivery> {
    try {
      const state = decodeParcelState(await gateway.hand(parcel));
      if (state.state === "kept") return "kept";
      if (state.answer.id !== id) throw new Error("the gateway answers another parcel");
      const { bytes } = state.answer;
      await this.#keep(id, { taken: this.#parts.clock(), isAnswer: true, bytes });
      return "answered";
    } catch (error) {
      if (!isRefusal(error, "not-for-us")) throw error;
      await this.#drop([id]);
      return "refused";
    }
  }

  /** Answers go first, the oldest of them: their senders can hand their parcels over again. */
  async #makeRoom(length: number): Promise<void> {
    const answers = Array.from(this.#carried).filter(([, { isAnswer }]) => isAnswer);
    answers.sort(([, a], [, b]) => a.taken - b.taken);
    while (!this.#hasRoom(length)) {
      const oldest = answers.shift();
      if (oldest === undefined) {
        throw new Refusal("busy", `${this.size} parcels are carried here, as many as may`);
      }
      await this.#drop([oldest[0]]);
    }
  }

  #hasRoom(length: number): boolean {
    let bytesLeft = limits.courierBytesMax - length;
    for (const { bytes } of this.#carried.values()) bytesLeft -= bytes.length;
    return bytesLeft >= 0 && this.size < limits.courierParcelsMax;
  }

  async #forgetOld(): Promise<void> {
    const before = this.#parts.clock() - limits.courierKeptMs;
    const old = Array.from(this.#carried).filter(([, { taken }]) => taken < before);
    await this.#drop(old.map(([id]) => id));
  }

  async #keep(id: Hex, carried: Carried): Promise<void> {
    await this.#parts.store.write([{ key: id, value: encodeRow(carried) }]);
    this.#carried.set(id, carried);
  }

  async #drop(ids: readonly Hex[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#parts.store.write(ids.map((id) => ({ key: id, value: undefined })));
    for (const id of ids) this.#carried.delete(id);
  }

  /** One act at a time: each sees all that was written before it. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    const run = this.#last.then(act);
    this.#last = run.catch(() => undefined);
    return run;
  }
}

/** taken u64 | answer u8 | parcel or answer, as it travels */
function encodeRow({ taken, isAnswer, bytes }: Carried): Uint8Array {
  return new Writer(9 + bytes.length)
    .safe(taken)
    .u8(isAnswer ? 1 : 0)
    .put(bytes)
    .done();
}

/** @throws Error on a row that this software did not write. */
function decodeRow(row: Uint8Array): Carried {
  const reader = new Reader(row);
  const taken = reader.safe("taken");
  const isAnswer = reader.count(1, 0, 1, "answer") === 1;
  const bytes = reader.take(reader.remaining, "bytes");
  if (isAnswer) decodeAnswer(bytes);
  else decodeParcel(bytes);
  return { taken, isAnswer, bytes };
}
