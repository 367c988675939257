/** Opens the store in the folder named without verifying it, says so, and stays. */
import { CheckedStore } from "../../../node/service/checked-store.ts";

await using store = await CheckedStore.open(process.argv[2]!, { laterFromBytes: 0 });
process.stdout.write(`opened ${store.size}\n`);
await new Promise((resolve) => setTimeout(resolve, 60_000));
