/** Frames as they are shown, and what an independent reader sees in them. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type FrameOptions, framesOf } from "../../../../device/qr/frames.ts";
import type { Modules, Picture } from "../../../../device/qr/qr-code.ts";

const PIXELS = 3;

/** What a screen shows first. */
export function firstFrames(message: Uint8Array, count: number, options?: FrameOptions): string[] {
  const frames = framesOf(message, options);
  return Array.from({ length: count }, () => frames.next().value as string);
}

/** As a screen shows it, so many pixels a module. */
export function pictureOf(modules: Modules, pixels = PIXELS): Picture {
  const width = modules.length * pixels;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const isDark = modules[Math.floor(y / pixels)]![Math.floor(x / pixels)]!;
      if (isDark) data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, height: width, data };
}

/** The modules that half blocks show in black. */
export function modulesIn(text: string): Modules {
  const lines = text.split("\n").slice(0, -1);
  const rows = lines.flatMap((line) => {
    const characters = Array.from(stripVTControlCharacters(line));
    return ["█▀", "█▄"].map((dark) => characters.map((each) => dark.includes(each)));
  });
  // A code has as many rows as columns, and the last line has two.
  return rows.slice(0, rows[0]!.length);
}

/** The texts that zbar reads from pictures, in their order; undefined where the program is missing. */
export function readByZbar(folder: string, pictures: readonly Picture[]): string[] | undefined {
  const files = pictures.map((picture, i) => {
    const file = join(folder, `${String(i).padStart(4, "0")}.pgm`);
    writeFileSync(file, graymapOf(picture));
    return file;
  });
  const { error, stdout } = spawnSync("zbarimg", ["--raw", "-q", "--nodbus", ...files], {
    encoding: "utf8",
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
  return stdout.split("\n").slice(0, -1);
}

/** Portable graymap: one byte a pixel. */
function graymapOf({ width, height, data }: Picture): Uint8Array {
  const head = Buffer.from(`P5\n${width} ${height}\n255\n`);
  return Buffer.concat([head, Uint8Array.from(data.filter((_, i) => i % 4 === 0))]);
}
