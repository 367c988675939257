/** A message as codes on a terminal, as large as it has room for. */
import { framesOf, type FrameOptions, planFrames } from "../device/qr/frames.ts";
import { drawQr, terminalTextOf } from "../device/qr/qr-code.ts";

/** Time from one code of an animation to the next. */
export const FRAME_MS = 100;

/** The codes that are read best have 37 lines; on a lower screen they are more, of 23. */
const HIGH_ROWS = 44;
const LOW: FrameOptions = { staticMax: 80, shareMax: 80 };

export type ShownCodes = {
  /** How many different codes a camera needs; 1 stands still. */
  readonly parts: number;
  /** The next code, as lines of blocks. */
  readonly next: () => string;
};

/** @param rows of the terminal. @throws Refusal `too-large`. */
export function codesOf(message: Uint8Array, rows: number): ShownCodes {
  const options = rows < HIGH_ROWS ? LOW : {};
  const frames = framesOf(message, options);
  const { parts } = planFrames(message.length, options);
  return { parts, next: () => terminalTextOf(drawQr(frames.next().value as string)) };
}
