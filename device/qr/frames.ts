/**
 * A message as frames. What fits one code a cheap camera reads at arm's length is one code, shown as long as
 * it takes. Anything longer is an animation of smaller codes, which a camera reads at a glance each: first
 * the parts, then repair frames, round and round. Whoever sees any k different frames has the message.
 */
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { SHARES, shareOf } from "./erasure-code.ts";
import { encodeFrame, frameId } from "./frame.ts";

export type FrameOptions = {
  /** Longest message that becomes one code. */
  readonly staticMax?: number;
  /** Longest share of an animated frame, if the message has no more than 128 of them. */
  readonly shareMax?: number;
};

/**
 * A code of version 20 holds 1,249 characters at level L: 97 modules, which with their margin are six
 * pixels each in four fifths of a 720-line picture. Denser ones rarely resolve there.
 */
export const STATIC_MAX = 816;

/** Version 12 at level L, 535 characters: 65 modules, read from a moving hand, ten a second. */
export const SHARE_MAX = 340;

/** What becomes of a message. */
export type FramePlan = {
  /** Parts, and so frames that whoever reads needs; 1 is a static code. */
  readonly parts: number;
  readonly shareLength: number;
};

/** @throws Refusal `too-large` for what no animation carries; `malformed` for an empty message. */
export function planFrames(length: number, options: FrameOptions = {}): FramePlan {
  const { staticMax = STATIC_MAX, shareMax = SHARE_MAX } = options;
  if (length === 0) throw new Refusal("malformed", "an empty message has no frames");
  if (length > limits.messageBytesMax) {
    throw new Refusal("too-large", `${length} bytes, codes carry ${limits.messageBytesMax}`);
  }
  const wanted = length <= staticMax ? 1 : Math.ceil(length / shareMax);
  // Parts of equal length: codes of one size.
  const shareLength = Math.ceil(length / Math.min(wanted, limits.codePartsMax));
  return { parts: Math.ceil(length / shareLength), shareLength };
}

/**
 * The texts of the codes to show, one after the other, without end; a static code is the same text each
 * time. @throws Refusal as `planFrames` does.
 */
export function framesOf(
  message: Uint8Array,
  options: FrameOptions = {},
): IterableIterator<string> {
  return cycle(message, planFrames(message.length, options));
}

function* cycle(message: Uint8Array, { parts, shareLength }: FramePlan): Generator<string> {
  const padded = new Uint8Array(parts * shareLength);
  padded.set(message);
  const cut = Array.from({ length: parts }, (_, j) =>
    padded.subarray(j * shareLength, (j + 1) * shareLength),
  );
  const id = frameId(message);
  const shares = parts === 1 ? 1 : SHARES;
  for (let number = 0; ; number = (number + 1) % shares) {
    yield encodeFrame({ id, length: message.length, number, share: shareOf(cut, number) });
  }
}
