import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { DataFolder, type DataFolderOptions } from "../../../node/service/data-folder.ts";
import { DamagedStoreError } from "../../../node/service/store-errors.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { isRefusal, type RefusalCode } from "../../../protocol/refusal.ts";
import { startChild } from "./child.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

const networkId: Hex = `0x${"5a".repeat(32)}`;
const now = () => Date.UTC(2026, 10, 20, 12, 30);
const options: DataFolderOptions = { kind: "node", networkId, now };

describe("DataFolder", () => {
  const temporaryFolder = temporaryFolders();

  /** Everything in a folder: names, and the contents of files. */
  async function contents(folder: string): Promise<Record<string, string>> {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const texts = await Promise.all(
      files.map(async (file) => [file, await readFile(file, "hex")] as const),
    );
    return Object.fromEntries([
      ...texts,
      ...entries.map((entry) => [join(entry.parentPath, entry.name, "?"), ""]),
    ]);
  }

  /** Checks that opening is refused with `code`, names `what`, and leaves everything as it was. */
  async function expectRefused(
    folder: string,
    code: RefusalCode,
    what: RegExp,
    changed: Partial<DataFolderOptions> = {},
  ): Promise<void> {
    const before = await contents(folder);
    const mode = (await stat(folder)).mode;
    const error = await DataFolder.open(folder, { ...options, ...changed }).catch(
      (thrown: unknown) => thrown,
    );
    expect(isRefusal(error, code), String(error)).to.equal(true);
    expect((error as Error).message).to.match(what);
    expect(await contents(folder)).to.deep.equal(before);
    expect((await stat(folder)).mode).to.equal(mode);
  }

  it("makes a folder that its owner alone can enter, with a marker that says whose it is", async () => {
    const path = join(await temporaryFolder(), "deep", "data");
    await using folder = await DataFolder.open(path, options);
    expect((await stat(path)).mode & 0o777).to.equal(0o700);
    expect(folder.created.getTime()).to.equal(now());
    const marker = JSON.parse(await readFile(join(path, "folder.json"), "utf8")) as object;
    expect(marker).to.deep.equal({
      software: "tallystick",
      format: 1,
      kind: "node",
      networkId,
      created: "2026-11-20T12:30:00.000Z",
      stores: [],
    });
    expect((await stat(join(path, "folder.json"))).mode & 0o777).to.equal(0o600);
  });

  it("takes an empty folder, the root of a volume, and what a start that went no further left", async () => {
    const path = await temporaryFolder();
    await chmod(path, 0o755);
    await mkdir(join(path, "lost+found"));
    await writeFile(join(path, "folder.json.123.draft"), '{"soft');
    await writeFile(join(path, "lock.999999999.dead"), "");
    await (await DataFolder.open(path, options)).close();
    expect((await stat(path)).mode & 0o777).to.equal(0o700);
    await using again = await DataFolder.open(path, { ...options, now: () => 0 });
    expect(again.created.getTime()).to.equal(now());
  });

  it("refuses a folder that is somebody else's, and what is no folder", async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, "thesis.txt"), "years of work");
    await expectRefused(path, "wrong-folder", /thesis\.txt/);
    const error = await DataFolder.open(join(path, "thesis.txt"), options).catch(
      (thrown: unknown) => thrown,
    );
    expect(isRefusal(error, "wrong-folder")).to.equal(true);
  });

  it("refuses a marker of other software, and one that does not parse, naming what is wrong", async () => {
    const path = await temporaryFolder();
    for (const [text, what] of [
      ["{", /is not JSON/],
      ["[]", /folder\.json must be object/],
      ['{"software":"other","format":1}', /folder\.json\.software/],
      ['{"software":"tallystick","format":1}', /folder\.json\.kind is missing/],
    ] as const) {
      await writeFile(join(path, "folder.json"), text);
      await expectRefused(path, "wrong-folder", what);
    }
    await writeFile(join(path, "folder.json"), '{"software":"tallystick","format":2,"new":true}');
    await expectRefused(path, "unsupported-version", /format 2/);
  });

  it("counts the formats of each kind of process by itself, and says of an older one what becomes of it", async () => {
    const path = await temporaryFolder();
    const third = { ...options, format: 3, ifOlder: "begin with an empty folder" };
    await (await DataFolder.open(path, third)).close();
    await (await DataFolder.open(path, third)).close();
    await expectRefused(path, "unsupported-version", /has format 3, this software reads 1$/);
    const older = /has format 3, this software reads 4: begin with an empty folder/;
    await expectRefused(path, "unsupported-version", older, { ...third, format: 4 });
    await expectRefused(path, "unsupported-version", /reads 2$/, { ...third, format: 2 });
    // Another kind's format says nothing of this one's.
    await expectRefused(path, "wrong-folder", /belongs to a node/, { kind: "gateway" });
  });

  it("refuses another network, and another kind of process", async () => {
    const path = await temporaryFolder();
    await (await DataFolder.open(path, options)).close();
    await expectRefused(path, "wrong-network", /0x5a5a.* to 0x6b/, {
      networkId: `0x${"6b".repeat(32)}`,
    });
    await expectRefused(path, "wrong-network", /to no network/, { networkId: null });
    await expectRefused(path, "wrong-folder", /belongs to a node, not to a gateway/, {
      kind: "gateway",
    });
  });

  it("is held by one at a time, and is free again after close", async () => {
    const path = await temporaryFolder();
    const folder = await DataFolder.open(path, options);
    await expectRefused(path, "in-use", /this process/);
    await folder.close();
    await (await DataFolder.open(path, options)).close();
  });

  it("is taken over with all its data from a process that was killed", async () => {
    const path = await temporaryFolder();
    const child = startChild("folder-child.ts", [path]);
    await child.line("written");
    await expectRefused(path, "in-use", new RegExp(`process ${child.process.pid} has`));
    child.process.kill("SIGKILL");
    await child.ended;
    await using folder = await DataFolder.open(path, options);
    await using store = await folder.openStore("ledger");
    expect(store.size).to.equal(1);
  });

  describe("stores", () => {
    const entry = { key: Uint8Array.of(1), value: Uint8Array.of(2), old: null };

    it("are made once, and found again", async () => {
      const path = await temporaryFolder();
      for (let size = 0; size < 3; size++) {
        await using folder = await DataFolder.open(path, options);
        await using ledger = await folder.openStore("ledger");
        await using leaves = await folder.openStore("leaves");
        expect([ledger.size, leaves.size]).to.deep.equal([size, 0]);
        await ledger.write([{ key: Uint8Array.of(size), value: Uint8Array.of(1) }]);
      }
    });

    it("are never quietly made anew: one that is gone is damaged, until it is set aside", async () => {
      const path = await temporaryFolder();
      await using folder = await DataFolder.open(path, options);
      await (await folder.openStore("ledger")).close();
      await rm(folder.at("ledger"), { recursive: true });
      const error = await folder.openStore("ledger").catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(DamagedStoreError);
      expect(await folder.quarantine("ledger")).to.equal(undefined);
      await using store = await folder.openStore("ledger");
      expect(store.size).to.equal(0);
    });

    it("are set aside with the time, as often as need be, and stay readable there", async () => {
      const path = await temporaryFolder();
      await using folder = await DataFolder.open(path, options);
      const asides: string[] = [];
      for (let i = 0; i < 2; i++) {
        const store = await folder.openStore("ledger");
        expect(store.size).to.equal(0);
        await store.write([entry]);
        await store.close();
        asides.push((await folder.quarantine("ledger"))!);
      }
      expect(asides).to.deep.equal([
        join(path, "ledger.damaged-2026-11-20T12-30-00.000Z"),
        join(path, "ledger.damaged-2026-11-20T12-30-00.000Z-2"),
      ]);
      for (const aside of asides) expect(await readdir(aside)).to.include("CURRENT");
    });

    it("that were not finished when the process died are set aside, not deleted", async () => {
      const path = await temporaryFolder();
      await using folder = await DataFolder.open(path, options);
      await mkdir(folder.at("ledger"));
      await writeFile(join(folder.at("ledger"), "CURRENT"), "MANI");
      await using store = await folder.openStore("ledger");
      expect(store.size).to.equal(0);
      const aside = folder.at("ledger.unfinished-2026-11-20T12-30-00.000Z");
      expect(await readFile(join(aside, "CURRENT"), "utf8")).to.equal("MANI");
    });
  });
});
