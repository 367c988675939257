/** Takes the data folder named, writes one entry, and stays until it is killed. */
import { setTimeout } from "node:timers/promises";
import { DataFolder } from "../../../node/service/data-folder.ts";

const folder = await DataFolder.open(process.argv[2]!, {
  kind: "node",
  networkId: `0x${"5a".repeat(32)}`,
});
const store = await folder.openStore("ledger");
await store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2), old: null }]);
process.stdout.write("written\n");
await setTimeout(60_000);
