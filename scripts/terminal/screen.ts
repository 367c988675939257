/**
 * Where a till's views go. On a terminal the screen is painted anew with each, codes as blocks and animated;
 * elsewhere views are plain lines, one after the other, and codes their texts.
 */
import type { Interface } from "node:readline";
import { framesOf, type FrameOptions, planFrames } from "../../device/qr/frames.ts";
import { drawQr, terminalTextOf } from "../../device/qr/qr-code.ts";
import type { View } from "./words.ts";

const FRAME_MS = 100;
/** Top left, and the rest of the screen blank. */
const HOME = "\u001b[H\u001b[J";
/** Codes of 23 lines where a screen is too low for those that are read best, of 37. */
const LOW: FrameOptions = { staticMax: 80, shareMax: 80 };
const HIGH_ROWS = 44;

export type Screen = {
  readonly show: (view: View) => void;
  /** Beside what is shown. */
  readonly note: (lines: readonly string[]) => void;
  readonly end: () => void;
};

/** @param lines whose prompt stays at the bottom. */
export function terminalScreen(out: NodeJS.WriteStream, lines: Interface): Screen {
  let timer: NodeJS.Timeout | undefined;
  let shown: readonly string[] = [];
  let code = "";
  let notes: readonly string[] = [];
  const paint = () => {
    out.write(`${HOME}${[...shown, "", code, ...notes, ""].join("\n")}\n`);
    lines.prompt(true);
  };
  return {
    show(view) {
      clearInterval(timer);
      shown = view.lines;
      notes = [];
      code = "";
      if (view.message !== undefined) {
        const options = out.rows < HIGH_ROWS ? LOW : {};
        const frames = framesOf(view.message, options);
        const next = () => {
          code = terminalTextOf(drawQr(frames.next().value as string));
          paint();
        };
        if (planFrames(view.message.length, options).parts > 1) timer = setInterval(next, FRAME_MS);
        next();
      }
      paint();
    },
    note(text) {
      notes = text;
      paint();
    },
    end: () => clearInterval(timer),
  };
}

export function plainScreen(out: NodeJS.WritableStream): Screen {
  return {
    show({ lines, message }) {
      for (const line of lines) out.write(`${line}\n`);
      if (message === undefined) return;
      const frames = framesOf(message);
      const { parts } = planFrames(message.length);
      for (let i = 0; i < parts; i++) out.write(`${frames.next().value as string}\n`);
    },
    note(lines) {
      for (const line of lines) out.write(`${line}\n`);
    },
    end: () => undefined,
  };
}
