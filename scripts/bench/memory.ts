/** Memory of the state per million coins: what a process of its own grows by while coins are put into it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median } from "./anchor.ts";

/** @returns resident bytes per million coins, their owners and index included. */
export async function measureMemory(coins: number, runs: number): Promise<number> {
  const measured: number[] = [];
  for (let run = 0; run < runs; run++) measured.push(await bytesPerMillion(coins));
  return median(measured);
}

async function bytesPerMillion(coins: number): Promise<number> {
  const script = fileURLToPath(new URL("memory-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--expose-gc", script, String(coins)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const [bytes] = (await Promise.race([
    once(child, "message"),
    ended.then(([code]) => {
      throw new Error(`the process that fills its memory ended with ${code}`);
    }),
  ])) as [number];
  await ended;
  return (bytes / coins) * 1e6;
}
