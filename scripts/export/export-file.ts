/** A table of a node's, written to a file page by page. The file has its name only once it is whole. */
import { open, rename, rm } from "node:fs/promises";
import type { NodeClient } from "../../node/client.ts";
import { type Cell, type TableName, tables } from "../../node/export/tables.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { writeCsv } from "./csv.ts";
import { writeParquet } from "./parquet.ts";

export type Rows = AsyncIterable<Readonly<Record<string, Cell>>>;

export const formats = { csv: writeCsv, parquet: writeParquet } as const;
export type Format = keyof typeof formats;

/** @returns how many rows were written. */
export async function exportTable(
  client: Pick<NodeClient, "exportPage">,
  table: TableName,
  path: string,
  format: Format,
): Promise<number> {
  const part = `${path}.part`;
  let count = 0;
  const rows = async function* () {
    for (let from: string | undefined; ; ) {
      const page = await client.exportPage(table, from);
      count += page.rows.length;
      yield* page.rows;
      if (page.next === undefined) return;
      if (page.next === from)
        throw new Refusal("malformed", `the node gives the page of ${table} at ${from} for ever`);
      from = page.next;
    }
  };
  try {
    await using file = await open(part, "w");
    await formats[format](file, tables[table], rows());
    await file.sync();
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await rename(part, path);
  return count;
}
