/**
 * Takes the lock of a folder. "hold": keeps it until killed. "fight": takes it as often as it can for
 * a second, leaves a dead claim behind each time, and fails if anybody else was inside.
 */
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { FolderLock } from "../../../node/service/folder-lock.ts";
import { isRefusal } from "../../../protocol/refusal.ts";

const [folder, mode] = process.argv.slice(2) as [string, string];

if (mode === "hold") {
  await FolderLock.acquire(folder);
  process.stdout.write("held\n");
  await setTimeout(60_000);
}

let held = 0;
for (const end = Date.now() + 1000; Date.now() < end; ) {
  try {
    const lock = await FolderLock.acquire(folder);
    const inside = join(folder, "inside");
    closeSync(openSync(inside, "wx"));
    await setTimeout(2);
    rmSync(inside);
    held++;
    writeFileSync(join(folder, `lock.999999999.dead${held}`), "");
    await lock.release();
  } catch (error) {
    if (!isRefusal(error, "in-use")) throw error;
  }
  await setTimeout(Math.random() * 4);
}
process.stdout.write(`held ${held}\n`);
