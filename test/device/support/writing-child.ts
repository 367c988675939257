/** A process that writes rows into a purse's folder until it is killed, and says which were acknowledged. */
import { FilePurseStore } from "../../../device/file-store.ts";

const store = await FilePurseStore.open(process.argv[2]!);
for (let i = 0; ; i++) {
  await store.write([{ key: `row ${i}`, value: new Uint8Array(500) }]);
  process.stdout.write(`${i}\n`);
}
