/** A message as a code that another device's camera reads, still or animated. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { framesOf } from "../../qr/frames.ts";
import { drawQr, type Modules } from "../../qr/qr-code.ts";
import { HandOver } from "./by-hand.tsx";

export type ShowCodeProps = {
  readonly message: Uint8Array;
  /** What it is, to whoever cannot see it. */
  readonly label: string;
};

/** Ten frames a second. */
const FRAME_MS = 100;
/** Pixels a module: enough that no screen blurs them. */
const MODULE = 8;

export function ShowCode({ message, label }: ShowCodeProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  // Ends with the canvas: a passive effect ends later, and may draw once more.
  useLayoutEffect(() => {
    const frames = framesOf(message);
    let shown = "";
    const show = () => {
      const text = frames.next().value;
      // A message of one code is the same text each time.
      if (text !== shown) draw(canvas.current!, drawQr((shown = text)));
    };
    show();
    const timer = setInterval(show, FRAME_MS);
    return () => clearInterval(timer);
  }, [message]);
  return (
    <div class="code">
      <canvas ref={canvas} role="img" aria-label={label} />
      <HandOver message={message} />
    </div>
  );
}

/** Black on white in the dark, too: cameras look for it. */
function draw(canvas: HTMLCanvasElement, modules: Modules): void {
  canvas.width = canvas.height = modules.length * MODULE;
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  for (const [y, row] of modules.entries()) {
    for (const [x, isDark] of row.entries()) {
      if (isDark) context.fillRect(x * MODULE, y * MODULE, MODULE, MODULE);
    }
  }
}
