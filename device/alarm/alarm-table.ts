/**
 * What a till knows of the coins that its shop has taken: every till's log as far as it has been heard, and by coin the
 * record that took it. A coin is remembered for as long as a receipt for it may live: until then another till could be
 * shown it. All is bounded; what goes first is the oldest.
 */
import type { AlarmBeat, AlarmStretch, Taking, TillId } from "../../protocol/alarm.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Outpoint } from "../../protocol/output.ts";

type Entry = { readonly taking: Taking; readonly heard: number };

type Log = {
  /** The number of the first entry, or of the next one if there is none. */
  floor: number;
  readonly entries: Entry[];
  /** Of their records. */
  readonly ids: Set<Hex>;
  /** When anything was heard of its till last. */
  heard: number;
};

/** A part of a log, without gaps. */
export type Stretch = Omit<AlarmStretch, "kind" | "till">;

export class AlarmTable {
  readonly #keepMs: number;
  readonly #logs = new Map<TillId, Log>();
  /** The longest known first. */
  readonly #takers = new Map<Outpoint, { readonly id: Hex; readonly heard: number }>();

  /** @param keepMs how long receipts live, a parameter of the network. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Coins that are remembered. */
  get size(): number {
    return this.#takers.size;
  }

  /** The record that took a coin, as far as was heard. */
  takerOf(outpoint: Outpoint): Hex | undefined {
    return this.#takers.get(outpoint)?.id;
  }

  /** How far each till's log is known. */
  held(): AlarmBeat["held"] {
    const held = Array.from(this.#logs, ([till, log]) => ({ till, number: lastOf(log) }));
    return held.sort((a, b) => (a.till < b.till ? -1 : 1));
  }

  /** When a till was heard last, in milliseconds. */
  heardAt(till: TillId): number {
    return this.#logs.get(till)?.heard ?? Number.NEGATIVE_INFINITY;
  }

  /** Notes that a till is there. */
  note(till: TillId, now: number): void {
    this.#logOf(till, now).heard = now;
  }

  /** Whether a till's log has a record. */
  has(till: TillId, id: Hex): boolean {
    return this.#logs.get(till)?.ids.has(id) === true;
  }

  /** Adds to a till's own log. @returns the stretch that tells of it. */
  append(till: TillId, takings: readonly Taking[], now: number): Stretch {
    const log = this.#logOf(till, now);
    const stretch = { floor: log.floor, first: lastOf(log) + 1, takings };
    this.add(till, stretch, now);
    return stretch;
  }

  /** Takes in what was heard of a log. Coins count whatever is missing before them; the log goes on without gaps. */
  add(till: TillId, { floor, first, takings }: Stretch, now: number): void {
    this.note(till, now);
    const log = this.#logOf(till, now);
    if (floor > log.floor) cutBefore(log, floor);
    for (const [i, taking] of takings.entries()) {
      const number = first + i;
      if (number <= lastOf(log)) continue;
      if (number === lastOf(log) + 1) {
        log.entries.push({ taking, heard: now });
        log.ids.add(taking.id);
      }
      this.#remember(taking, now);
    }
    this.#forget(now);
  }

  /** What is here of a log after a number. */
  after(till: TillId, number: number): Stretch {
    const { floor, entries } = this.#logs.get(till) ?? { floor: 1, entries: [] };
    const first = Math.max(number + 1, floor);
    const takings = entries.slice(first - floor).map(({ taking }) => taking);
    return { floor, first, takings };
  }

  #logOf(till: TillId, now: number): Log {
    const known = this.#logs.get(till);
    if (known !== undefined) return known;
    if (this.#logs.size >= limits.alarmTillsMax) this.#dropSilent();
    const log: Log = { floor: 1, entries: [], ids: new Set(), heard: now };
    this.#logs.set(till, log);
    return log;
  }

  /** The log of the till that was heard longest ago goes; the coins it has taken are still remembered. */
  #dropSilent(): void {
    const [silent] = [...this.#logs].sort(([, a], [, b]) => a.heard - b.heard);
    this.#logs.delete(silent![0]);
  }

  #remember({ id, inputs }: Taking, now: number): void {
    for (const input of inputs) {
      const first = this.#takers.get(input)?.id ?? id;
      this.#takers.delete(input);
      this.#takers.set(input, { id: first, heard: now });
    }
  }

  #forget(now: number): void {
    const old = now - this.#keepMs;
    for (const [outpoint, { heard }] of this.#takers) {
      if (heard >= old && this.#takers.size <= limits.alarmCoinsMax) break;
      this.#takers.delete(outpoint);
    }
    const isForgotten = ({ taking, heard }: Entry) =>
      heard < old || !taking.inputs.some((input) => this.#takers.has(input));
    for (const log of this.#logs.values()) {
      const kept = log.entries.findIndex((entry) => !isForgotten(entry));
      cutBefore(log, log.floor + (kept === -1 ? log.entries.length : kept));
    }
  }
}

function lastOf({ floor, entries }: Log): number {
  return floor - 1 + entries.length;
}

function cutBefore(log: Log, floor: number): void {
  for (const { taking } of log.entries.splice(0, floor - log.floor)) log.ids.delete(taking.id);
  log.floor = floor;
}
