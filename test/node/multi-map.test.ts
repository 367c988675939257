import { expect } from "chai";
import fc from "fast-check";
import { MultiMap } from "../../node/multi-map.ts";

describe("multi-map", () => {
  it("holds what a map of sets holds, in the same order", () => {
    const values = Array.from({ length: 4 }, (_, number) => ({ number }));
    const step = fc.record({
      adds: fc.boolean(),
      key: fc.constantFrom("a", "b"),
      value: fc.constantFrom(...values),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const map = new MultiMap<string, { number: number }>();
        const model = new Map([
          ["a", new Set<{ number: number }>()],
          ["b", new Set<{ number: number }>()],
        ]);
        for (const { adds, key, value } of steps) {
          if (adds) map.add(key, value);
          else map.delete(key, value);
          if (adds) model.get(key)!.add(value);
          else model.get(key)!.delete(value);
          for (const [name, set] of model) expect([...map.get(name)]).to.deep.equal([...set]);
        }
      }),
    );
  });

  it("gives nothing for a key it has not", () => {
    expect([...new MultiMap<string, object>().get("a")]).to.deep.equal([]);
  });
});
