import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Level } from "level";
import { CheckedStore, type Change } from "../../../node/service/checked-store.ts";
import { checkLevelFiles } from "../../../node/service/level-files.ts";
import { seal } from "../../../node/service/sealed-value.ts";
import type { Entry } from "../../../node/service/store-view.ts";
import { DamagedStoreError, StoreWriteError } from "../../../node/service/store-errors.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { startChild } from "./child.ts";
import { changesOf, lastWrite } from "./numbered-writes.ts";
import { randomOf } from "../../support/random-of.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

const key = (text: string) => utf8.encode(text);
const put = (name: string, value: string, old?: string | null): Change => ({
  key: key(name),
  value: key(value),
  ...(old === undefined ? {} : { old: old === null ? null : key(old) }),
});
const remove = (name: string, old?: string | null): Change => ({
  ...put(name, "", old),
  value: null,
});
const hashOf = (name: string) => new Uint8Array(createHash("sha256").update(name).digest());
const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

describe("CheckedStore", () => {
  const temporaryFolder = temporaryFolders();
  const newStore = async () =>
    CheckedStore.open(join(await temporaryFolder(), "db"), { create: true });

  /** What opening the folder throws. */
  async function openError(folder: string): Promise<unknown> {
    return CheckedStore.open(folder).then(
      async (store) => {
        await store.close();
        throw new Error("it opened");
      },
      (error: unknown) => error,
    );
  }

  async function expectDamaged(folder: string, detail: RegExp): Promise<void> {
    const error = await openError(folder);
    expect(error).to.be.instanceOf(DamagedStoreError);
    expect((error as DamagedStoreError).message).to.match(detail);
    expect((error as DamagedStoreError).folder).to.equal(folder);
  }

  describe("reading and writing", () => {
    it("returns what was written, in one call or many, and nothing for a key that is not there", async () => {
      await using store = await newStore();
      await store.write([put("a", "1"), put("b", ""), put("c", "3")]);
      expect(text(await store.get(key("a")))).to.equal("1");
      expect(text(store.getSync(key("b")))).to.equal("");
      expect(store.getSync(key("z"))).to.equal(undefined);
      const many = await store.getMany([key("c"), key("z"), key("a")]);
      expect(many.map(text)).to.deep.equal(["3", undefined, "1"]);
      expect(store.size).to.equal(3);
    });

    it("returns plain arrays, whose slice is a copy", async () => {
      await using store = await newStore();
      await store.write([put("a", "1")]);
      const [[entryKey, entryValue] = []] = await Array.fromAsync(store.entries());
      for (const bytes of [
        await store.get(key("a")),
        store.getSync(key("a")),
        entryKey,
        entryValue,
      ]) {
        expect(Object.getPrototypeOf(bytes)).to.equal(Uint8Array.prototype);
      }
    });

    it("applies the changes of one write in their order", async () => {
      await using store = await newStore();
      await store.write([put("a", "1"), remove("a"), put("a", "2"), put("b", "1"), remove("b")]);
      expect(
        (await Array.fromAsync(store.entries())).map(([k, v]) => [text(k), text(v)]),
      ).to.deep.equal([["a", "2"]]);
      expect(await store.verify()).to.equal(1);
    });

    it("iterates in the order of bytes, within bounds, backwards, up to a limit", async () => {
      await using store = await newStore();
      const names = Array.from({ length: 2500 }, (_, i) => `k${String(i).padStart(4, "0")}`);
      await store.write(names.toReversed().map((name) => put(name, name)));
      const read = async (range: Parameters<typeof store.entries>[0]) =>
        (await Array.fromAsync(store.entries(range))).map(([k]) => text(k));
      expect(await read({})).to.deep.equal(names);
      expect(await read({ reverse: true })).to.deep.equal(names.toReversed());
      expect(await read({ gte: key("k0100"), lt: key("k0103") })).to.deep.equal([
        "k0100",
        "k0101",
        "k0102",
      ]);
      expect(await read({ lt: key("k0103"), reverse: true, limit: 2 })).to.deep.equal([
        "k0102",
        "k0101",
      ]);
      expect(await read({ gte: new Uint8Array(0), limit: 1 })).to.deep.equal(["k0000"]);
      const chunks = await Array.fromAsync(store.chunks());
      expect(chunks.length).to.be.greaterThan(1);
      expect(chunks.flat().map(([k]) => text(k))).to.deep.equal(names);
    });

    it("scans each entry as it is when it comes to it, and comes to each once", async () => {
      await using store = await newStore();
      const names = Array.from({ length: 3000 }, (_, i) => `k${String(i).padStart(4, "0")}`);
      await store.write(names.map((name) => put(name, "1", null)));
      const seen: string[] = [];
      for await (const [k, v] of store.entries()) {
        seen.push(`${text(k)}=${text(v)}`);
        if (seen.length === 1000) {
          // Behind it, and ahead of it by more than what it has taken.
          await store.write([remove("k0001", "1"), put("k0001a", "1", null)]);
          await store.write([remove("k2500", "1"), put("k2501", "2", "1"), put("k2501a", "1")]);
        }
      }
      const expected = names.map((name) => `${name}=1`);
      expected.splice(2500, 2, "k2501=2", "k2501a=1");
      expect(seen).to.deep.equal(expected);
    });

    it("scans values of which a few fill a part, each once", async () => {
      await using store = await newStore();
      const names = Array.from({ length: 30 }, (_, i) => `k${String(i).padStart(2, "0")}`);
      const large = "x".repeat(150_000);
      await store.write(names.map((name) => put(name, large, null)));
      const chunks = await Array.fromAsync(store.chunks({ limit: 25 }));
      expect(chunks.length).to.be.greaterThan(1);
      expect(chunks.flat().map(([k]) => text(k))).to.deep.equal(names.slice(0, 25));
    });

    it("keeps what was written last while a scan is left standing and LevelDB merges", async () => {
      const folder = join(await temporaryFolder(), "db");
      await using store = await CheckedStore.open(folder, {
        create: true,
        writeBufferBytes: 65_536,
      });
      const names = Array.from({ length: 100_000 }, (_, i) => hashOf(`${i}`));
      const [first, second] = [new Uint8Array(300), new Uint8Array(1001)];
      const write = async (from: number, value: Uint8Array, old: Uint8Array | null) =>
        await store.write(names.slice(from, from + 500).map((name) => ({ key: name, value, old })));
      for (let i = 0; i < names.length; i += 500) await write(i, first, null);
      const scan = store.entries();
      await scan.next();
      for (let i = 500; i <= names.length; i += 500) {
        await write(i - 500, second, first);
        if (i % 20_000 > 0) continue;
        const found = await store.getMany(names.slice(0, i));
        expect(found.filter((value) => value?.length !== second.length)).to.deep.equal([]);
      }
      await scan.return(undefined);
    });

    it("lets writes that come together share a sync, each whole", async () => {
      await using store = await newStore();
      await Promise.all(
        Array.from({ length: 500 }, (_, i) =>
          store.write([put(`a${i}`, "1", null), put(`b${i}`, "1")]),
        ),
      );
      expect(store.size).to.equal(1000);
      expect(await store.verify()).to.equal(1000);
      const witness = await readFile(join(store.folder, "WITNESS"));
      expect(Number(witness.readBigUInt64BE())).to.be.lessThan(50);
    });

    it("refuses the empty key and any call after close, and closes only when its writes are durable", async () => {
      const store = await newStore();
      expect(() => store.getSync(new Uint8Array(0))).to.throw("tally");
      const written = store.write([put("a", "1")]);
      await Promise.all([store.close(), store.close()]);
      await written;
      for (const call of [
        () => store.write([put("a", "1")]),
        () => store.get(key("a")),
        () => Array.fromAsync(store.entries()),
        async () => store.getSync(key("a")),
        () => store.verify(),
      ]) {
        const error = await call().then(
          () => undefined,
          (thrown: Error) => thrown,
        );
        expect(error?.message).to.match(/is closed$/);
      }
      await using again = await CheckedStore.open(store.folder);
      expect(again.size).to.equal(1);
    });
  });

  describe("tally", () => {
    it("is the same whether the caller says what a key held or the store looks it up", async () => {
      await using told = await newStore();
      await using asked = await newStore();
      const writes = [
        [put("a", "1", null), put("b", "1", null)],
        [put("a", "2", "1"), remove("b", "1"), put("a", "3", "2"), remove("c", null)],
        [remove("a", "3"), put("b", "2", null)],
      ];
      for (const changes of writes) {
        await told.write(changes);
        await asked.write(changes.map(({ key, value }) => ({ key, value })));
        expect(await told.verify()).to.equal(await asked.verify());
      }
      expect(told.size).to.equal(1);
    });

    it("is the same where changes are made one by one when their turn has come", async () => {
      await using store = await newStore();
      const first = store.write([put("a", "1"), put("b", "1")]);
      const second = store.writeFrom(async (add) => {
        expect(text(store.getSync(key("a")))).to.equal("1");
        add(put("a", "2", "1"));
        // What nobody said is looked up, also twice for one key.
        add(put("b", "2"));
        add(put("c", "1", null));
        await Promise.resolve();
        add(remove("a", "2"));
        add(put("b", "3"));
      });
      await Promise.all([first, second]);
      const held = (await Array.fromAsync(store.entries())).map(([k, v]) => [text(k), text(v)]);
      expect(held).to.deep.equal([
        ["b", "3"],
        ["c", "1"],
      ]);
      expect(await store.verify()).to.equal(2);
    });

    it("ends the store where a write cannot be made, with nothing of it written", async () => {
      const store = await newStore();
      await store.write([put("a", "1")]);
      const failed = store.writeFrom(async (add) => {
        add(put("a", "2", "1"));
        throw new Error("no journal");
      });
      const error = await failed.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(StoreWriteError);
      expect(await store.get(key("a")).catch((thrown: unknown) => thrown)).to.equal(error);
      await store.close();
      await using again = await CheckedStore.open(store.folder);
      expect(text(await again.get(key("a")))).to.equal("1");
    });

    it("follows a key through writes that are under way together, told and asked mixed", async () => {
      await using store = await newStore();
      await Promise.all([
        store.write([put("a", "1")]),
        store.write([put("a", "2", "1"), put("b", "1")]),
        store.write([put("a", "3")]),
        store.write([remove("a", "3"), put("b", "2")]),
        store.write([put("a", "4")]),
      ]);
      expect(text(await store.get(key("a")))).to.equal("4");
      expect(await store.verify()).to.equal(2);
    });

    it("can be checked while writes go on", async () => {
      await using store = await newStore();
      for (let i = 0; i < 20; i++) {
        const write = store.write(
          Array.from({ length: 50 }, (_, j) => put(`${i} ${j}`, "1", null)),
        );
        const [found] = await Promise.all([store.verify(), write]);
        expect(found % 50).to.equal(0);
      }
    });

    it("finds an old value that the caller told wrong", async () => {
      await using store = await newStore();
      await store.write([put("a", "1", null)]);
      await store.write([put("a", "2", "something else")]);
      const error = await store.verify().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(DamagedStoreError);
    });

    for (const [what, change] of [
      ["is missing", [{ type: "del", key: key("b") }]],
      ["came back", [{ type: "put", key: key("old"), value: seal(key("old"), key("1")) }]],
      ["is an older one", [{ type: "put", key: key("b"), value: seal(key("b"), key("1")) }]],
    ] as const) {
      it(`finds at open that an entry ${what}, though every byte that is there is good`, async () => {
        const store = await newStore();
        await store.write([put("a", "1"), put("b", "1"), put("old", "1")]);
        await store.write([put("b", "2"), remove("old")]);
        await store.close();
        await behindItsBack(store.folder, change);
        await expectDamaged(store.folder, /others than these/);
        await using unverified = await CheckedStore.open(store.folder, { laterFromBytes: 0 });
        expect(text(await unverified.get(key("a")))).to.equal("1");
      });
    }

    it("finds that the tally itself is gone", async () => {
      const store = await newStore();
      await store.close();
      await behindItsBack(store.folder, [{ type: "del", key: new Uint8Array(0) }]);
      await expectDamaged(store.folder, /tally is missing/);
    });
  });

  describe("opening", () => {
    it("makes a database in an empty folder only, and touches nothing elsewhere", async () => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, "mine"), "precious");
      const error = await CheckedStore.open(folder, { create: true }).catch(
        (thrown: unknown) => thrown,
      );
      expect(isRefusal(error, "wrong-folder")).to.equal(true);
      expect(await readdir(folder)).to.deep.equal(["mine"]);
    });

    it("takes a folder without a database for a lost one", async () => {
      await expectDamaged(await temporaryFolder(), /is missing/);
    });

    it("refuses a database that is open already", async () => {
      await using store = await newStore();
      expect(isRefusal(await openError(store.folder), "in-use")).to.equal(true);
      await store.write([put("a", "1")]);
    });

    it("finds that acknowledged writes are missing at the end, where the log looks whole", async () => {
      const store = await newStore();
      await store.write([put("a", "1")]);
      const log = (await readdir(store.folder)).find((name) => name.endsWith(".log"))!;
      const earlier = await readFile(join(store.folder, log));
      await store.write([put("b", "1")]);
      await store.close();
      await writeFile(join(store.folder, log), earlier);
      await expectDamaged(store.folder, /write 3 was acknowledged, the last one found is 2/);
    });

    it("opens after a crash that tore a write nobody was told of", async () => {
      const store = await newStore();
      await store.write([put("a", "1")]);
      await store.close();
      const log = (await readdir(store.folder)).find((name) => name.endsWith(".log"))!;
      const whole = await readFile(join(store.folder, log));
      // The head of a record that announces more than there is.
      await writeFile(join(store.folder, log), Buffer.concat([whole, whole.subarray(0, 20)]));
      await using again = await CheckedStore.open(store.folder);
      expect(text(await again.get(key("a")))).to.equal("1");
    });
  });

  describe("verifying while it is used", () => {
    /** A database of many tables. */
    async function large(): Promise<string> {
      const store = await newStore();
      for (let i = 0; i < 6; i++) {
        await store.write(
          Array.from({ length: 3000 }, (_, j) => put(`${j} ${i}`, "x".repeat(400), null)),
        );
      }
      await store.close();
      // The next start writes what is in LevelDB's log into a table.
      await (await CheckedStore.open(store.folder)).close();
      return store.folder;
    }
    /** A table of the database. LevelDB may have left others, whose entries it has merged. */
    const tableOf = async (folder: string) =>
      join(folder, (await checkLevelFiles(folder))[0]!.name);
    const spoil = async (path: string) => {
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(path, bytes);
    };

    it("comes to what is there at its end, whatever was written meanwhile, and tells of it", async () => {
      await using store = await newStore();
      const next = randomOf(7);
      const random = (below: number) => Math.floor(next() * below);
      const held = new Map<string, string>();
      const change = (): Change => {
        const name = `k${random(5000)}`;
        const old = held.get(name) ?? null;
        const value = random(3) === 0 ? null : `${random(1000)}`;
        if (value === null) held.delete(name);
        else held.set(name, value);
        return { ...put(name, value ?? "", old), ...(value === null && { value: null }) };
      };
      const writeSome = async () => await store.write(Array.from({ length: 200 }, () => change()));
      for (let i = 0; i < 40; i++) await writeSome();
      for (let round = 0; round < 5; round++) {
        let [visited, isSwept, atEnd] = [0, false, -1];
        const inspector = {
          visit: (entries: readonly Entry[]) => void (visited += entries.length),
          changed: (_: Uint8Array, by: number) => void (visited += by),
          end: () => void (atEnd = store.size),
        };
        const swept = store.verify({ share: 0.5, inspector }).finally(() => (isSwept = true));
        let writes = 0;
        for (; !isSwept; writes++) await writeSome();
        expect(writes).to.be.greaterThan(1);
        expect(await swept).to.equal(visited);
        expect(visited).to.equal(atEnd);
      }
      expect(await store.verify()).to.equal(held.size);
    });

    it("stops at the first part that its inspector does not accept, and may be made again", async () => {
      await using store = await newStore();
      await store.write([put("a", "1", null)]);
      const visit = () => {
        throw new Error("not mine");
      };
      const refused = await store.verify({ inspector: { visit } }).catch((error: Error) => error);
      expect(refused).to.have.property("message", "not mine");
      await store.write([put("b", "1", null)]);
      expect(await store.verify()).to.equal(2);
    });

    it("opens at once from the size that was named on, and finds everything as it was written", async () => {
      const folder = await large();
      {
        await using small = await CheckedStore.open(folder, { laterFromBytes: 1e9 });
        expect(small.isVerified).to.equal(true);
      }
      await using store = await CheckedStore.open(folder, { laterFromBytes: 1e6 });
      expect(store.isVerified).to.equal(false);
      const seen: string[] = [];
      const inspector = {
        visit(entries: readonly Entry[]) {
          for (const [k, v] of entries) seen.push(`${text(k)}=${v.length}`);
        },
      };
      expect(await store.verify({ share: 0.5, inspector })).to.equal(18_000);
      expect(seen.length).to.equal(18_000);
      expect(new Set(seen).size).to.equal(18_000);
      expect(seen).to.include("17 3=400");
      expect(store.isVerified).to.equal(true);
    });

    it("finds a byte that changed in a table, where opening did not look", async () => {
      const folder = await large();
      await spoil(await tableOf(folder));
      await using store = await CheckedStore.open(folder, { laterFromBytes: 1e6 });
      const error = await store.verify().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(DamagedStoreError);
      expect((error as Error).message).to.match(/\.ldb: the block at byte \d+ fails its checksum/);
      expect(store.isVerified).to.equal(false);
    });

    it("finds at opening that a table is gone or shorter", async () => {
      const folder = await large();
      const table = await tableOf(folder);
      const bytes = await readFile(table);
      await writeFile(table, bytes.subarray(0, -1));
      const open = () => CheckedStore.open(folder, { laterFromBytes: 0 });
      expect(await open().catch((error: Error) => error.message)).to.match(/ldb: it has \d+ bytes/);
      await rm(table);
      expect(await open().catch((error: Error) => error.message)).to.match(/table \d+ is missing/);
    });

    it("looks at the tables first where the last process ended before it had, so that none ends for ever", async () => {
      const folder = await large();
      const killed = startChild("opening-child.ts", [folder]);
      await killed.line("opened");
      killed.process.kill("SIGKILL");
      await killed.ended;
      await spoil(await tableOf(folder));
      const error = await CheckedStore.open(folder, { laterFromBytes: 0 }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(DamagedStoreError);
      expect((error as Error).message).to.match(/fails its checksum/);
    });

    it("does not look first after an orderly close, nor once everything was found well", async () => {
      const folder = await large();
      const closed = await CheckedStore.open(folder, { laterFromBytes: 0 });
      expect(await readdir(folder)).to.include("UNCHECKED");
      await closed.close();
      expect(await readdir(folder)).not.to.include("UNCHECKED");
      await using store = await CheckedStore.open(folder, { laterFromBytes: 0 });
      await store.verify();
      expect(await readdir(folder)).not.to.include("UNCHECKED");
    });

    it("ends with the store, if that is closed before", async () => {
      const store = await CheckedStore.open(await large(), { laterFromBytes: 0 });
      const verified = store.verify({ share: 0.1 }).catch((error: Error) => error.message);
      await store.close();
      expect(await verified).to.match(/is closed$/);
    });
  });

  describe("crashes and full disks", () => {
    it("keeps every acknowledged write through kill -9, five times over, and whole writes only", async () => {
      const folder = join(await temporaryFolder(), "db");
      let acknowledged = -1;
      for (let round = 0; round < 5; round++) {
        const child = startChild("writing-child.ts", [
          folder,
          "400",
          round === 0 ? "create" : "open",
        ]);
        await child.line("durable 1");
        await new Promise((resolve) => setTimeout(resolve, 100));
        child.process.kill("SIGKILL");
        const { stdout } = await child.ended;
        acknowledged = Number(/(\d+)\n(?:[^\n]*)$/.exec(stdout)![1]);
        await using store = await CheckedStore.open(folder);
        const last = await lastWrite(store, 400);
        expect(last).to.be.within(acknowledged, acknowledged + 1);
        // The next round starts from nothing again, so that its writes can be told apart.
        await store.write(
          (await Array.fromAsync(store.entries())).map(([k]) => ({ key: k, value: null })),
        );
      }
      expect(acknowledged).to.be.greaterThan(0);
    });

    it("stops at a write that fails and has every acknowledged one at the next open", async () => {
      const folder = join(await temporaryFolder(), "db");
      // A file may not grow beyond 256 KiB: the log cannot be written further, as on a full disk.
      const shell = 'trap "" XFSZ; ulimit -f 256; exec "$@"';
      const child = startChild("writing-child.ts", [folder, "2000", "create"], { shell });
      const { stdout, code } = await child.ended;
      expect(code).to.equal(0);
      expect(stdout).to.match(/failed StoreWriteError\nthen StoreWriteError\n$/);
      const acknowledged = Number(/durable (\d+)\nfailed/.exec(stdout)![1]);
      expect(acknowledged).to.be.greaterThan(10);
      await using store = await CheckedStore.open(folder);
      expect(await lastWrite(store, 2000)).to.equal(acknowledged);
      await store.write(changesOf(acknowledged + 1, 2000));
    });
  });
});

/** Changes a database that is closed, past the store that watches over it. */
async function behindItsBack(
  folder: string,
  changes: readonly (
    | { type: "del"; key: Uint8Array }
    | { type: "put"; key: Uint8Array; value: Uint8Array }
  )[],
): Promise<void> {
  const level = new Level<Uint8Array, Uint8Array>(folder, {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  await level.batch([...changes]);
  await level.close();
}
