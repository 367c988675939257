/** A purse's store in a folder, when power, disk and people do what they do. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, readFile, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { FilePurseStore } from "../../device/file-store.ts";
import { DamagedJournalError, HEAD_LENGTH } from "../../device/journal.ts";
import { refused } from "./support/refused.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";

const child = join(import.meta.dirname, "support/writing-child.ts");

describe("a purse's folder", () => {
  const folders = temporaryFolders();
  let folder: string;
  let journal: string;

  beforeEach(async () => {
    folder = await folders();
    journal = join(folder, "purse.journal");
  });

  /** Writes row i → i for each i, and closes. */
  async function fill(count: number): Promise<void> {
    const store = await FilePurseStore.open(folder);
    for (let i = 0; i < count; i++) {
      await store.write([{ key: `row ${i}`, value: new Uint8Array(20).fill(i) }]);
    }
    await store.close();
  }

  async function keysOf(): Promise<string[]> {
    await using store = closing(await FilePurseStore.open(folder));
    return [...(await store.rows()).keys()];
  }

  /** A journal as it is while a store has it open: the store's own folder, without the store's end. */
  async function overwrite(bytes: Uint8Array): Promise<void> {
    await truncate(journal, 0);
    await writeFile(journal, bytes, { flag: "r+" });
  }

  it("lets its owner alone read it", async () => {
    await fill(1);
    expect((await stat(journal)).mode & 0o777).to.equal(0o600);
    expect(await readdir(folder)).to.deep.equal(["purse.journal"]);
  });

  it("cuts off a write that was torn at any byte, and keeps all before it", async () => {
    await fill(3);
    const before = await readFile(journal);
    await fill(4);
    const after = await readFile(journal);
    const tail = after.subarray(before.length);
    expect(tail.length).to.be.above(40);
    for (let kept = 0; kept < tail.length; kept++) {
      await overwrite(Buffer.concat([before, tail.subarray(0, kept)]));
      expect(await keysOf()).to.have.length(3);
    }
    await overwrite(Buffer.concat([before, tail]));
    expect(await keysOf(), "whole, and not yet acknowledged").to.have.length(4);
    await overwrite(Buffer.concat([before, new Uint8Array(4096)]));
    expect(await keysOf(), "zeros of a file that grew").to.have.length(3);
  });

  it("reports every byte that flips in what was acknowledged, and never drops a row in silence", async () => {
    await fill(3);
    const whole = await readFile(journal);
    let reported = 0;
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 0x10;
      await overwrite(flipped);
      try {
        expect(await keysOf(), `byte ${at}`).to.have.length(3);
      } catch (error) {
        if (!(error instanceof DamagedJournalError)) throw error;
        reported++;
      }
    }
    // All but one copy of the length and the filling of the head.
    expect(reported).to.be.at.least(whole.length - HEAD_LENGTH + 24);
  });

  it("reports an acknowledged write that is missing at the end", async () => {
    await fill(3);
    const whole = await readFile(journal);
    await overwrite(whole.subarray(0, whole.length - 1));
    const outcome = await FilePurseStore.open(folder).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(DamagedJournalError);
    expect(await readdir(folder), "nothing is left open").to.deep.equal(["purse.journal"]);
  });

  it("refuses a copy, and takes a folder that was moved", async () => {
    await fill(2);
    const copy = join(await folders(), "copy");
    await cp(folder, copy, { recursive: true });
    await refused("wrong-folder", FilePurseStore.open(copy));
    const moved = join(await folders(), "moved");
    await rename(folder, moved);
    const store = await FilePurseStore.open(moved);
    expect((await store.rows()).size).to.equal(2);
    await store.close();
  });

  it("is held by one store at a time, in this process or another [R-034]", async () => {
    const store = await FilePurseStore.open(folder);
    await refused("in-use", FilePurseStore.open(folder));
    await store.close();
    const other = spawn(process.execPath, [child, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(other.stdout, "data");
    const refusal = await refused("in-use", FilePurseStore.open(folder));
    expect(refusal.message).to.include(String(other.pid));
    other.kill("SIGKILL");
    await once(other, "exit");
    const after = await FilePurseStore.open(folder);
    await after.close();
  });

  it("has every write that was acknowledged before kill -9", async () => {
    for (let round = 0; round < 5; round++) {
      const other = spawn(process.execPath, [child, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let acknowledged = "";
      other.stdout.on("data", (data) => (acknowledged += data));
      await once(other.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, 20 + 15 * round));
      other.kill("SIGKILL");
      await once(other, "exit");
      const last = acknowledged.split("\n").at(-2)!;
      expect(await keysOf()).to.include(`row ${last}`);
    }
  });

  it("is written anew when it has grown far beyond its rows, and loses nothing", async () => {
    const store = await FilePurseStore.open(folder);
    const value = new Uint8Array(200_000);
    await store.write([{ key: "stays", value: Uint8Array.of(9) }]);
    for (let i = 0; i < 20; i++) await store.write([{ key: "grows", value: value.fill(i) }]);
    await store.write([{ key: "last", value: Uint8Array.of(1) }]);
    await store.close();
    expect((await stat(journal)).size).to.be.below(2_000_000);
    await using again = closing(await FilePurseStore.open(folder));
    const rows = await again.rows();
    expect(rows.get("stays")).to.deep.equal(Uint8Array.of(9));
    expect(rows.get("grows")).to.deep.equal(new Uint8Array(200_000).fill(19));
    expect(rows.get("last")).to.deep.equal(Uint8Array.of(1));
  });

  it("takes no write after it is closed", async () => {
    const store = await FilePurseStore.open(folder);
    await store.close();
    const outcome = await store.write([]).catch((error: Error) => error.message);
    expect(outcome).to.match(/is closed/);
  });
});

function closing(store: FilePurseStore): FilePurseStore & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}
