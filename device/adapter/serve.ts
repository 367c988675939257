/** An adapter as a program: a command a line on standard input, its answer on standard output. Node only. */
import { createInterface } from "node:readline";
import type { PurseParts } from "../holder.ts";
import { Adapter, type Bench } from "./adapter.ts";
import { purseBench } from "./benches.ts";
import type { CutPower, Driven } from "./driven.ts";

/** Serves a purse of this SDK with parts of the maker's own, until there are no more commands. */
export function serveBench(bench: Bench<PurseParts>): Promise<void> {
  return serveDevice((cutPower) => purseBench(bench, cutPower));
}

/** Serves any device. @param make is given what ends this program as a power cut would. */
export async function serveDevice(make: (cutPower: CutPower) => Bench<Driven>): Promise<void> {
  const adapter = new Adapter(make(killProcess));
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${await adapter.handle(line)}\n`);
  }
  await adapter.close();
}

/** As a power cut ends a process: nothing of it gets to say or to write anything more. */
function killProcess(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
}
