/** One row of the targets: what was measured, what it is held to, and by how much it meets or misses. */

export type Row = {
  /** The part of the benchmark that measures it: `npm run bench -- <part>`. */
  readonly part: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What of this machine, in this run, the target is made from; absent where the target is absolute. */
  readonly anchor: { readonly name: string; readonly value: number } | null;
  readonly target: number;
  /** 1 or more meets the target. */
  readonly ratio: number;
  readonly met: boolean;
  /** What else a reader wants to know. */
  readonly note: string;
};

type Measured = Pick<Row, "part" | "name" | "value" | "unit"> & Partial<Row>;

/** The value must be so much or more. */
export function atLeast(target: number, measured: Measured): Row {
  return row(target, measured.value / target, measured);
}

/** The value must be so much or less. */
export function atMost(target: number, measured: Measured): Row {
  return row(target, target / measured.value, measured);
}

export function formatRow({ part, name, value, unit, target, ratio, met, note }: Row): string {
  const held = `${format(value)} ${unit}, target ${format(target)}, ratio ${ratio.toFixed(2)}`;
  return `${met ? "meets " : "misses"}  ${part}: ${name}: ${held}${note === "" ? "" : ` (${note})`}`;
}

export function format(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function row(target: number, ratio: number, measured: Measured): Row {
  return { anchor: null, note: "", ...measured, target, ratio, met: ratio >= 1 };
}
