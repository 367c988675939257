/** What somebody can do who owns the machine that a purse of software is on, and what that purse notices. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilePurseStore } from "../../../device/file-store.ts";
import { openDeviceKey } from "../../../device/node-keys.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { copyPlainly, forgeCopy } from "../../../scripts/demo/cheat.ts";

describe("a cheat with a purse of software", () => {
  let folder: string;
  let purse: string;
  let copy: string;
  let store: FilePurseStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tallystick-cheat-"));
    [purse, copy] = [join(folder, "purse"), join(folder, "copy")];
    await mkdir(purse);
    await openDeviceKey(join(purse, "key.json"), systemRandom);
    store = await FilePurseStore.open(join(purse, "purse"));
    await store.write([
      { key: "coin", value: Uint8Array.of(1) },
      { key: "gone", value: Uint8Array.of(2) },
    ]);
    await store.write([{ key: "gone", value: undefined }]);
  });

  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("gains nothing by copying the folder: the copy says that it is one, and stays shut", async () => {
    await copyPlainly(purse, copy);
    await assert.rejects(FilePurseStore.open(join(copy, "purse")), (error) =>
      isRefusal(error, "wrong-folder"),
    );
  });

  it("has the purse twice by forging its journal, with the same key and the same rows, while it is in use", async () => {
    await copyPlainly(purse, copy);
    await forgeCopy(purse, copy);
    const forged = await FilePurseStore.open(join(copy, "purse"));
    try {
      assert.deepEqual(await forged.rows(), new Map([["coin", Uint8Array.of(1)]]));
      assert.deepEqual(await forged.rows(), await store.rows());
    } finally {
      await forged.close();
    }
    const [key, copied] = [join(purse, "key.json"), join(copy, "key.json")];
    assert.deepEqual(await readFile(copied), await readFile(key));
    assert.equal((await stat(copied)).mode & 0o777, 0o600);
  });
});
