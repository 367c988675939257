/** Where a trace's boxes and lines go: from left to right, none upon another. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { box, type Drawn, layoutOf } from "../../../node/web/parts/graph-layout.ts";

/** A graph of makers in which each coin goes to a later one, or to nobody shown. */
const graphs = fc.integer({ min: 1, max: 24 }).chain((count) =>
  fc
    .array(fc.tuple(fc.nat(count - 1), fc.option(fc.nat(2 * count))), { maxLength: 48 })
    .map((coins): Drawn => {
      const edges = coins.map(([maker, taker], i) => ({
        outpoint: `coin ${i}`,
        maker: String(maker),
        ...(taker === null || taker <= maker ? {} : { taker: String(taker) }),
      }));
      const nodes = Array.from({ length: count }, (_, i) => ({ id: String(i), depth: 0 }));
      return { nodes: nodes.toReversed(), edges };
    }),
);

describe("the drawing of a trace", () => {
  it("puts every maker right of all it comes from, none upon another, and all within its bounds", () => {
    fc.assert(
      fc.property(graphs, (drawn) => {
        const { boxes, lines, width, height } = layoutOf(drawn);
        assert.equal(boxes.size, drawn.nodes.length);
        const places = [...boxes.values()];
        assert.equal(new Set(places.map(({ x, y }) => `${x} ${y}`)).size, places.length);
        for (const { x, y } of places) {
          assert(x >= 0 && x + box.width <= width);
          assert(y >= 0 && y + box.height <= height);
        }
        for (const { maker, taker } of drawn.edges) {
          const [from, to] = [boxes.get(maker)!, boxes.get(taker ?? "")];
          if (to !== undefined) assert(to.x >= from.x + box.width);
        }
        assert.equal(lines.length, drawn.edges.length);
        for (const [i, { from, to, isStub }] of lines.entries()) {
          assert(to.x > from.x && to.x <= width);
          const { taker } = drawn.edges[i]!;
          assert.equal(isStub, taker === undefined || !boxes.has(taker));
        }
      }),
    );
  });

  it("draws a coin whose maker is not shown as coming from outside", () => {
    const edges = [{ outpoint: "c", maker: "elsewhere", taker: "a" }];
    const { lines } = layoutOf({ nodes: [{ id: "a", depth: 0 }], edges });
    assert(lines[0]!.isStub && lines[0]!.from.x >= 0);
  });
});
