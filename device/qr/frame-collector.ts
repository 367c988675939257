/**
 * Frames as a message: from any frames in any order, however many were lost, seen twice, or of something
 * else. The message is believed when it has the checksum that its frames name; a forged frame costs time,
 * and never makes another message.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { recoverParts } from "./erasure-code.ts";
import { decodeFrame, type Frame, frameId, partsOf } from "./frame.ts";

/**
 * What became of a frame: it brought something; it had been seen, or comes too late; it is no frame of ours,
 * or of a message to be passed over; it completed a message that is not what its frames name.
 */
export type FrameOutcome = "new" | "known" | "foreign" | "spoilt";

/** Shares of one message. */
type Pile = {
  readonly parts: number;
  readonly length: number;
  readonly shares: Map<number, Uint8Array>;
};

export class FrameCollector {
  readonly #passedOver: ReadonlySet<Hex>;
  /** By message and how it was cut; the pile that was added to last comes last. */
  readonly #piles = new Map<string, Pile>();
  #message: Uint8Array | undefined;

  /** @param passedOver messages that are not waited for: what the screen opposite showed before. */
  constructor(passedOver: readonly Uint8Array[] = []) {
    this.#passedOver = new Set(passedOver.map(frameId));
  }

  /** The first message that was complete. */
  get message(): Uint8Array | undefined {
    return this.#message;
  }

  /** How much of the message that was added to last is there: from 0 to 1, which is all. */
  get progress(): number {
    if (this.#message !== undefined) return 1;
    const pile = [...this.#piles.values()].at(-1);
    return pile === undefined ? 0 : pile.shares.size / pile.parts;
  }

  /** @param text of a code, whosever it is. */
  take(text: string): FrameOutcome {
    const frame = frameIn(text);
    if (frame === undefined || this.#passedOver.has(frame.id)) return "foreign";
    if (this.#message !== undefined) return "known";
    const key = `${frame.id} ${frame.length} ${frame.share.length}`;
    const pile = this.#pileFor(key, frame);
    if (pile.shares.has(frame.number)) return "known";
    pile.shares.set(frame.number, frame.share);
    if (pile.shares.size < pile.parts) return "new";
    const message = assemble(pile);
    this.#piles.delete(key);
    if (frameId(message) !== frame.id) return "spoilt";
    this.#piles.clear();
    this.#message = message;
    return "new";
  }

  /** Begins a pile, for which the one that rested longest makes room. */
  #pileFor(key: string, frame: Frame): Pile {
    const { length } = frame;
    const pile = this.#piles.get(key) ?? { parts: partsOf(frame), length, shares: new Map() };
    this.#piles.delete(key);
    this.#piles.set(key, pile);
    const [oldest] = this.#piles.keys();
    if (this.#piles.size > limits.codeMessagesAtOnceMax) this.#piles.delete(oldest!);
    return pile;
  }
}

/** Posters and tickets are codes too. */
function frameIn(text: string): Frame | undefined {
  try {
    return decodeFrame(text);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

function assemble({ parts, length, shares }: Pile): Uint8Array {
  const cut = recoverParts(shares, parts);
  const message = new Uint8Array(length);
  let at = 0;
  for (const part of cut) {
    message.set(part.subarray(0, length - at), at);
    at += part.length;
  }
  return message;
}
