/**
 * The move of a store's rows to another place. Its steps each leave a state from which it can be repeated: the target
 * is marked as not whole before it is given a row; the source as left when all rows are known to have arrived; the
 * target as whole after that.
 */
import { createHash } from "node:crypto";
import type { MoveMark } from "../../node/service/move-mark.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { Writer } from "../../protocol/bytes.ts";
import { ranges } from "../keys.ts";
import type { Change, Store } from "../store.ts";

/** A store that its lock holds for us alone. */
export type MovableStore = {
  /** What people call it. */
  readonly place: string;
  /** Whether processes that stand by may leave letters in it. */
  readonly isShared: boolean;
  readonly store: Store;
  readonly move: MoveMark | undefined;
  readonly setMove: (mark: MoveMark) => Promise<void>;
};

export type Rows = {
  readonly entries: number;
  /** SHA-256 over all rows in the order of their keys, in hex. */
  readonly digest: string;
};

/** Of one write, which is one statement for a database. */
const ROWS = 1_000;
const BYTES = 4 * 1024 * 1024;

/**
 * @returns what was moved, also where it had been moved before.
 * @throws Refusal `store-moved` if the source is not whole, or is elsewhere by now; `wrong-folder` if it is empty, or
 *   the target is not; `busy` if letters wait that a gateway alone would never read. Error if what arrived differs.
 */
export async function moveStore(from: MovableStore, to: MovableStore): Promise<Rows> {
  if (isDone(from, to)) return rowsOf(to.move);
  await checkSource(from, to);
  await checkTarget(to);
  await to.setMove({ state: "arriving" });
  await clear(to.store);
  await copy(from.store, to.store);
  const arrived = await digestOf(to.store);
  const sent = await digestOf(from.store);
  if (arrived.digest !== sent.digest) {
    const counts = `${arrived.entries} rows arrived in ${to.place} of ${sent.entries} in ${from.place}`;
    throw new Error(`${counts}, or others than these: nothing has been moved`);
  }
  await from.setMove({ state: "left", to: to.place, ...sent });
  await to.setMove({ state: "arrived", ...sent });
  return sent;
}

function isDone(from: MovableStore, to: MovableStore): to is MovableStore & { move: Rows } {
  const [sent, arrived] = [from.move, to.move];
  return sent?.state === "left" && arrived?.state === "arrived" && sent.digest === arrived.digest;
}

function rowsOf({ entries, digest }: Rows): Rows {
  return { entries, digest };
}

async function checkSource({ place, store, move }: MovableStore, to: MovableStore): Promise<void> {
  if (move?.state === "arriving")
    throw new Refusal("store-moved", `the move into ${place} has not come to its end`);
  // Where it was interrupted after the source's mark, what arrived is copied once more: to there alone.
  const isHalfWay = to.move?.state === "arriving" && move?.state === "left" && move.to === to.place;
  if (move?.state === "left" && !isHalfWay)
    throw new Refusal("store-moved", `what was in ${place} has been moved to ${move.to}`);
  if (await isEmpty(store)) throw new Refusal("wrong-folder", `${place} has nothing in it to move`);
  if (to.isShared) return;
  for (const isOwn of [true, false])
    if (!(await isEmpty(store, ranges.letters(isOwn))))
      throw new Refusal(
        "busy",
        `in ${place} leaves wait that processes standing by took in: run one process until it has taken them over`,
      );
}

async function checkTarget({ place, store, move }: MovableStore): Promise<void> {
  if (move?.state === "arriving" || (move === undefined && (await isEmpty(store)))) return;
  throw new Refusal("wrong-folder", `${place} is not empty: name one that no gateway has run on`);
}

async function isEmpty(store: Store, range = {}): Promise<boolean> {
  for await (const _ of store.entries({ ...range, limit: 1 })) return false;
  return true;
}

/** Removes what an interrupted move has left. */
async function clear(store: Store): Promise<void> {
  await inWrites(store, store, ([key, old]) => ({ key, value: null, old }));
}

async function copy(from: Store, to: Store): Promise<void> {
  await inWrites(from, to, ([key, value]) => ({ key, value, old: null }));
}

async function inWrites(
  from: Store,
  to: Store,
  changeOf: (row: readonly [Uint8Array, Uint8Array]) => Change,
): Promise<void> {
  let changes: Change[] = [];
  let bytes = 0;
  for await (const row of from.entries()) {
    changes.push(changeOf(row));
    bytes += row[0].length + row[1].length;
    if (changes.length < ROWS && bytes < BYTES) continue;
    await to.write(changes);
    [changes, bytes] = [[], 0];
  }
  await to.write(changes);
}

async function digestOf(store: Store): Promise<Rows> {
  const hash = createHash("sha256");
  let entries = 0;
  for await (const [key, value] of store.entries()) {
    hash.update(new Writer(8).u32(key.length).u32(value.length).done());
    hash.update(key).update(value);
    entries++;
  }
  return { entries, digest: hash.digest("hex") };
}
