/**
 * Writes to a store until it is stopped, and says each write that is durable. While another process has the store it
 * waits. Write i holds a key of its own, the key all writes share, and removes the key of write i − 10.
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { changesOf } from "../../node/service/numbered-writes.ts";
import { type OpenStore, openStore } from "./open.ts";

const [where, from] = process.argv.slice(2) as [string, string];
let opened: OpenStore | undefined;
while ((opened = await openStore(where)) === undefined) await sleep(50);
const { store } = opened;
try {
  for (let i = Number(from); ; i++) {
    await store.write(changesOf(i, 1_000));
    // Synchronous: what was said before kill -9 has been said.
    writeSync(1, `durable ${i}\n`);
  }
} catch (error) {
  writeSync(1, `failed ${(error as Error).name}\n`);
  const again = await store.get(Uint8Array.of(1)).then(String, (later: Error) => later.name);
  writeSync(1, `then ${again}\n`);
  process.exit(0);
}
