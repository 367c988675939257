import { expect } from "chai";
import fc from "fast-check";
import { decodeFrame, encodeFrame, type Frame, frameId } from "../../../device/qr/frame.ts";
import { FrameCollector } from "../../../device/qr/frame-collector.ts";
import { framesOf, planFrames, SHARE_MAX, STATIC_MAX } from "../../../device/qr/frames.ts";
import { limits } from "../../../protocol/limits.ts";
import { randomOf, World } from "../support/world.ts";
import { firstFrames } from "./support/picture.ts";

const random = randomOf("frames");

function changed(text: string, changes: Partial<Frame>): string {
  return encodeFrame({ ...decodeFrame(text), ...changes });
}

describe("frames", () => {
  it("are one static code as long as that is readable [R-096]", () => {
    for (const length of [1, 2, STATIC_MAX]) {
      const message = random(length);
      const [frame, again] = firstFrames(message, 2);
      expect(again).to.equal(frame);
      const collector = new FrameCollector();
      expect(collector.take(frame!)).to.equal("new");
      expect(collector.message).to.deep.equal(message);
    }
    expect(planFrames(STATIC_MAX + 1).parts).to.be.above(1);
  });

  it("hold a first payment in one static code [R-024]", async () => {
    const world = new World();
    const payer = await world.device("payer", { coins: [100n] });
    const payee = await world.device("payee");
    const payment = await payer.purse.pay(await payee.purse.request(60n));
    expect(payment.length).to.be.at.most(STATIC_MAX);
    expect(planFrames(payment.length).parts).to.equal(1);
  });

  it("cut longer messages into parts of equal length, each in a small code", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: limits.messageBytesMax }), (length) => {
        const { parts, shareLength } = planFrames(length);
        expect(parts * shareLength).to.be.at.least(length);
        expect((parts - 1) * shareLength).to.be.below(length);
        expect(parts).to.be.at.most(limits.codePartsMax);
        if (parts > 1) expect(shareLength).to.be.at.most(SHARE_MAX);
      }),
    );
  });

  it("carry no message that is empty or beyond the bound", () => {
    expect(() => framesOf(new Uint8Array(limits.messageBytesMax + 1)))
      .to.throw()
      .with.property("code", "too-large");
    expect(() => framesOf(new Uint8Array()))
      .to.throw()
      .with.property("code", "malformed");
  });

  it("are alphanumeric, all of one length, and different 256 times", () => {
    const frames = firstFrames(random(5000), 257);
    for (const frame of frames) {
      expect(frame).to.match(/^TALLY:[0-9A-Z $%*+./:-]+$/);
      expect(frame.length).to.equal(frames[0]!.length);
    }
    expect(new Set(frames).size).to.equal(256);
    expect(frames[256]).to.equal(frames[0]);
  });

  for (const [problem, text, code] of [
    ["text of another", "https://example.org/menu", "malformed"],
    ["text that ends early", firstFrames(random(30), 1)[0]!.slice(0, 20), "malformed"],
    ["another version", `TALLY:${"00".repeat(30)}`, "unsupported-version"],
    [
      "a share longer than the message",
      changed(firstFrames(random(30), 1)[0]!, { length: 29 }),
      "malformed",
    ],
    ["no share", changed(firstFrames(random(30), 1)[0]!, { share: new Uint8Array() }), "malformed"],
    [
      "too many parts",
      changed(firstFrames(random(900), 1)[0]!, { share: new Uint8Array(7) }),
      "malformed",
    ],
    [
      "a length beyond the bound",
      changed(firstFrames(random(900), 1)[0]!, { length: 65_535 }),
      "malformed",
    ],
  ] as const) {
    it(`are refused as ${problem}`, () => {
      expect(() => decodeFrame(text))
        .to.throw()
        .with.property("code", code);
      expect(new FrameCollector().take(text)).to.equal("foreign");
    });
  }
});

