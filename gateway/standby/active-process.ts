/** Which process is active, as it says in the store that all share: where the others reach it, and the secret they show. */
import { toHex } from "../../protocol/bytes.ts";
import type { Random } from "../../protocol/random.ts";
import { keys } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Store } from "../store.ts";

export type ActiveProcess = {
  /** Of its listener for the others. */
  readonly url: string;
  /** Made anew by each that becomes active: who can read the store can show it. */
  readonly secret: string;
};

const SECRET_BYTES = 32;

export function makeSecret(random: Random): string {
  return toHex(random(SECRET_BYTES));
}

export async function announce(store: Pick<Store, "write">, active: ActiveProcess): Promise<void> {
  await store.write([{ key: keys.active, value: encodeRow(active) }]);
}

/** Whoever said so last: it may have ended since. */
export async function findActive(store: Pick<Store, "get">): Promise<ActiveProcess | undefined> {
  const row = await store.get(keys.active);
  return row === undefined ? undefined : decodeRow<ActiveProcess>(row);
}
