/**
 * The one door to the library of codes: text as modules to draw, pixels as text. Level L throughout: a screen
 * has no scratches to mend, and larger modules help a camera more than a second chance does.
 */
import { encodeQR } from "qr";
import { decodeQR } from "qr/decode.js";

/** Rows of modules with their quiet zone; true is dark. As many columns as rows. */
export type Modules = readonly (readonly boolean[])[];

/** Pixels as a canvas gives them, red, green, blue, alpha a pixel. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
};

/** Modules around a code that stay light (ISO/IEC 18004). */
const QUIET_ZONE = 4;
/** Black on bright white, whatever the terminal's own colours are, since many cameras want dark on light. */
const COLOURS = "\u001b[30;107m";
const NO_COLOURS = "\u001b[0m";

export function drawQr(text: string): Modules {
  return encodeQR(text, "raw", { ecc: "low", border: QUIET_ZONE });
}

/** An image of one path, a user unit a module, to be scaled by whole pixels. */
export function svgOf(modules: Modules): string {
  const size = modules.length;
  let path = "";
  for (const [y, row] of modules.entries()) {
    for (const [x, length] of runs(row)) path += `M${x} ${y}h${length}v1h-${length}z`;
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`
  );
}

/** Lines of half blocks, two rows of modules a line, in black on white. */
export function terminalTextOf(modules: Modules): string {
  const lines: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const below = modules[y + 1] ?? [];
    const blocks = modules[y]!.map((isDark, x) => block(isDark, below[x] ?? false));
    lines.push(`${COLOURS}${blocks.join("")}${NO_COLOURS}\n`);
  }
  return lines.join("");
}

/** The text of a code in a picture, if one is seen. */
export function readQr(picture: Picture): string | undefined {
  try {
    return decodeQR(picture);
  } catch (error) {
    // The library throws where it sees no code. What it cannot take as a picture is the caller's mistake.
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    return undefined;
  }
}

/** Where dark modules begin in a row, and how many follow each other. */
function* runs(row: readonly boolean[]): Generator<[number, number]> {
  for (let x = 0; x < row.length; x++) {
    const from = x;
    while (row[x] === true) x++;
    if (x > from) yield [from, x - from];
  }
}

function block(above: boolean, below: boolean): string {
  if (above) return below ? "█" : "▀";
  return below ? "▄" : " ";
}
