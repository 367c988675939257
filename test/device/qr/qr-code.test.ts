import { expect } from "chai";
import { FrameCollector } from "../../../device/qr/frame-collector.ts";
import { framesOf, planFrames, SHARE_MAX, STATIC_MAX } from "../../../device/qr/frames.ts";
import { drawQr, readQr, svgOf, terminalTextOf } from "../../../device/qr/qr-code.ts";
import { randomOf } from "../support/world.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { firstFrames, modulesIn, pictureOf, readByZbar } from "./support/picture.ts";

const folders = temporaryFolders();
const random = randomOf("codes");
const QUIET_ZONES = 2 * 4;

/** Modules a side of a code's version. */
const sizeOf = (version: number) => 17 + 4 * version + QUIET_ZONES;

describe("a code", () => {
  it("is of version 20 at most when static, and 12 when animated", () => {
    const [longest] = framesOf(random(STATIC_MAX));
    expect(drawQr(longest!)).to.have.length(sizeOf(20));
    const [part] = framesOf(random(10 * SHARE_MAX));
    expect(drawQr(part!)).to.have.length(sizeOf(12));
  });

  it("is read from a picture, and nothing from a picture without one", () => {
    const [frame] = framesOf(random(690));
    expect(readQr(pictureOf(drawQr(frame!)))).to.equal(frame);
    const blank = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 4).fill(200) };
    expect(readQr(blank)).to.equal(undefined);
    expect(() => readQr({ ...blank, width: 63 })).to.throw(RangeError);
  });

  it("is seen by an independent reader as the text that was drawn, static and animated [R-022, R-096]", async function () {
    for (const message of [random(20), random(STATIC_MAX), random(3 * SHARE_MAX)]) {
      // The last part, and repair frames.
      const { parts } = planFrames(message.length);
      const frames = firstFrames(message, 2 * parts).slice(parts - 1, -1);
      const folder = await folders();
      const texts = readByZbar(
        folder,
        frames.map((frame) => pictureOf(drawQr(frame))),
      );
      if (texts === undefined) {
        process.stdout.write("      skipped, as zbarimg of Debian's zbar-tools is not installed\n");
        return this.skip();
      }
      expect(texts).to.deep.equal(frames);
      const collector = new FrameCollector();
      for (const text of texts) collector.take(text);
      expect(collector.message).to.deep.equal(message);
    }
  });

  it("looks the same as SVG and in a terminal", () => {
    const modules = drawQr("TALLY:1234");
    const size = modules.length;
    expect(painted(svgOf(modules), size)).to.deep.equal(modules);
    expect(modulesIn(terminalTextOf(modules))).to.deep.equal(modules);
  });
});

/** The modules that the second path of an SVG covers. */
function painted(svg: string, size: number): boolean[][] {
  const modules = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    modules[Number(y)]!.fill(true, Number(x), Number(x) + Number(length));
  }
  return modules;
}
