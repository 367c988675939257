/**
 * Cells as a node gives them, held to what their column says. Whoever opens the file does so with a spreadsheet,
 * which takes a text that begins with =, + or @ for a formula: no cell of ours is such a text, and a node that
 * gives one is not believed.
 */
import type { Cell, Column, ColumnType } from "../../node/export/tables.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** Ids, hashes, and words of ours; never what somebody else has written. */
const TEXT = /^(?:\w[\w -]*)?$/;
const WHOLE = /^-?\d{1,38}$/;

const isOf: Readonly<Record<ColumnType, (cell: Cell) => boolean>> = {
  text: (cell) => typeof cell === "string" && TEXT.test(cell),
  amount: (cell) => typeof cell === "string" && WHOLE.test(cell),
  integer: (cell) => Number.isSafeInteger(cell),
  time: (cell) => Number.isSafeInteger(cell) && (cell as number) >= 0,
  flag: (cell) => typeof cell === "boolean",
};

/** @throws Refusal `malformed` naming the column. */
export function checkedCell({ name, type, isOptional }: Column, cell: Cell | undefined): Cell {
  if (cell === undefined || cell === null) {
    if (isOptional === true) return null;
    throw new Refusal("malformed", `the node gives a row without "${name}"`);
  }
  if (isOf[type](cell)) return cell;
  throw new Refusal("malformed", `the node gives a "${name}" that is no ${type}`);
}
