/** Writes that can be checked afterwards: what a store holds tells exactly which were applied. */
import { createHash } from "node:crypto";
import type { Change, CheckedStore } from "../../../node/service/checked-store.ts";
import { concat, utf8 } from "../../../protocol/bytes.ts";

const LATEST = utf8.encode("latest");
const WINDOW = 10;

/** Write `i`: its own key, the key all share, and the end of the key of write i − 10. */
export function changesOf(i: number, bytes: number): Change[] {
  const changes: Change[] = [
    { key: keyOf(i), value: valueOf(i, bytes), old: null },
    { key: LATEST, value: utf8.encode(String(i)) },
  ];
  if (i >= WINDOW) changes.push({ key: keyOf(i - WINDOW), value: null });
  return changes;
}

/** The last write that the store holds; throws unless it holds exactly what that write left. */
export async function lastWrite(
  store: Pick<CheckedStore, "get" | "entries">,
  bytes: number,
): Promise<number> {
  const latest = await store.get(LATEST);
  if (latest === undefined) return -1;
  const last = Number(utf8.decode(latest, "latest"));
  const expected = new Map<string, string>([[hex(LATEST), hex(latest)]]);
  for (let i = Math.max(0, last - WINDOW + 1); i <= last; i++) {
    expected.set(hex(keyOf(i)), hex(valueOf(i, bytes)));
  }
  for await (const [key, value] of store.entries()) {
    if (expected.get(hex(key)) !== hex(value)) throw new Error(`unexpected entry ${hex(key)}`);
    expected.delete(hex(key));
  }
  if (expected.size > 0) throw new Error(`missing entries ${[...expected.keys()].join(", ")}`);
  return last;
}

function keyOf(i: number): Uint8Array {
  return utf8.encode(`write ${i}`);
}

function valueOf(i: number, bytes: number): Uint8Array {
  const seed = createHash("sha512").update(String(i)).digest();
  return concat(...Array.from({ length: Math.ceil(bytes / 64) }, () => seed)).slice(0, bytes);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
