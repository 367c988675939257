import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { FolderLock } from "../../../node/service/folder-lock.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { startChild } from "./child.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";

describe("FolderLock", () => {
  const temporaryFolder = temporaryFolders();

  const refusalOf = async (folder: string) =>
    FolderLock.acquire(folder).then(
      async (lock) => {
        await lock.release();
        throw new Error("it was free");
      },
      (error: unknown) => error as Error,
    );

  it("is held once in a process, and free after release", async () => {
    const folder = await temporaryFolder();
    const lock = await FolderLock.acquire(folder);
    const error = await refusalOf(folder);
    expect(isRefusal(error, "in-use")).to.equal(true);
    expect(error.message).to.contain(`${process.pid}`);
    await lock.release();
    expect(await readdir(folder)).to.deep.equal([]);
    await (await FolderLock.acquire(folder)).release();
  });

  it("is refused while another process lives, naming it, and taken over when it was killed", async () => {
    const folder = await temporaryFolder();
    const child = startChild("locking-child.ts", [folder, "hold"]);
    await child.line("held");
    const error = await refusalOf(folder);
    expect(isRefusal(error, "in-use")).to.equal(true);
    expect(error.message).to.contain(`process ${child.process.pid} has`);
    expect((await readdir(folder)).length).to.equal(1);
    child.process.kill("SIGKILL");
    await child.ended;
    expect((await readdir(folder)).length).to.equal(1);
    const lock = await FolderLock.acquire(folder);
    expect((await readdir(folder)).map((name) => name.split(".")[1])).to.deep.equal([
      `${process.pid}`,
    ]);
    await lock.release();
  });

  it("is not held by a process that was given the number of a dead one", async function () {
    if (process.platform !== "linux") this.skip();
    const folder = await temporaryFolder();
    // Process 1 lives, but began at another time than the claim says.
    await writeFile(join(folder, "lock.1.0a1b2c3d_1"), "");
    const lock = await FolderLock.acquire(folder);
    expect((await readdir(folder)).length).to.equal(1);
    await lock.release();
    // Where the system did not say when, a living process counts.
    await writeFile(join(folder, "lock.1.unknown"), "");
    expect(isRefusal(await refusalOf(folder), "in-use")).to.equal(true);
  });

  it("is never held twice by processes that fight for it over the claims of the dead", async () => {
    const folder = await temporaryFolder();
    const children = Array.from({ length: 4 }, () =>
      startChild("locking-child.ts", [folder, "fight"]),
    );
    const ends = await Promise.all(children.map((child) => child.ended));
    for (const { code, stderr } of ends) expect(code, stderr).to.equal(0);
    const held = ends.map(({ stdout }) => Number(/held (\d+)/.exec(stdout)![1]));
    expect(held.reduce((a, b) => a + b)).to.be.greaterThan(20);
  });
});
