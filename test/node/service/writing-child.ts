/**
 * Writes to the store in the folder named until it is stopped, and says each write that is durable.
 * Write i holds a key of its own, the key all writes share, and removes the key of write i − 10.
 */
import { writeSync } from "node:fs";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { changesOf } from "./numbered-writes.ts";

const [folder, bytes, create] = process.argv.slice(2) as [string, string, string];
const store = await CheckedStore.open(folder, { create: create === "create" });
try {
  for (let i = 0; ; i++) {
    await store.write(changesOf(i, Number(bytes)));
    // Synchronous: what was said before kill -9 has been said.
    writeSync(1, `durable ${i}\n`);
  }
} catch (error) {
  writeSync(1, `failed ${(error as Error).name}\n`);
  const again = await store.get(Uint8Array.of(1)).then(String, (later: Error) => later.name);
  writeSync(1, `then ${again}\n`);
  await store.close();
}
