/**
 * Where a till's views go. On a terminal the screen is painted anew with each, codes as blocks and animated;
 * elsewhere views are plain lines, one after the other, and codes their texts.
 */
import type { Interface } from "node:readline";
import { framesOf, planFrames } from "../../device/qr/frames.ts";
import { codesOf, FRAME_MS } from "../shown-codes.ts";
import type { View } from "./words.ts";

/** Top left, and the rest of the screen blank. */
const HOME = "\u001b[H\u001b[J";
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
        const codes = codesOf(view.message, out.rows);
        const turn = () => {
          code = codes.next();
          paint();
        };
        if (codes.parts > 1) timer = setInterval(turn, FRAME_MS);
        code = codes.next();
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
