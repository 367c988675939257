/** What every store of the gateway does: the one suite for those that there are. */
import { expect } from "chai";
import fc from "fast-check";
import type { Change } from "../../../node/service/checked-store.ts";
import { DamagedStoreError } from "../../../node/service/store-errors.ts";
import type { Range } from "../../../node/service/store-view.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { startChild } from "../../node/service/child.ts";
import { changesOf, lastWrite } from "../../node/service/numbered-writes.ts";
import { until } from "../../support/until.ts";
import { type OpenStore, openStore } from "./open.ts";

export type Subject = {
  /** A place for a new store, as `openStore` takes it. */
  make(): Promise<string>;
  /** Changes a byte of this value where it lies; the store is closed. */
  flip(where: string, value: Uint8Array): Promise<void>;
};

const bytes = (text: string) => utf8.encode(text);
const put = (key: string, value: string): Change => ({ key: bytes(key), value: bytes(value) });
const remove = (key: string): Change => ({ key: bytes(key), value: null });
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");

export function describeStore(name: string, subject: Subject): void {
  describe(`the gateway's store: ${name}`, () => {
    const opened: OpenStore[] = [];
    const children: ReturnType<typeof startChild>[] = [];
    const open = async (where: string) => {
      const it = await openStore(where);
      if (it === undefined) throw new Error(`${where} is another's`);
      opened.push(it);
      return it;
    };
    const newStore = async () => (await open(await subject.make())).store;
    const writer = (where: string, from = 0) => {
      const child = startChild("../../gateway/stores/writing-child.ts", [where, String(from)]);
      children.push(child);
      return child;
    };
    const kill = async (child: ReturnType<typeof startChild>) => {
      child.process.kill("SIGKILL");
      return child.ended;
    };

    afterEach(async () => {
      for (const child of children.splice(0)) await kill(child);
      for (const { close } of opened.splice(0)) await close();
    });

    it("returns what was written, in one call or many, and nothing for a key that is not there", async () => {
      const store = await newStore();
      await store.write([put("a", "1"), put("b", ""), put("c", "3")]);
      expect(text(await store.get(bytes("b")))).to.equal("");
      expect(await store.get(bytes("z"))).to.equal(undefined);
      const many = await store.getMany(["c", "z", "a", "c"].map(bytes));
      expect(many.map(text)).to.deep.equal(["3", undefined, "1", "3"]);
      expect(await store.getMany([])).to.deep.equal([]);
    });

    it("returns plain arrays, whose slice is a copy", async () => {
      const store = await newStore();
      await store.write([put("a", "1")]);
      const [[key, value] = []] = await Array.fromAsync(store.entries());
      for (const each of [await store.get(bytes("a")), key, value]) {
        expect(Object.getPrototypeOf(each)).to.equal(Uint8Array.prototype);
      }
    });

    it("applies the changes of one write in their order", async () => {
      const store = await newStore();
      await store.write([put("a", "1"), put("gone", "1"), put("old", "1")]);
      const changes = [remove("a"), put("a", "2"), remove("gone"), put("b", "1"), remove("b")];
      await store.write([...changes, { ...put("old", "2"), old: bytes("1") }]);
      const entries = await Array.fromAsync(store.entries(), ([k, v]) => [text(k), text(v)]);
      expect(entries).to.deep.equal([
        ["a", "2"],
        ["old", "2"],
      ]);
    });

    it("orders keys as bytes, and takes ranges of them from both ends", async () => {
      const store = await newStore();
      const key = fc.uint8Array({ minLength: 1, maxLength: 4 });
      const some = fc.uniqueArray(key, { minLength: 1, maxLength: 40, selector: hex });
      const bound = fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined });
      const range = fc.record({
        gte: bound,
        lt: bound,
        reverse: fc.boolean(),
        limit: fc.option(fc.nat(20), { nil: undefined }),
      });
      let before: readonly Uint8Array[] = [];
      await fc.assert(
        fc.asyncProperty(some, range, async (keys, { gte, lt, reverse, limit }) => {
          await store.write(before.map((each) => ({ key: each, value: null })));
          before = keys;
          await store.write(keys.map((each) => ({ key: each, value: each })));
          const asked: Range = {
            reverse,
            ...(gte && { gte }),
            ...(lt && { lt }),
            ...(limit !== undefined && { limit }),
          };
          const found = await Array.fromAsync(store.entries(asked), ([k, v]) => [hex(k), hex(v)]);
          const within = keys
            .filter((each) => gte === undefined || Buffer.compare(each, gte) >= 0)
            .filter((each) => lt === undefined || Buffer.compare(each, lt) < 0)
            .sort((a, b) => Buffer.compare(a, b))
            .map(hex);
          const ordered = (reverse ? within.toReversed() : within).slice(0, limit);
          expect(found).to.deep.equal(ordered.map((each) => [each, each]));
        }),
        { numRuns: 60 },
      );
    });

    it("goes through more than it reads at once, in both directions", async () => {
      const store = await newStore();
      const keys = Array.from({ length: 2_500 }, (_, i) => Uint8Array.of(1, i >> 8, i & 255));
      await store.write(keys.map((key) => ({ key, value: key, old: null })));
      for (const reverse of [false, true]) {
        const found = await Array.fromAsync(store.entries({ reverse }), ([key]) => hex(key));
        const names = keys.map(hex);
        expect(found).to.deep.equal(reverse ? names.toReversed() : names);
      }
    });

    it("holds keys of a thousand bytes and values of a mebibyte", async () => {
      const where = await subject.make();
      const { store, close } = await open(where);
      const [key, value] = [new Uint8Array(1_000).fill(255), new Uint8Array(1 << 20).fill(7)];
      await store.write([{ key, value }]);
      await close();
      const again = await open(where);
      expect(Buffer.compare((await again.store.get(key))!, value)).to.equal(0);
    });

    it("keeps all of the writes that were asked for at once, and shows each once it is durable", async () => {
      const where = await subject.make();
      const { store, close } = await open(where);
      const names = Array.from({ length: 200 }, (_, i) => `key ${String(i).padStart(3, "0")}`);
      await Promise.all(
        names.map(async (name) => {
          await store.write([put(name, name)]);
          expect(text(await store.get(bytes(name)))).to.equal(name);
        }),
      );
      await close();
      const again = (await open(where)).store;
      const found = await Array.fromAsync(again.entries(), ([, value]) => text(value));
      expect(found).to.deep.equal(names);
    });

    it("has what it said is durable after kill -9, and each write whole or not at all [N-25]", async () => {
      const where = await subject.make();
      let from = 0;
      for (const end of [3, 40, 90]) {
        const child = writer(where, from);
        await child.line(`durable ${from + end}`);
        const { stdout } = await kill(child);
        const said = Number(stdout.trim().split("\n").at(-1)!.replace("durable ", ""));
        await until("its store is free", async () => {
          const it = await openStore(where);
          if (it !== undefined) opened.push(it);
          return it !== undefined;
        });
        const { store, close } = opened.pop()!;
        const last = await lastWrite(store, 1_000);
        await close();
        expect(last).to.be.at.least(said);
        from = last + 1;
      }
    });

    it("belongs to one process at a time, and to the next within seconds of its kill -9 [R-087]", async () => {
      const where = await subject.make();
      const first = writer(where);
      await first.line("durable 3");
      const second = writer(where, 1_000);
      expect(await openStore(where)).to.equal(undefined);
      await first.line("durable 100");
      expect(second.stdout()).to.equal("");
      await kill(first);
      const killed = performance.now();
      await second.line("durable 1003");
      expect(performance.now() - killed).to.be.below(5_000);
    });

    it("refuses all that is asked once it is closed", async () => {
      const { store, close } = await open(await subject.make());
      await store.write([put("a", "1")]);
      await close();
      const refused = async (ask: () => Promise<unknown>) =>
        expect(await ask().then(String, (error: Error) => error.message)).to.match(/is closed/);
      await refused(() => store.get(bytes("a")));
      await refused(() => store.getMany([bytes("a")]));
      await refused(() => store.write([put("a", "2")]));
      await refused(() => Array.fromAsync(store.entries()));
    });

    it("takes the empty key for a mistake of ours", async () => {
      const store = await newStore();
      const empty = new Uint8Array();
      for (const ask of [
        () => store.get(empty),
        () => store.write([{ key: empty, value: empty }]),
      ]) {
        expect(await ask().then(String, (error: Error) => error.name)).to.equal("AssertionError");
      }
    });

    it("never returns a value of which a bit has changed [N-25]", async () => {
      const where = await subject.make();
      const { store, close } = await open(where);
      await store.write(changesOf(0, 200));
      const value = (await store.get(bytes("write 0")))!;
      await close();
      await subject.flip(where, value);
      const read = async () => {
        const again = await open(where);
        return again.store.get(bytes("write 0"));
      };
      const outcome = await read().then(String, (error: unknown) => error);
      expect(outcome).to.be.instanceOf(DamagedStoreError);
    });
  });
}
