/**
 * The answering end of a stream: questions are answered as they come, a few at a time, in any order. What
 * is no question ends the stream.
 */
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Channel } from "./channel.ts";
import { decodeQuestion, encodeAnswer, encodeRefusal } from "./request-kind.ts";

export type AnswererOptions = {
  /** Questions of one stream that are worked on at a time; further ones are refused as `busy`. */
  readonly inFlightMax: number;
  /**
   * Decodes a question and gives the encoded answer. What `decode` throws is the peer's fault.
   * The signal is aborted when the stream ends, and the answer is no longer wanted.
   */
  readonly decode: (question: Uint8Array) => (signal: AbortSignal) => Promise<Uint8Array>;
  /** The peer sent what no honest peer sends, and the stream is ended. */
  readonly onFalse: (refusal: Refusal) => void;
  /** Answering failed for a reason of ours; the peer hears no more than that. */
  readonly onError: (error: unknown) => void;
};

/** Serves a stream until it ends. */
export async function serveChannel(channel: Channel, options: AnswererOptions): Promise<void> {
  const ended = new AbortController();
  let inFlight = 0;
  try {
    for (let message; (message = await channel.read()) !== undefined; ) {
      const { number, body } = decodeQuestion(message);
      const work = options.decode(body);
      if (inFlight >= options.inFlightMax) {
        const busy = new Refusal("busy", `${inFlight} questions are open on this stream`);
        await channel.write(encodeRefusal(number, busy));
        continue;
      }
      inFlight++;
      void answer(channel, number, () => work(ended.signal), options.onError).finally(() => {
        inFlight--;
      });
    }
  } catch (error) {
    channel.abort(error as Error);
    if (isRefusal(error)) options.onFalse(error);
  } finally {
    ended.abort(new Error(`the stream of peer ${channel.peer} ended`));
  }
}

async function answer(
  channel: Channel,
  number: number,
  work: () => Promise<Uint8Array>,
  onError: (error: unknown) => void,
): Promise<void> {
  const message = await work()
    .then((body) => encodeAnswer(number, body))
    .catch((error: unknown) => {
      if (isRefusal(error)) return encodeRefusal(number, error);
      onError(error);
      return encodeRefusal(number, new Refusal("unavailable", "this node could not answer"));
    });
  // Where the stream has ended, no one waits for the answer.
  await channel.write(message).catch(() => undefined);
}
