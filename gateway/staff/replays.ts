/**
 * Remembers what the staff asked under keys of their own, and what was answered. A key is on the disk before its
 * work begins: one that began before a crash and has no answer is refused, for nobody knows how far it came. What was
 * refused has changed nothing, so its key is free again. Keys live for a day at least and two at most, and there are
 * so many and no more. An answer may be a customer's credential, of which the gateway keeps a hash alone: it lies on
 * the disk sealed under the staff's key, which does not.
 */
import { createHash } from "node:crypto";
import { toHex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Random } from "../../protocol/random.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { AskedUnderKey, Replays } from "../../node/service/idempotency-key.ts";
import { keys, ranges } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Store } from "../store.ts";
import { openAnswer, sealAnswer } from "./sealed-answer.ts";

type Row = {
  /** SHA-256 of the request. */
  readonly request: string;
  /** The answer, sealed; absent while nobody knows it. */
  readonly sealed?: string;
};

type Call = {
  readonly name: Uint8Array;
  /** Seals its answer. */
  readonly secret: Uint8Array;
  readonly request: string;
};

const DAY_MS = 24 * 60 * 60 * 1000;
/** Forgotten in one write. */
const PAGE = 1_000;

export class StaffReplays implements Replays {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #random: Random;
  readonly #underWay = new Map<string, { request: string; answer: Promise<unknown> }>();
  #count: number;
  #forgottenBefore = 0;

  private constructor(store: Store, clock: () => number, random: Random, count: number) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
    this.#count = count;
  }

  static async open(store: Store, clock: () => number, random: Random): Promise<StaffReplays> {
    let count = 0;
    for await (const _ of store.entries(ranges.replays)) count++;
    return new StaffReplays(store, clock, random, count);
  }

  async once(asked: AskedUnderKey, act: () => Promise<unknown>): Promise<unknown> {
    const name = sha256(`${asked.caller}\n${asked.key}`);
    const request = toHex(sha256(asked.request));
    const secret = sha256(JSON.stringify(["answer", asked.caller, asked.key]));
    const waiting = this.#underWay.get(toHex(name));
    if (waiting !== undefined) {
      checkSame(waiting.request, request);
      return waiting.answer;
    }
    const answer = this.#once({ name, secret, request }, act);
    this.#underWay.set(toHex(name), { request, answer });
    try {
      return await answer;
    } finally {
      this.#underWay.delete(toHex(name));
    }
  }

  async #once({ name, secret, request }: Call, act: () => Promise<unknown>): Promise<unknown> {
    await this.#forget();
    const today = dayOf(this.#clock());
    const rows = await this.#store.getMany([today, today - 1].map((day) => keys.replay(day, name)));
    const found = rows.find((row) => row !== undefined);
    if (found !== undefined) return answerIn(decodeRow<Row>(found), request, secret);
    if (this.#count >= limits.replayKeysMax)
      throw new Refusal("busy", `${this.#count} keys are remembered, as many as may`);
    const key = keys.replay(today, name);
    const begun = encodeRow({ request } satisfies Row);
    await this.#store.write([{ key, value: begun, old: null }]);
    this.#count++;
    try {
      const answer = await act();
      const sealed = sealAnswer(answer ?? null, secret, this.#random);
      const value = encodeRow({ request, sealed } satisfies Row);
      await this.#store.write([{ key, value, old: begun }]);
      return answer;
    } catch (error) {
      if (isRefusal(error)) {
        await this.#store.write([{ key, value: null, old: begun }]);
        this.#count--;
      }
      throw error;
    }
  }

  /** Once a day, forgets those of the day before yesterday. */
  async #forget(): Promise<void> {
    const day = dayOf(this.#clock()) - 1;
    if (day <= this.#forgottenBefore) return;
    this.#forgottenBefore = day;
    for (;;) {
      const old = await Array.fromAsync(
        this.#store.entries({ ...ranges.replaysBefore(day), limit: PAGE }),
        ([key]) => ({ key, value: null }),
      );
      if (old.length === 0) return;
      await this.#store.write(old);
      this.#count -= old.length;
    }
  }
}

function answerIn({ request, sealed }: Row, asked: string, secret: Uint8Array): unknown {
  checkSame(request, asked);
  if (sealed !== undefined) return openAnswer(sealed, secret);
  throw new Refusal(
    "conflict",
    "what was asked under the key began before the gateway stopped, and nobody knows how far it came: look, and ask anew under another key",
  );
}

function checkSame(known: string, asked: string): void {
  if (known !== asked) throw new Refusal("conflict", "the key stands for another request");
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
