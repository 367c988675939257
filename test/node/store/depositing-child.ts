/**
 * Opens the ledger in the folder named, or makes it, and takes deposits into it until it is stopped. Says
 * each event that is durable.
 */
import { writeSync } from "node:fs";
import { TestLedger } from "../../support/ledger.ts";
import { StoredLedger } from "./stored-ledger.ts";

const [folder, create] = process.argv.slice(2) as [string, string];
const ledger = await StoredLedger.open(folder, {
  create: create === "create",
  journalBytesMin: 2048,
});
const source = new TestLedger(1);
await ledger.follow(source.log);
try {
  for (;;) {
    const seq = ledger.state.seq + 1;
    const event = { kind: "deposited", seq, member: 1, amount: BigInt(seq) } as const;
    await ledger.take({ event, leaves: [] });
    // Synchronous: what was said before kill -9 has been said.
    writeSync(1, `durable ${seq}\n`);
  }
} catch (error) {
  writeSync(1, `failed ${(error as Error).name}\n`);
  await ledger[Symbol.asyncDispose]().catch(() => undefined);
}
