/**
 * Where a till stands: a cell of the grid over latitude and longitude, by its Open Location Code ("8FVC9G8F+6X",
 * https://github.com/google/open-location-code). A bank binds it to a device's key by ending the label that it
 * certifies with the code, so that payers read it on their screens, and whoever is shown a payment reads where.
 * Full codes of ten digits, for a cell 14 m high, or of eleven, for one of 3 m.
 */

/** Degrees; south and west belong to the cell, north and east to its neighbours. */
export type GridCell = {
  readonly code: string;
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
};

/** Of a full code: the first digits reach to 90 degrees north and 180 degrees east, and no further. */
export const GRID_CELL_PATTERN =
  "[2-9C][2-9CFGHJMPQRV][2-9CFGHJMPQRVWX]{6}\\+[2-9CFGHJMPQRVWX]{2,3}";

const DIGITS = "23456789CFGHJMPQRVWX";
/** Cells of ten digits in a degree. */
const PER_DEGREE = 8_000;
/** An eleventh digit divides such a cell. */
const [ROWS, COLUMNS] = [5, 4];

/** The cell that a label ends with, if it does. */
export function cellIn(label: string): GridCell | undefined {
  const [, code] = new RegExp(`(?:^| )(${GRID_CELL_PATTERN})$`).exec(label) ?? [];
  return code === undefined ? undefined : cellOf(code);
}

/** @param code a full one of ten or eleven digits. */
function cellOf(code: string): GridCell {
  const digits = Array.from(code.replace("+", ""), (digit) => DIGITS.indexOf(digit));
  const pairs = digits.slice(0, 10);
  const row = inBase20(pairs.filter((_, i) => i % 2 === 0)) - 90 * PER_DEGREE;
  const column = inBase20(pairs.filter((_, i) => i % 2 === 1)) - 180 * PER_DEGREE;
  const last = digits[10];
  const [rows, columns] = last === undefined ? [1, 1] : [ROWS, COLUMNS];
  const fine = last ?? 0;
  const south = row * rows + Math.floor(fine / columns);
  const west = column * columns + (fine % columns);
  const [high, wide] = [PER_DEGREE * rows, PER_DEGREE * columns];
  return {
    code,
    south: south / high,
    west: west / wide,
    north: (south + 1) / high,
    east: (west + 1) / wide,
  };
}

function inBase20(digits: readonly number[]): number {
  return digits.reduce((sum, digit) => sum * 20 + digit, 0);
}
