/** `tallystick export`: a node's tables as CSV or Parquet files, for spreadsheets and data warehouses. */
import { extname } from "node:path";
import { type Command, Argument, Option } from "commander";
import { type TableName, tableNames, tables } from "../../node/export/tables.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { exportTable, type Format, formats } from "../export/export-file.ts";
import { say, tableLines } from "../report.ts";
import { type Access, nodeAt, reaching } from "../service-access.ts";

type Options = Access & {
  readonly node: string;
  readonly out: string;
  readonly format?: Format;
  readonly json?: true;
};

const formatNames = Object.keys(formats) as Format[];

const help = `
  tallystick export records --node http://127.0.0.1:7101 --out records.parquet
  tallystick export cases --node http://127.0.0.1:7101 --out cases.csv

A file holds what the node had folded when the last page was read. Amounts are minor units.

${tableNames.map(columnsText).join("\n\n")}`;

export function registerExport(program: Command): void {
  reaching(program.command("export").description("a table of a node's as a CSV or Parquet file"))
    .addArgument(new Argument("<table>", "which").choices(tableNames))
    .requiredOption("--node <url>", "the node to ask")
    .requiredOption("--out <file>", "where it is written: .csv or .parquet")
    .addOption(new Option("--format <format>", "whatever the file is called").choices(formatNames))
    .option("--json", "one JSON value")
    .addHelpText("after", help)
    .action(async (table: TableName, { node, out, format, json, ...access }: Options) => {
      const client = await nodeAt(node, access);
      const rows = await exportTable(client, table, out, format ?? formatOf(out));
      say(
        { lines: [`${out}: ${rows} rows of ${table}.`], data: { table, out, rows } },
        json ?? false,
      );
    });
}

/** @throws Refusal `bad-configuration`. */
function formatOf(path: string): Format {
  const format = formatNames.find((name) => extname(path).toLowerCase() === `.${name}`);
  if (format !== undefined) return format;
  throw new Refusal(
    "bad-configuration",
    `${path} does not say whether it is CSV or Parquet: end it so, or give --format`,
  );
}

function columnsText(table: TableName): string {
  const rows = tables[table].map(({ name, type, meaning }) => [`  ${name}`, type, meaning]);
  return tableLines([`${table}:`, "", ""], rows).join("\n");
}
