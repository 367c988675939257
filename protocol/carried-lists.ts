/**
 * The lists that ride in an exchange between two devices, from the fresher to the staler one. Each is
 * signed by itself, so they stand outside of what the message signs.
 */
import type { Reader, Writer } from "./bytes.ts";
import { limits } from "./limits.ts";

/** First byte of a carried list. */
export const listKinds = { revocations: 1, trust: 2, emergency: 3 } as const;

export type ListKind = keyof typeof listKinds;

/** A list by its kind, still encoded: who takes it decodes and checks it. */
export type CarriedList = { readonly kind: ListKind; readonly bytes: Uint8Array };

const kindsByNumber = new Map<number, ListKind>(
  Object.entries(listKinds).map(([kind, number]) => [number, kind as ListKind]),
);

const bytesMax: Record<ListKind, number> = {
  revocations: limits.listInHandshakeMax,
  trust: limits.trustInHandshakeMax,
  emergency: limits.listInHandshakeMax,
};

/** Whether a list is small enough to ride along. Larger ones come from gateways. */
export function isCarried(list: CarriedList): boolean {
  return list.bytes.length <= bytesMax[list.kind];
}

/** As many of `lists`, in their order, as one message carries. */
export function fitLists(lists: readonly CarriedList[]): CarriedList[] {
  const fitting: CarriedList[] = [];
  let room: number = limits.listsBytesMax;
  for (const list of lists) {
    if (fitting.length === limits.listsMax || !isCarried(list)) continue;
    if (list.bytes.length > room) continue;
    room -= list.bytes.length;
    fitting.push(list);
  }
  return fitting;
}

export function writeLists(writer: Writer, lists: readonly CarriedList[]): void {
  writer.u8(lists.length);
  for (const { kind, bytes } of lists) writer.u8(listKinds[kind]).long(bytes);
}

/** @throws Refusal `malformed` naming field and offset. */
export function readLists(reader: Reader): CarriedList[] {
  const start = reader.offset;
  const count = reader.count(1, 0, limits.listsMax, "lists");
  const lists: CarriedList[] = [];
  let length = 0;
  for (let i = 0; i < count; i++) {
    const field = `lists[${i}]`;
    const kind = readListKind(reader, `${field}.kind`);
    const bytes = reader.long(bytesMax[kind], field);
    length += bytes.length;
    lists.push({ kind, bytes });
  }
  if (length > limits.listsBytesMax) {
    const detail = `lists have ${length} bytes, at most ${limits.listsBytesMax}`;
    throw reader.refuse(detail, "lists", reader.offset - start);
  }
  return lists;
}

export function readListKind(reader: Reader, field: string): ListKind {
  const number = reader.u8(field);
  const kind = kindsByNumber.get(number);
  if (kind === undefined) throw reader.refuse(`list kind ${number} is unknown`, field, 1);
  return kind;
}
