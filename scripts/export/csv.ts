/** Rows as CSV (RFC 4180): a line of names, then a line a row. Times are ISO 8601; what is absent is empty. */
import type { FileHandle } from "node:fs/promises";
import type { Cell, Column } from "../../node/export/tables.ts";
import { checkedCell } from "./checked-cell.ts";
import type { Rows } from "./export-file.ts";

/** Lines are gathered to this length before they are written. */
const CHUNK_CHARS = 256 * 1024;

export async function writeCsv(
  file: FileHandle,
  columns: readonly Column[],
  rows: Rows,
): Promise<void> {
  let text = line(columns.map(({ name }) => name));
  for await (const row of rows) {
    text += line(columns.map((column) => cellText(column, checkedCell(column, row[column.name]))));
    if (text.length < CHUNK_CHARS) continue;
    await file.write(text);
    text = "";
  }
  await file.write(text);
}

function line(cells: readonly string[]): string {
  return `${cells.map(quoted).join(",")}\r\n`;
}

function cellText({ type }: Column, cell: Cell): string {
  if (cell === null) return "";
  if (type === "time") return new Date(Number(cell) * 1000).toISOString().replace(".000", "");
  return String(cell);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
