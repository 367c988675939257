/**
 * What receivers are still to be told. A notice is stored with what it is about, in one write, and told until its
 * receiver has answered with success; so it may come more than once, but after those before it. One that was not
 * heard for three days is dead: the next has its turn, and the staff sees it and has it sent again. How often it was
 * tried, and when it is due, outlives a restart.
 */
import { Refusal } from "../../protocol/refusal.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { keys, numberIn, ranges } from "../keys.ts";
import { Recurring } from "../recurring.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";
import { type PostParts, postSigned } from "./post.ts";

export type OutboxParts = PostParts & {
  readonly store: Store;
  readonly clock: () => number;
  readonly logger: Logger;
  /** What the receiver is told, and where, as it is when it is sent; nothing if nobody wants it any more. */
  readonly describe: (notice: Notice) => Promise<{ url: string; what: object } | undefined>;
  readonly everyMs: number;
};

export type Notice = {
  /** The receiver. */
  readonly to: string;
  /** What `describe` goes by. */
  readonly about: string;
};

type Row = Notice & {
  /** When it happened. Milliseconds since 1970, as all times here. */
  readonly since: number;
  /** Since when it is sent again. */
  readonly again?: number;
  readonly tries: number;
  readonly dueAt: number;
  /** Since when it is given up. */
  readonly dead?: number;
};

export type OutboxRow = Row & { readonly number: number };

const FIRST_RETRY_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TOLD_FOR_MS = 3 * DAY_MS;
const DEAD_KEPT_MS = 30 * DAY_MS;

export class Outbox {
  readonly #parts: OutboxParts;
  /** By number, ascending. */
  readonly #rows = new Map<number, Row>();
  /** Of each receiver that is being told. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #telling: Recurring;
  readonly #stopping = new AbortController();
  #last = 0;

  private constructor(parts: OutboxParts) {
    this.#parts = parts;
    const { everyMs, logger } = parts;
    const failure = "receivers could not be told";
    this.#telling = new Recurring({ task: () => this.#look(), everyMs, logger, failure });
  }

  /** Finds what is still to be told. */
  static async open(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts);
    for await (const [key, value] of parts.store.entries(ranges.notices)) {
      outbox.#last = numberIn(key);
      outbox.#rows.set(outbox.#last, decodeRow<Row>(value));
    }
    return outbox;
  }

  start(): void {
    this.#telling.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#telling.stop();
    await Promise.all(this.#underWay.values());
  }

  /** Writes what has happened, and with it that receivers are to be told. */
  async write(notices: readonly Notice[], changes: readonly Change[]): Promise<void> {
    const since = this.#parts.clock();
    const rows = notices.map((notice): [number, Row] => [
      ++this.#last,
      { ...notice, since, tries: 0, dueAt: 0 },
    ]);
    const stored = rows.map(([number, row]) => ({
      key: keys.notice(number),
      value: encodeRow(row),
      old: null,
    }));
    await this.#parts.store.write([...changes, ...stored]);
    for (const [number, row] of rows) this.#rows.set(number, row);
  }

  /** What was given up, the oldest first. */
  dead(): OutboxRow[] {
    return [...this.#rows]
      .filter(([, row]) => row.dead !== undefined)
      .map(([number, row]) => ({ ...row, number }));
  }

  /** Tells what was given up for as long again. @throws Refusal `not-found`. */
  async sendAgain(number: number): Promise<void> {
    const row = this.#rows.get(number);
    if (row?.dead === undefined) throw new Refusal("not-found", `${number} is not dead`);
    const { to, about, since } = row;
    await this.#save(number, { to, about, since, again: this.#parts.clock(), tries: 0, dueAt: 0 });
  }

  async #look(): Promise<void> {
    const now = this.#parts.clock();
    for (const { number, dead } of this.dead()) {
      if (now - dead! >= DEAD_KEPT_MS) await this.#forget(number);
    }
    const alive = [...this.#rows].filter(([, { dead }]) => dead === undefined);
    for (const [to, queue] of Map.groupBy(alive, ([, row]) => row.to)) {
      if (this.#underWay.has(to)) continue;
      const told = this.#tellAll(queue.map(([number]) => number)).finally(() =>
        this.#underWay.delete(to),
      );
      // A write that failed has stopped the gateway: nobody else is to fail of it.
      this.#underWay.set(
        to,
        told.catch((err: unknown) => this.#parts.logger.error({ err, to }, "telling broke off")),
      );
    }
  }

  /** What comes later waits for what came before, until that is told or dead. */
  async #tellAll(queue: readonly number[]): Promise<void> {
    for (const number of queue) {
      const row = this.#rows.get(number)!;
      if (this.#stopping.signal.aborted || row.dueAt > this.#parts.clock()) return;
      if (!(await this.#tell(number, row))) return;
    }
  }

  /** Whether the next may be told. */
  async #tell(number: number, row: Row): Promise<boolean> {
    const { describe, clock, logger } = this.#parts;
    const { to, about, since } = row;
    try {
      const told = await describe({ to, about });
      if (told !== undefined) {
        // One key signs for all receivers: each has to see that a message is its own, not another's passed on.
        const what = { result: `${since}-${number}`, to: told.url, ...told.what };
        await postSigned(this.#parts, told.url, what, this.#stopping.signal);
      }
    } catch (err) {
      if (this.#stopping.signal.aborted) return false;
      const now = clock();
      const isDead = now - (row.again ?? since) >= TOLD_FOR_MS;
      const tries = row.tries + 1;
      const dueAt = now + Math.min(FIRST_RETRY_MS * 2 ** row.tries, RETRY_MAX_MS);
      await this.#save(number, { ...row, tries, dueAt, ...(isDead && { dead: now }) });
      if (isDead) logger.error({ to, number, err }, "a receiver was not told, and has to ask");
      else logger.warn({ to, number, err, tries }, "a receiver was not told yet");
      return isDead;
    }
    await this.#forget(number);
    return true;
  }

  async #save(number: number, row: Row): Promise<void> {
    await this.#parts.store.write([{ key: keys.notice(number), value: encodeRow(row) }]);
    this.#rows.set(number, row);
  }

  async #forget(number: number): Promise<void> {
    await this.#parts.store.write([{ key: keys.notice(number), value: null }]);
    this.#rows.delete(number);
  }
}