describe("a frame collector", () => {
  it("has the message after any k different frames, in any order, however often seen [R-096]", () => {
    const story = fc
      .tuple(fc.integer({ min: STATIC_MAX + 1, max: 12_000 }), fc.integer())
      .chain(([length, seed]) => {
        const { parts } = planFrames(length);
        const numbers = [...Array(256).keys()];
        const subset = fc.shuffledSubarray(numbers, { minLength: parts, maxLength: parts });
        return fc.tuple(fc.constant({ length, seed, parts }), subset, fc.array(fc.nat()));
      });
    fc.assert(
      fc.property(story, ([{ length, seed, parts }, numbers, repeats]) => {
        const message = randomOf(`message ${seed}`)(length);
        const frames = firstFrames(message, 256);
        const collector = new FrameCollector();
        for (const [i, number] of numbers.entries()) {
          expect(collector.message).to.equal(undefined);
          expect(collector.progress).to.equal(i / parts);
          expect(collector.take(frames[number]!)).to.equal("new");
          const seen = numbers[(repeats[i] ?? 0) % (i + 1)]!;
          expect(collector.take(frames[seen]!)).to.equal("known");
        }
        expect(collector.message).to.deep.equal(message);
        expect(collector.progress).to.equal(1);
      }),
      { numRuns: 20 },
    );
  });

  it("takes the longest message", () => {
    const message = random(limits.messageBytesMax);
    const collector = new FrameCollector();
    // Every second frame is lost.
    const frames = firstFrames(message, 256).filter((_, number) => number % 2 === 1);
    for (const frame of frames) collector.take(frame);
    expect(collector.message).to.deep.equal(message);
  });

  it("never mixes the frames of two messages", () => {
    const [a, b] = [random(2000), random(2000)];
    const [framesA, framesB] = [firstFrames(a, 20), firstFrames(b, 20)];
    const collector = new FrameCollector();
    for (let i = 0; collector.message === undefined; i++) {
      collector.take(framesB[2 * i + 1]!);
      collector.take(framesA[i]!);
    }
    expect(collector.message).to.deep.equal(b);
  });

  it("passes over what the screen opposite showed before", () => {
    const [before, now] = [random(300), random(300)];
    const collector = new FrameCollector([before]);
    expect(collector.take(firstFrames(before, 1)[0]!)).to.equal("foreign");
    expect(collector.message).to.equal(undefined);
    collector.take(firstFrames(now, 1)[0]!);
    expect(collector.message).to.deep.equal(now);
  });

  it("makes no other message of forged frames, and has the true one when they end", () => {
    const message = random(2000);
    const frames = firstFrames(message, 256);
    const { parts } = planFrames(message.length);
    const forged = changed(frames[1]!, { share: decodeFrame(frames[2]!).share });
    const collector = new FrameCollector();
    const outcomes = [forged, ...frames.slice(2, parts + 1)].map((frame) => collector.take(frame));
    expect(outcomes.at(-1)).to.equal("spoilt");
    expect(collector.message).to.equal(undefined);
    for (const frame of frames.slice(0, parts)) collector.take(frame);
    expect(collector.message).to.deep.equal(message);
  });

  it("is not led astray by frames that cut the message in another way", () => {
    const message = random(1000);
    const collector = new FrameCollector();
    const others = firstFrames(message, 6, { shareMax: 150 });
    for (const frame of others) collector.take(frame);
    expect(collector.message).to.equal(undefined);
    for (const frame of firstFrames(message, planFrames(1000).parts)) collector.take(frame);
    expect(collector.message).to.deep.equal(message);
  });

  it("keeps the frames of a few messages, however many names are shown", () => {
    const message = random(1000);
    const [frame, ...rest] = firstFrames(message, planFrames(1000).parts);
    const collector = new FrameCollector();
    collector.take(frame!);
    for (let i = 0; i < limits.codeMessagesAtOnceMax; i++) {
      collector.take(changed(frame!, { id: frameId(random(8)) }));
    }
    for (const each of rest) collector.take(each);
    expect(collector.message).to.equal(undefined);
    expect(collector.take(frame!)).to.equal("new");
    expect(collector.message).to.deep.equal(message);
  });
});

describe("a payment by codes alone", () => {
  it("is made of static codes at its first hop, and of an animation after some [R-022, N-01]", async () => {
    const world = new World();
    const devices = await Promise.all(
      ["a", "b", "c", "d"].map((name) => world.device(name, { coins: name === "a" ? [100n] : [] })),
    );
    const counts: number[] = [];
    for (const [i, payee] of devices.slice(1).entries()) {
      const payer = devices[i]!;
      const request = seen(await payee.purse.request(50n - BigInt(i)));
      const message = await payer.purse.pay(request);
      counts.push(planFrames(message.length).parts);
      const { confirmation, refusal } = await payee.purse.receive(seen(message));
      expect(refusal).to.equal(undefined);
      await payer.purse.confirm(seen(confirmation.bytes));
    }
    expect(counts[0]).to.equal(1);
    expect(counts[2]).to.be.above(1);
  });
});

/** Through codes of which the first, and every third after it, is missed. */
function seen(message: Uint8Array): Uint8Array {
  const collector = new FrameCollector();
  let count = 0;
  for (const frame of framesOf(message)) {
    if (count++ % 3 !== 0) collector.take(frame);
    if (collector.message !== undefined) return collector.message;
  }
  throw new Error("frames never end");
}
