/**
 * The one door to the Parquet writer. Amounts are DECIMAL(38, 0) of minor units: a sum of coins is more than
 * an INT64 holds. Row groups go to the file one by one, so that memory holds one of them, however many rows
 * there are.
 */
import type { FileHandle } from "node:fs/promises";
import { ByteWriter, parquetWriteRows, type SchemaElement } from "hyparquet-writer";
import type { Cell, Column, ColumnType } from "../../node/export/tables.ts";
import { checkedCell } from "./checked-cell.ts";
import type { Rows } from "./export-file.ts";

const GROUP_ROWS = 20_000;

const shapes = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT64" },
  amount: {
    type: "FIXED_LEN_BYTE_ARRAY",
    type_length: 16,
    converted_type: "DECIMAL",
    precision: 38,
    scale: 0,
  },
  time: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
  flag: { type: "BOOLEAN" },
} as const satisfies Record<ColumnType, Omit<SchemaElement, "name">>;

export async function writeParquet(
  file: FileHandle,
  columns: readonly Column[],
  rows: Rows,
): Promise<void> {
  const writer = new FileWriter(file);
  await parquetWriteRows({
    writer,
    columns: columns.map(({ name }) => ({ name })),
    schema: schemaOf(columns),
    rows: parquetRows(columns, rows),
    rowGroupSize: GROUP_ROWS,
    createdBy: "tallystick",
  });
  // What stands after the last row group.
  await writer.flush();
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.map(
      ({ name, type, isOptional }): SchemaElement => ({
        name,
        ...shapes[type],
        repetition_type: isOptional === true ? "OPTIONAL" : "REQUIRED",
      }),
    ),
  ];
}

async function* parquetRows(columns: readonly Column[], rows: Rows) {
  for await (const row of rows)
    yield Object.fromEntries(
      columns.map((column) => [
        column.name,
        valueOf(column.type, checkedCell(column, row[column.name])),
      ]),
    );
}

function valueOf(type: ColumnType, cell: Cell) {
  if (cell === null) return undefined;
  if (type === "amount" || type === "integer") return BigInt(cell);
  if (type === "time") return new Date(Number(cell) * 1000);
  return cell;
}

/** Lets go of its bytes after each row group. */
class FileWriter extends ByteWriter {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    super();
    this.#file = file;
  }

  async flush(): Promise<void> {
    await this.#file.write(this.getBytes().slice());
    this.index = 0;
  }
}
