import { cp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { CheckedStore, type Change } from "../../../node/service/checked-store.ts";
import { checkLevelFiles } from "../../../node/service/level-files.ts";
import { DamagedStoreError } from "../../../node/service/store-errors.ts";
import { equalBytes, toHex } from "../../../protocol/bytes.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

/** A generator that repeats: each run flips the same bits. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const random = seeded(20_261_120);
const bytesOf = (length: number) => Uint8Array.from({ length }, () => random(256));

type Contents = ReadonlyMap<string, readonly [key: Uint8Array, value: Uint8Array]>;

describe("a database whose bytes change", () => {
  const temporaryFolder = temporaryFolders();

  /** A database of tables and a log, too few for LevelDB to merge them while a test looks on. */
  async function makeDatabase(): Promise<{ folder: string; contents: Contents }> {
    const folder = join(await temporaryFolder(), "db");
    const contents = new Map<string, readonly [Uint8Array, Uint8Array]>();
    for (let round = 0; round < 3; round++) {
      await using store = await CheckedStore.open(folder, { create: round === 0 });
      const gone = [...contents.values()]
        .slice(0, 20)
        .map(([key, old]): Change => ({ key, value: null, old }));
      for (const { key } of gone) contents.delete(toHex(key));
      const fresh = Array.from({ length: 200 }, () => [bytesOf(34), bytesOf(31)] as const);
      for (const entry of fresh) contents.set(toHex(entry[0]), entry);
      // In several writes: a log of several records.
      for (let i = 0; i < fresh.length; i += 40) {
        const put = fresh
          .slice(i, i + 40)
          .map(([key, value]): Change => ({ key, value, old: null }));
        await store.write(i === 0 ? [...gone, ...put] : put);
      }
      // One that does not fit into a block of the log.
      await store.write([{ key: Uint8Array.of(round), value: bytesOf(70_000), old: null }]);
      contents.set(toHex(Uint8Array.of(round)), [
        Uint8Array.of(round),
        (await store.get(Uint8Array.of(round)))!,
      ]);
    }
    return { folder, contents };
  }

  /** Whether opening or reading reports damage; throws if anything at all is wrong and unreported. */
  async function isReported(folder: string, contents: Contents): Promise<boolean> {
    try {
      await using store = await CheckedStore.open(folder);
      const entries = [...contents.values()];
      const values = await store.getMany(entries.map(([key]) => key));
      for (const [i, [key, value]] of entries.entries()) {
        const found = values[i];
        if (found === undefined || !equalBytes(found, value))
          throw new Error(`${toHex(key)} reads wrong`);
      }
      expect(store.size).to.equal(contents.size);
      return false;
    } catch (error) {
      if (error instanceof DamagedStoreError) return true;
      throw error;
    }
  }

  async function flip(path: string, at: number, mask: number): Promise<void> {
    await using file = await open(path, "r+");
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0]! ^= mask;
    await file.write(byte, 0, 1, at);
  }

  it("is never read wrong: each of 240 flipped bytes is reported or does no harm", async () => {
    const { folder, contents } = await makeDatabase();
    const files = (await readdir(folder)).filter(
      (name) => !["LOCK", "LOG", "LOG.old"].includes(name),
    );
    const kinds = ["CURRENT", "MANIFEST", "WITNESS", ".log", ".ldb"];
    for (const kind of kinds)
      expect(
        files.some((name) => name.includes(kind)),
        kind,
      ).to.equal(true);
    const sound = join(await temporaryFolder(), "db");
    await cp(folder, sound, { recursive: true });
    expect(await isReported(sound, contents)).to.equal(false);
    const reported = new Map<string, number>();
    for (let i = 0; i < 240; i++) {
      const kind = kinds[i % kinds.length]!;
      const ofKind = files.filter((name) => name.includes(kind));
      const name = ofKind[random(ofKind.length)]!;
      const copy = join(await temporaryFolder(), "db");
      await cp(folder, copy, { recursive: true });
      const { length } = await readFile(join(copy, name));
      const at = random(length);
      const mask = 1 << random(8);
      await flip(join(copy, name), at, mask);
      try {
        if (await isReported(copy, contents)) reported.set(kind, (reported.get(kind) ?? 0) + 1);
      } catch (cause) {
        throw new Error(`byte ${at} of ${name}, mask ${mask}`, { cause });
      }
      await rm(copy, { recursive: true });
    }
    // Only paddings do no harm: most flips must have been seen.
    for (const kind of kinds) expect(reported.get(kind), kind).to.be.greaterThan(40);
  });

  it("is reported before LevelDB touches its files", async () => {
    const { folder } = await makeDatabase();
    const manifest = (await readdir(folder)).find((name) => name.startsWith("MANIFEST"))!;
    await flip(join(folder, manifest), 20, 1);
    const before = await readFiles(folder);
    const error = await CheckedStore.open(folder).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(DamagedStoreError);
    expect((error as Error).message).to.contain(manifest);
    expect(await readFiles(folder)).to.deep.equal(before);
  });

  it("is reported where a file is missing", async () => {
    const { folder } = await makeDatabase();
    const files = (await readdir(folder)).filter(
      (name) => !["LOCK", "LOG", "LOG.old"].includes(name),
    );
    for (const name of files) {
      const copy = join(await temporaryFolder(), "db");
      await cp(folder, copy, { recursive: true });
      await rm(join(copy, name));
      const error = await CheckedStore.open(copy).catch((thrown: unknown) => thrown);
      expect(error, name).to.be.instanceOf(DamagedStoreError);
      expect((error as Error).message).to.contain("missing");
      const rest = (await readFiles(copy)).map(([file]) => file);
      expect(rest).to.include.members(
        files.filter((file) => file !== name && /ldb|log/.test(file)),
      );
    }
  });

  it("is reported where a file ends early, but for the end of the last log, which the witness judges", async () => {
    const { folder, contents } = await makeDatabase();
    for (const kind of ["MANIFEST", ".ldb", ".log"]) {
      const copy = join(await temporaryFolder(), "db");
      await cp(folder, copy, { recursive: true });
      const name = (await readdir(copy)).find((file) => file.includes(kind))!;
      const bytes = await readFile(join(copy, name));
      await writeFile(join(copy, name), bytes.subarray(0, bytes.length - 1));
      if (kind === ".log") await checkLevelFiles(copy);
      expect(await isReported(copy, contents), kind).to.equal(true);
    }
  });

  it("passes with zeros after its last write, which a power cut may leave", async () => {
    const { folder, contents } = await makeDatabase();
    const log = (await readdir(folder)).find((name) => name.endsWith(".log"))!;
    const bytes = await readFile(join(folder, log));
    await writeFile(join(folder, log), Buffer.concat([bytes, new Uint8Array(100_000)]));
    expect(await isReported(folder, contents)).to.equal(false);
  });

  it("passes with the pieces of one unfinished write in any state, since nobody was told of it", async () => {
    const { folder, contents } = await makeDatabase();
    // Opening turns the log into a table and starts a new one, which holds nothing but this write.
    const store = await CheckedStore.open(folder);
    const witness = await readFile(join(folder, "WITNESS"));
    await store.write([{ key: Uint8Array.of(200), value: bytesOf(120_000), old: null }]);
    await store.close();
    await writeFile(join(folder, "WITNESS"), witness);
    const last = (await readdir(folder)).find((name) => name.endsWith(".log"))!;
    const bytes = await readFile(join(folder, last));
    expect(bytes.length).to.be.greaterThan(120_000);
    for (const [start, end] of [
      [40_000, 40_100],
      [0, 10],
      [70_000, 120_000],
    ] as const) {
      const copy = join(await temporaryFolder(), "db");
      await cp(folder, copy, { recursive: true });
      await writeFile(join(copy, last), Buffer.from(bytes).fill(0, start, end));
      expect(await isReported(copy, contents)).to.equal(false);
    }
  });

  it("is reported by reading, too, where a byte changes while the store is open", async () => {
    const { folder, contents } = await makeDatabase();
    await using store = await CheckedStore.open(folder, { laterFromBytes: 0 });
    let found = 0;
    for (const name of (await readdir(folder)).filter((file) => file.endsWith(".ldb"))) {
      const bytes = await readFile(join(folder, name));
      for (const [key, value] of contents.values()) {
        const at = bytes.indexOf(value);
        if (value.length !== 31 || at === -1) continue;
        await flip(join(folder, name), at + 15, 4);
        const error = await store.get(key).catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(DamagedStoreError);
        expect((error as Error).message).to.contain(toHex(key));
        expect(() => store.getSync(key)).to.throw(DamagedStoreError);
        found++;
        break;
      }
    }
    expect(found).to.be.greaterThan(0);
    const error = await store.verify().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(DamagedStoreError);
  });
});

async function readFiles(folder: string): Promise<[string, string][]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [
        name,
        (await readFile(join(folder, name))).toString("hex"),
      ],
    ),
  );
}
