/** What a command says when it has done its work: lines for people, or one JSON value for machines. */

export type Report = {
  readonly lines: readonly string[];
  /** Amounts as bigint become decimal strings of minor units. */
  readonly data: object;
};

/** @param stream not standard output where that carries a message. */
export function say(
  { lines, data }: Report,
  isJson: boolean,
  stream: NodeJS.WritableStream = process.stdout,
): void {
  const text = isJson
    ? JSON.stringify(data, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      )
    : lines.join("\n");
  stream.write(`${text}\n`);
}

/** Rows under a head, columns aligned to the left. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
}

/** "2026-11-20 14:16 UTC". @param ms since 1970. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
