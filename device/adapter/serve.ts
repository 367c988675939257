/** An adapter as a program: a command a line on standard input, its answer on standard output. Node only. */
import { createInterface } from "node:readline";
import { Adapter, type Bench } from "./adapter.ts";

/** Serves a device until there are no more commands. */
export async function serveBench(bench: Omit<Bench, "cutPower">): Promise<void> {
  const adapter = new Adapter({ ...bench, cutPower: killProcess });
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
