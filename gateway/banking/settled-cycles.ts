/**
 * The cycles that have closed and settled, and their messages put where the bank's other systems pick them up.
 * They bear the chain's times, which are the same at every member, whenever its gateway comes to hear of them; and
 * these, and the business day, are durable before a message bears them, so that a message that is built again is
 * the same to the last byte. All are noted before any is delivered: one that cannot be, for want of a member's BIC
 * or a year's holidays, holds up no other, and counts on the day it settled when it can.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../../protocol/refusal.ts";
import type { CheckpointRow, NodeClient } from "../../node/client.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { keys, numberIn, ranges } from "../keys.ts";
import { Recurring } from "../recurring.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Store } from "../store.ts";
import type { BusinessCalendar, Day } from "./business-calendar.ts";
import { cycleCsv } from "./csv.ts";
import { type Cycle, isSettled, type Parties } from "./cycle.ts";
import { PACS002, pacs002 } from "./pacs002.ts";
import { PACS009, pacs009 } from "./pacs009.ts";
import type { SchemaCheck } from "./schema-check.ts";
import type { MessageName } from "./xml.ts";

export type SettledCyclesParts = {
  readonly store: Store;
  readonly node: Pick<NodeClient, "checkpoints" | "cycleTimes">;
  readonly calendar: BusinessCalendar;
  readonly parties: Parties;
  readonly network: string;
  readonly schemas: SchemaCheck | undefined;
  /** Absent where messages are only asked for. */
  readonly folder: string | undefined;
  readonly everyMs: number;
  readonly logger: Logger;
};

type CycleRow = {
  readonly positions: readonly { readonly member: number; readonly delta: string }[];
  readonly closed: number;
  readonly settled?: number;
  readonly settlementDay?: Day;
  /** Whether its messages are in the folder. */
  readonly isDelivered?: true;
};

export class SettledCycles {
  readonly #parts: SettledCyclesParts;
  readonly #watching: Recurring;

  constructor(parts: SettledCyclesParts) {
    this.#parts = parts;
    const { everyMs, logger } = parts;
    const failure = "the cycles that have settled could not be noted";
    this.#watching = new Recurring({ task: () => this.look(), everyMs, logger, failure });
  }

  start(): void {
    this.#watching.start();
  }

  async stop(): Promise<void> {
    await this.#watching.stop();
  }

  /** Those seen, ascending, after that of the last page. */
  async *all(page: { readonly after?: number; readonly limit: number }): AsyncGenerator<Cycle> {
    const range = { ...ranges.cyclesAfter(page.after ?? 0), limit: page.limit };
    for await (const [key, value] of this.#parts.store.entries(range)) {
      yield this.#cycleOf(numberIn(key), decodeRow<CycleRow>(value));
    }
  }

  /** What the member pays for a settled cycle. @throws Refusal `not-found`. */
  async pacs009(number: number): Promise<string> {
    return this.#checked(PACS009, number, this.#pacs009(await this.get(number)));
  }

