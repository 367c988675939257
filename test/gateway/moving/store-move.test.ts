/** A move between two folders, interrupted wherever it can be. */
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { keys } from "../../../gateway/keys.ts";
import { type MovableStore, moveStore } from "../../../gateway/moving/store-move.ts";
import type { Store } from "../../../gateway/store.ts";
import { DataFolder } from "../../../node/service/data-folder.ts";
import type { MoveMark } from "../../../node/service/move-mark.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { BrokenStore, Cut } from "../support/broken-store.ts";
import { refusal } from "../support/refusal.ts";
import { networkId } from "../stores/open.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

type Opened = MovableStore & AsyncDisposable;

describe("the move of a gateway's store", () => {
  const makeFolder = temporaryFolders();

  async function open(path: string, isShared = false): Promise<Opened> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(
      await DataFolder.open(path, { kind: "gateway", networkId, isMoving: true }),
    );
    const store = parts.use(await folder.openStore("gateway"));
    const opened = parts.move();
    return {
      place: path,
      isShared,
      store,
      get move() {
        return folder.move;
      },
      setMove: (mark) => folder.setMove(mark),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  }

  /** Whether a gateway starts on it, and the rows that it finds there. */
  async function found(path: string): Promise<"refused" | readonly string[]> {
    try {
      await using folder = await DataFolder.open(path, { kind: "gateway", networkId });
      await using store = await folder.openStore("gateway");
      return await rowsIn(store);
    } catch (error) {
      if (isRefusal(error, "store-moved")) return "refused";
      throw error;
    }
  }

  async function filled(rows: readonly (readonly [string, string])[]): Promise<string> {
    const path = join(await makeFolder(), "data");
    await using from = await open(path);
    await from.store.write(
      rows.map(([key, value]) => ({ key: utf8.encode(key), value: utf8.encode(value) })),
    );
    return path;
  }

  const numbered = (count: number) =>
    Array.from({ length: count }, (_, i) => [`b${i}`, `balance ${i}`] as const);
  const empty = async () => join(await makeFolder(), "data");

  it("leaves one place at most on which a gateway starts, interrupted anywhere, and comes to its end when it is repeated [N-25]", async () => {
    const path = await filled(numbered(1_100));
    const all = await found(path);
    let step = 1;
    for (let isOver = false; !isOver; step++) {
      for (const written of [false, true]) {
        // Whatever was tried before is still there, as after kill -9 and another try.
        const target = await empty();
        const source = await filled(numbered(1_100));
        const first = await interrupted(source, target, { at: step, written });
        isOver = first === "done";
        const [here, there] = [await found(source), await found(target)];
        const starts = [here, there].filter((each) => each !== "refused" && each.length > 0);
        expect(starts.length, `after step ${step}`).to.be.at.most(1);
        for (const rows of starts) expect(rows).to.deep.equal(all);
        expect(await interrupted(source, target)).to.equal("done");
        expect(await found(source)).to.equal("refused");
        expect(await found(target)).to.deep.equal(all);
      }
    }
    // Two writes of rows, three marks.
    expect(step).to.be.greaterThan(5);
  });

  it("moves any rows, each as it was, and says the same when it is asked again", async () => {
    const row = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.uint8Array());
    const rows = fc.uniqueArray(row, {
      minLength: 1,
      maxLength: 30,
      selector: ([key]) => hex(key),
    });
    await fc.assert(
      fc.asyncProperty(rows, async (some) => {
        const [source, target] = [await empty(), await empty()];
        await using from = await open(source, true);
        await using to = await open(target, true);
        await from.store.write(some.map(([key, value]) => ({ key, value })));
        const moved = await moveStore(from, to);
        expect(moved.entries).to.equal(some.length);
        expect(await rowsIn(to.store)).to.deep.equal(await rowsIn(from.store));
        expect(await moveStore(from, to)).to.deep.equal(moved);
      }),
      { numRuns: 10 },
    );
  });

  it("refuses a source that is empty or elsewhere, and a target that a gateway has run on", async () => {
    const [source, other] = [await filled(numbered(3)), await filled(numbered(2))];
    const target = await empty();
    const move = async (here: string, there: string) => {
      await using from = await open(here);
      await using to = await open(there);
      return await moveStore(from, to);
    };
    await refusal("wrong-folder", move(target, await empty()));
    const { detail } = await refusal("wrong-folder", move(source, other));
    expect(detail).to.include("is not empty");
    await move(source, target);
    await refusal("store-moved", move(source, await empty()));
    // Back it goes, to a place of its own: what was left behind is never written over.
    await refusal("wrong-folder", move(target, source));
    await refusal("wrong-folder", move(other, target));
    expect(await found(target)).to.have.length(3);
  });

  it("refuses to go on to a place where it broke off once what was moved is elsewhere", async () => {
    const source = await filled(numbered(3));
    const [broken, whole] = [await empty(), await empty()];
    expect(await interrupted(source, broken, { at: 2, written: true })).to.equal("cut");
    expect(await interrupted(source, whole)).to.equal("done");
    await using from = await open(source);
    await using to = await open(broken);
    const { detail } = await refusal("store-moved", moveStore(from, to));
    expect(detail).to.include(whole);
    expect(to.move).to.deep.equal({ state: "arriving" });
  });

  it("leaves no leaf behind that only processes of a shared store would take over", async () => {
    const source = await filled(numbered(1));
    await using from = await open(source, true);
    const letter = keys.letter(false, 1, new Uint8Array(8));
    await from.store.write([{ key: letter, value: Uint8Array.of(0) }]);
    await using to = await open(await empty());
    await refusal("busy", moveStore(from, to));
    expect([from.move, to.move]).to.deep.equal([undefined, undefined]);
  });

  it("moves nothing that is not found as it was sent", async () => {
    const source = await filled(numbered(20));
    const target = await empty();
    {
      await using from = await open(source);
      await using to = await open(target);
      const losing: Store = {
        get: (key) => to.store.get(key),
        getMany: (some) => to.store.getMany(some),
        entries: (range) => to.store.entries(range),
        write: (changes) => to.store.write(changes.slice(1)),
      };
      const failed = await moveStore(from, { ...marks(to), store: losing }).catch(String);
      expect(failed).to.include("19 rows arrived").and.include("of 20");
    }
    expect(await found(source)).to.have.length(20);
    expect(await found(target)).to.equal("refused");
  });

  /** One try, which dies at a write or a mark of the target or the source. */
  async function interrupted(
    source: string,
    target: string,
    plan?: { readonly at: number; readonly written: boolean },
  ): Promise<"done" | "cut"> {
    await using from = await open(source);
    await using to = await open(target);
    // Marks are writes too, and count among those of the target.
    const steps = new BrokenStore(to.store, plan);
    const marked = (it: MovableStore): MovableStore => ({
      ...marks(it),
      setMove: async (mark: MoveMark) => {
        const isLast = plan?.at === steps.writes + 1;
        if (isLast && plan.written) await it.setMove(mark);
        await steps.write([]);
        await it.setMove(mark);
      },
    });
    try {
      await moveStore(marked(from), { ...marked(to), store: steps });
      return "done";
    } catch (error) {
      if (error instanceof Cut) return "cut";
      throw error;
    }
  }
});

function marks({ place, isShared, store, move, setMove }: MovableStore): MovableStore {
  return { place, isShared, store, move, setMove };
}

async function rowsIn(store: Store): Promise<string[]> {
  return Array.fromAsync(store.entries(), ([key, value]) => `${hex(key)} ${hex(value)}`);
}
