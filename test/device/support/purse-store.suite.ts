/** What every purse store does: one suite, for each of them. */
import { expect } from "chai";
import fc from "fast-check";
import type { PurseStore } from "../../../device/purse-store.ts";

/**
 * @param make an empty store. @param reopen closes it and opens what it kept; absent for a store that
 *   keeps nothing beyond its life.
 */
export function testPurseStore(
  name: string,
  make: () => Promise<PurseStore>,
  reopen?: (store: PurseStore) => Promise<PurseStore>,
): void {
  describe(`the ${name} store`, () => {
    let store: PurseStore;

    beforeEach(async () => {
      store = await make();
    });

    afterEach(async () => {
      await store.close();
    });

    const again = async () => {
      if (reopen !== undefined) store = await reopen(store);
      return store.rows();
    };

    it("is empty at first", async () => {
      expect((await again()).size).to.equal(0);
    });

    it("keeps what was put, replaces it, and forgets what was taken away", async () => {
      await store.write([
        { key: "a", value: Uint8Array.of(1) },
        { key: "b", value: Uint8Array.of(2) },
      ]);
      await store.write([
        { key: "a", value: undefined },
        { key: "b", value: Uint8Array.of(3) },
        { key: "c", value: new Uint8Array() },
      ]);
      expect(await again()).to.deep.equal(
        new Map([
          ["b", Uint8Array.of(3)],
          ["c", new Uint8Array()],
        ]),
      );
    });

    it("gives rows that later writes do not change", async () => {
      await store.write([{ key: "a", value: Uint8Array.of(1) }]);
      const rows = await store.rows();
      await store.write([{ key: "a", value: undefined }]);
      expect(rows.size).to.equal(1);
      expect((await store.rows()).size).to.equal(0);
    });

    it("keeps names of every form and values of every size", async () => {
      const rows = new Map([
        ["", Uint8Array.of(1)],
        ["ü/0x00", new Uint8Array(100_000).fill(7)],
      ]);
      await store.write([...rows].map(([key, value]) => ({ key, value })));
      expect(await again()).to.deep.equal(rows);
    });

    it("is what its writes make it, whatever they are", async () => {
      const change = fc.record({
        key: fc.constantFrom("a", "b", "c", "d"),
        value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
      });
      const writes = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(writes, async (history) => {
          const model = new Map(await store.rows());
          for (const changes of history) {
            await store.write(changes);
            for (const { key, value } of changes) {
              if (value === undefined) model.delete(key);
              else model.set(key, value);
            }
          }
          expect(await again()).to.deep.equal(model);
        }),
        { numRuns: 25 },
      );
    });
  });
}
