/** How the gateway's rows are stored: JSON, with amounts as decimal strings, as everywhere in JSON. */
import { utf8 } from "../protocol/bytes.ts";

/** @param value plain data without bigints. */
export function encodeRow(value: object): Uint8Array {
  return utf8.encode(JSON.stringify(value));
}

/** Reads back what this software wrote: the store has checked that not a bit has changed. */
export function decodeRow<Row extends object>(bytes: Uint8Array): Row {
  return JSON.parse(utf8.decode(bytes, "row")) as Row;
}

/** The value of a row that says all by its key. */
export const EMPTY = new Uint8Array();
