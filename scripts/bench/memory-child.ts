/** Puts as many coins as its argument says into a state, and tells its parent by how many bytes it grew. */
import { randomFillSync } from "node:crypto";
import { LedgerState } from "../../node/ledger/state.ts";
import { stateKey, stateValue } from "../../protocol/state-entry.ts";
import { toHex } from "../../protocol/bytes.ts";
import { DEVICES } from "./validation.ts";

const coins = Number(process.argv[2]);
const owners = Array.from({ length: DEVICES }, () => toHex(randomFillSync(new Uint8Array(20))));
const values = owners.map((owner) =>
  stateValue.coin({ lock: 0, owner, custodian: 1, amount: 1_000n }),
);
const key = stateKey.coin(`0x${"00".repeat(33)}`);
const state = new LedgerState(1);
const before = resident();
for (let i = 0; i < coins; i++) {
  randomFillSync(key, 1, 32);
  state.put(key, values[i % DEVICES]!);
}
if (state.coinCount !== coins) throw new Error(`${state.coinCount} coins stand`);
const grown = resident() - before;
// Every coin is still found: what was measured is a state that works.
for (const [outpoint] of state.coinsOf(owners[0]!)) {
  if (state.coin(outpoint) === undefined) throw new Error(`${outpoint} is lost`);
}
process.send!(grown);

function resident(): number {
  globalThis.gc!();
  return process.memoryUsage.rss();
}
