/**
 * The asking end of a stream. A question that its asker gave up keeps its place until it is answered,
 * since the peer still works on it; a peer that answers none of them loses the stream.
 */
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Channel } from "./channel.ts";
import { decodeAnswer, encodeQuestion } from "./request-kind.ts";

export type AskerOptions = {
  readonly open: () => Promise<Channel>;
  /** Questions open at a time; more wait their turn. */
  readonly inFlightMax: number;
  /** The peer sent what no honest peer sends, and the stream is ended. */
  readonly onFalse: (refusal: Refusal) => void;
};

type Place = {
  readonly number: number;
  readonly answer: PromiseWithResolvers<Uint8Array | Refusal>;
  isGivenUp: boolean;
};

export class Asker {
  readonly #options: AskerOptions;
  /** Open questions by number. */
  readonly #places = new Map<number, Place>();
  readonly #turns: (() => void)[] = [];
  #channel: Promise<Channel> | undefined;
  #number = 0;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /**
   * Resolves with what `decode` makes of the answer's body.
   * @throws Refusal as the peer answered.
   * @throws Error if there is no answer: the signal's reason, the stream broke, the answer was false.
   */
  async ask<Answer>(
    question: Uint8Array,
    decode: (body: Uint8Array) => Answer,
    signal: AbortSignal,
  ): Promise<Answer> {
    const place = await this.#takePlace(signal);
    const giveUp = () => this.#giveUp(place, signal.reason as Error);
    signal.addEventListener("abort", giveUp, { once: true });
    // It may have been aborted while the place was taken.
    if (signal.aborted) giveUp();
    try {
      const [body] = await Promise.all([place.answer.promise, this.#send(place, question)]);
      if (body instanceof Refusal) throw body;
      return this.#decode(body, decode);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Ends the stream; what is open is answered with `reason`. The next question opens another. */
  close(reason: Error): void {
    const channel = this.#channel;
    this.#channel = undefined;
    // One that did not open has nothing to abort.
    channel?.then((opened) => opened.abort(reason)).catch(() => undefined);
    for (const { answer } of this.#places.values()) answer.reject(reason);
    this.#places.clear();
    this.#nextTurns();
  }

  async #takePlace(signal: AbortSignal): Promise<Place> {
    while (this.#places.size >= this.#options.inFlightMax) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#turns.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    signal.throwIfAborted();
    this.#number = (this.#number + 1) >>> 0;
    const answer = Promise.withResolvers<Uint8Array | Refusal>();
    const place = { number: this.#number, answer, isGivenUp: false };
    this.#places.set(place.number, place);
    return place;
  }

  #nextTurns(): void {
    for (const turn of this.#turns.splice(0)) turn();
  }

  async #send({ number }: Place, question: Uint8Array): Promise<void> {
    // Closed in between: a question without a place would be answered to no one.
    if (!this.#places.has(number)) return;
    this.#channel ??= this.#open();
    const channel = this.#channel;
    try {
      await (await channel).write(encodeQuestion(number, question));
    } catch (error) {
      if (this.#channel === channel) this.close(error as Error);
      throw error;
    }
  }

  #open(): Promise<Channel> {
    const opening = this.#options.open();
    // Whoever asked hears of a stream that does not open.
    opening.then((channel) => this.#read(channel, opening)).catch(() => undefined);
    return opening;
  }

  async #read(channel: Channel, opening: Promise<Channel>): Promise<void> {
    let end: Error;
    try {
      for (let message; (message = await channel.read()) !== undefined; ) this.#take(message);
      end = new Error(`peer ${channel.peer} closed the stream`);
    } catch (error) {
      end = isRefusal(error) ? this.#condemn(error) : (error as Error);
    }
    if (this.#channel === opening) this.close(end);
  }

  #decode<Answer>(body: Uint8Array, decode: (body: Uint8Array) => Answer): Answer {
    try {
      return decode(body);
    } catch (error) {
      throw isRefusal(error) ? this.#condemn(error) : error;
    }
  }

  #take(message: Uint8Array): void {
    const { number, body } = decodeAnswer(message);
    const place = this.#places.get(number);
    if (place === undefined) throw new Refusal("malformed", `question ${number} is not open`);
    this.#places.delete(number);
    place.answer.resolve(body);
    this.#nextTurns();
  }

  #giveUp(place: Place, reason: Error): void {
    place.isGivenUp = true;
    place.answer.reject(reason);
    const isStuck = [...this.#places.values()].every(({ isGivenUp }) => isGivenUp);
    if (isStuck && this.#places.size >= this.#options.inFlightMax) this.close(reason);
  }

  #condemn(refusal: Refusal): Error {
    const error = new Error(`the peer answered falsely: ${refusal.message}`, { cause: refusal });
    this.close(error);
    this.#options.onFalse(refusal);
    return error;
  }
}
