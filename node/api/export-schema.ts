/** What the API says of exports, as JSON Schema. */
import { type Static, Type } from "typebox";
import { limits } from "../../protocol/limits.ts";
export type { TableName } from "../export/tables.ts";

export const ExportPage = Type.Object({
  rows: Type.Array(
    Type.Record(
      Type.String(),
      Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
      { description: "Cells by column; amounts are decimal strings of minor units" },
    ),
    { maxItems: limits.exportRowsMax },
  ),
  next: Type.Optional(Type.String({ description: "`from` of the next page, if there is one" })),
});

export type ExportPage = Static<typeof ExportPage>;
