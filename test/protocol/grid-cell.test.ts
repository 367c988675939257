/** Cells that a label ends with. The codes and their bounds are Open Location Code's own test data. */
import { expect } from "chai";
import { type GridCell, cellIn } from "../../protocol/grid-cell.ts";

/** A code, and south, west, north and east of its cell. */
const cells: readonly (readonly [string, number, number, number, number])[] = [
  ["7FG49QCJ+2V", 20.37, 2.782125, 20.370125, 2.78225],
  ["7FG49QCJ+2VX", 20.3701, 2.78221875, 20.370125, 2.78225],
  ["8FVC2222+22", 47, 8, 47.000125, 8.000125],
  ["4VCPPQGP+Q9", -41.273125, 174.785875, -41.273, 174.786],
  ["22222222+22", -90, -180, -89.999875, -179.999875],
  ["6FH32222+222", 1, 1, 1.000025, 1.00003125],
  ["CFX3X2X2+X2", 89.999875, 1, 90, 1.000125],
];

const boundsOf = ({ south, west, north, east }: GridCell) => [south, west, north, east];

describe("the grid cell of a label", () => {
  it("is the one whose code it ends with, of ten digits or eleven [R-100]", () => {
    for (const [code, ...bounds] of cells) {
      for (const label of [code, `Café ${code}`]) {
        const cell = cellIn(label)!;
        expect(cell.code).to.equal(code);
        for (const [i, bound] of boundsOf(cell).entries())
          expect(Math.abs(bound - bounds[i]!) < 1e-9, `${code} ${i}: ${bound}`).to.equal(true);
      }
    }
  });

  it("is none where no full code ends it", () => {
    for (const label of [
      "",
      "Café Zur Post",
      "8FVC9G8F+6X Café",
      "Café8FVC9G8F+6X",
      "Café 8fvc9g8f+6x",
      "Café 9G8F+6X",
      "Café 8FVC9G00+",
      "Café 8FVC9G8F+6",
      "Café 8FVC9G8F+6XXX",
      "Café F2222222+22",
      "Café 2W222222+22",
      "Café 8FVA9G8F+6X",
    ])
      expect(cellIn(label), label).to.equal(undefined);
  });
});
