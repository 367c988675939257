/** How the demo tells what happens: phases with their times, steps in plain words, tables. */
import { formatAmount, type Currency } from "../../protocol/money.ts";

export type Phase = { readonly name: string; readonly ms: number };

export class Story {
  readonly #write: (text: string) => void;
  readonly #currency: Currency;
  readonly #phases: Phase[] = [];

  constructor(write: (text: string) => void, currency: Currency) {
    this.#write = write;
    this.#currency = currency;
  }

  get phases(): readonly Phase[] {
    return this.#phases;
  }

  /** Runs a part of the journey under its name, and notes how long it took. */
  async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#write(`\n${bold(name)}\n`);
    const start = performance.now();
    const result = await work();
    const ms = Math.round(performance.now() - start);
    this.#phases.push({ name, ms });
    this.#write(dim(`  ${(ms / 1000).toFixed(1)} s\n`));
    return result;
  }

  /** One thing that happened. */
  step(text: string): void {
    this.#write(`  ${green("✓")} ${text}\n`);
  }

  /** What somebody is told, in the words that were used; ids as a person reads them. */
  quote(who: string, sentences: readonly string[]): void {
    this.#write(`  ${who}:\n`);
    for (const sentence of sentences) this.#write(`    ${dim(shortenIds(sentence))}\n`);
  }

  say(text: string): void {
    this.#write(`${text}\n`);
  }

  /** An amount with its currency. */
  money(amount: bigint): string {
    return formatAmount(amount, this.#currency);
  }

  /** Columns as wide as their widest cell; numbers and amounts to the right. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const widths = head.map((title, i) =>
      Math.max(title.length, ...rows.map((row) => row[i]!.length)),
    );
    const line = (cells: readonly string[]) =>
      `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("   ")}\n`;
    this.#write(bold(line(head)));
    for (const row of rows) this.#write(line(row));
  }
}

/** The beginning of an id, enough for a person to tell it from others. */
export function short(id: string): string {
  return `${id.slice(0, 10)}…`;
}

/** Those of 20 bytes and longer, wherever they stand. */
function shortenIds(text: string): string {
  return text.replaceAll(/0x[0-9a-f]{40,}/g, short);
}

const isColoured = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const colour = (code: number) => (text: string) =>
  isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;
const bold = colour(1);
const dim = colour(2);
const green = colour(32);