  /** How far that is. @throws Refusal `not-found`. */
  async pacs002(number: number): Promise<string> {
    const message = pacs002(await this.get(number), this.#parts.parties);
    return this.#checked(PACS002, number, message);
  }

  /** All members' payments. @throws Refusal `not-found`. */
  async csv(number: number): Promise<string> {
    return cycleCsv(await this.get(number), this.#parts.parties);
  }

  /** @throws Refusal `not-found`; `bad-configuration` where the calendar does not list the year it settled in. */
  async get(number: number): Promise<Cycle> {
    const row = await this.#row(number);
    if (row === undefined) throw new Refusal("not-found", `cycle ${number} has not closed yet`);
    return this.#cycleOf(number, this.#dated(row));
  }

  /** Notes what is new, and delivers what is not delivered. */
  async look(): Promise<void> {
    const due: (readonly [number, CycleRow])[] = [];
    for (const checkpoint of (await this.#parts.node.checkpoints()).toReversed()) {
      const row = await this.#note(checkpoint);
      const isDue = row.settled !== undefined && row.isDelivered === undefined;
      if (isDue) due.push([checkpoint.number, row]);
    }
    const failed = new Map<number, unknown>();
    for (const [number, row] of due) {
      const error = await this.#tryToDeliver(number, row);
      if (error !== undefined) failed.set(number, error);
    }
    const [err] = failed.values();
    if (err === undefined) return;
    const said = "the messages of settled cycles could not be made: they are tried again";
    this.#parts.logger.warn({ err, cycles: [...failed.keys()] }, said);
  }

  async #note({ number, positions, settled }: CheckpointRow): Promise<CycleRow> {
    const known = await this.#row(number);
    if (known !== undefined && (known.settled !== undefined || !settled)) return known;
    const { closedAtS, settledAtS } = await this.#parts.node.cycleTimes(number);
    const row: CycleRow = {
      positions: positions.map(({ member, delta }) => ({ member, delta })),
      closed: closedAtS * 1000,
      ...(settled && settledAtS !== undefined && { settled: settledAtS * 1000 }),
    };
    await this.#save(number, row);
    return row;
  }

  /** With the business day on which it settled. @throws Refusal `bad-configuration`. */
  #dated(row: CycleRow): CycleRow {
    if (row.settled === undefined || row.settlementDay !== undefined) return row;
    return { ...row, settlementDay: this.#parts.calendar.businessDayOf(row.settled) };
  }

  /** @returns what kept it from being delivered, if anything did. */
  async #tryToDeliver(number: number, row: CycleRow): Promise<unknown> {
    try {
      const dated = this.#dated(row);
      if (dated !== row) await this.#save(number, dated);
      await this.#deliver(number, dated);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  async #deliver(number: number, row: CycleRow): Promise<void> {
    const { folder, logger, parties } = this.#parts;
    if (folder !== undefined) {
      const cycle = this.#cycleOf(number, row);
      await mkdir(folder, { recursive: true });
      const put = (name: string, text: string) =>
        replaceFile(join(folder, `${cycle.network}-${number}-${name}`), text);
      await put("positions.csv", cycleCsv(cycle, parties));
      for (const [name, message] of [
        [PACS009, this.#pacs009(cycle)],
        [PACS002, pacs002(cycle, parties)],
      ] as const) {
        if (message === undefined) continue;
        await this.#parts.schemas?.check(name, message);
        await put(`${name.id}.xml`, message);
      }
      logger.info({ cycle: number, folder }, "a settled cycle's messages are in the folder");
    }
    await this.#save(number, { ...row, isDelivered: true });
  }

  #pacs009(cycle: Cycle): string | undefined {
    if (isSettled(cycle)) return pacs009(cycle, this.#parts.parties);
    throw new Refusal("not-found", `cycle ${cycle.number} has not settled yet`);
  }

  async #checked(name: MessageName, number: number, message: string | undefined): Promise<string> {
    if (message === undefined) {
      throw new Refusal("not-found", `the member pays nothing for cycle ${number}`);
    }
    await this.#parts.schemas?.check(name, message);
    return message;
  }

  #cycleOf(number: number, { positions, closed, settled, settlementDay }: CycleRow): Cycle {
    return {
      network: this.#parts.network,
      number,
      positions: positions.map(({ member, delta }) => ({ member, delta: BigInt(delta) })),
      closed,
      ...(settled === undefined ? {} : { settled }),
      ...(settlementDay === undefined ? {} : { settlementDay }),
    };
  }

  async #row(number: number): Promise<CycleRow | undefined> {
    const value = await this.#parts.store.get(keys.cycle(number));
    return value === undefined ? undefined : decodeRow<CycleRow>(value);
  }

  async #save(number: number, row: CycleRow): Promise<void> {
    await this.#parts.store.write([{ key: keys.cycle(number), value: encodeRow(row) }]);
  }
}
