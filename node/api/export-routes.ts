/** The route that gives tables to other programs, a page at a time. */
import { Type } from "typebox";
import type { ExportPages } from "../export/pages.ts";
import { tableNames } from "../export/tables.ts";
import { call, type Route } from "../service/route.ts";
import { ExportPage, type TableName } from "./export-schema.ts";

export type ExportAnswers = { readonly pages: Pick<ExportPages, "of"> };

export function exportRoutes(answers: () => ExportAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/exports/:table",
      summary: `A page of a table: ${tableNames.join(", ")}; columns in docs/CONSOLE.md`,
      params: Type.Object({
        table: Type.Unsafe<TableName>(Type.Union(tableNames.map((name) => Type.Literal(name)))),
      }),
      query: Type.Object({
        from: Type.Optional(
          Type.String({ maxLength: 40, description: "`next` of the page before" }),
        ),
      }),
      reply: ExportPage,
      timeoutMs: 60_000,
      async handle({ params: { table }, query: { from } }) {
        const { rows, next } = await answers().pages.of(table, from);
        return { rows: [...rows], ...(next === undefined ? {} : { next }) };
      },
    }),
  ];
}
