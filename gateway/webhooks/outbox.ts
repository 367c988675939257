/**
 * What receivers are still to be told. A notice is stored with what it is about, in one write, and told until its
 * receiver has answered with success; so it may come more than once, but after those before it. One that was not
 * heard for three days is dead: the next has its turn, and the staff sees it and has it sent again. How often it was
 * tried, and when it is due, outlives a restart.
 *
 * Each receiver has a queue of its own in the store, read a page at a time: in memory is who waits, and the page that
 * is being told, however long a receiver is away.
 */
import { Refusal } from "../../protocol/refusal.ts";
import type { Range } from "../../node/service/store-view.ts";
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
};

/** One that was given up, and since when. */
type DeadRow = Row & { readonly dead: number };

export type Numbered<R> = R & { readonly number: number };

const FIRST_RETRY_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TOLD_FOR_MS = 3 * DAY_MS;
const DEAD_KEPT_MS = 30 * DAY_MS;
const SWEEP_MS = 3_600_000;
/** Notices of one receiver that are in memory at once. */
const PAGE = 25;

export class Outbox {
  readonly #parts: OutboxParts;
  /** Each receiver that may have something to hear, and when it is to be looked at. */
  readonly #dueAt = new Map<string, number>();
  /** Of each receiver that is being told. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #telling: Recurring;
  readonly #stopping = new AbortController();
  #last = 0;
  #sweepAt = 0;

  private constructor(parts: OutboxParts) {
    this.#parts = parts;
    const { everyMs, logger } = parts;
    const failure = "receivers could not be told";
    this.#telling = new Recurring({ task: () => this.#look(), everyMs, logger, failure });
  }

  /** Finds who is still to be told something. */
  static async open(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts);
    for await (const { number, to } of rowsIn<Row>(parts.store, ranges.notices)) {
      outbox.#last = Math.max(outbox.#last, number);
      outbox.#dueAt.set(to, 0);
    }
    for await (const { number } of rowsIn<DeadRow>(parts.store, ranges.deadNotices))
      outbox.#last = Math.max(outbox.#last, number);
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
    const stored = notices.map((notice) => ({
      key: keys.notice(notice.to, ++this.#last),
      value: encodeRow({ ...notice, since, tries: 0, dueAt: 0 }),
      old: null,
    }));
    await this.#parts.store.write([...changes, ...stored]);
    for (const { to } of notices) if (!this.#dueAt.has(to)) this.#dueAt.set(to, 0);
  }

  /** What was given up, by number: at most so many after one. */
  dead({ after = 0, limit }: { after?: number; limit: number }): Promise<Numbered<DeadRow>[]> {
    const range = { ...ranges.deadNoticesAfter(after), limit };
    return Array.fromAsync(rowsIn<DeadRow>(this.#parts.store, range));
  }

  /** Tells what was given up for as long again, in its old place. @throws Refusal `not-found`. */
  async sendAgain(number: number): Promise<void> {
    const { store, clock } = this.#parts;
    const value = await store.get(keys.deadNotice(number));
    if (value === undefined) throw new Refusal("not-found", `${number} is not dead`);
    const { to, about, since } = decodeRow<DeadRow>(value);
    const row: Row = { to, about, since, again: clock(), tries: 0, dueAt: 0 };
    await store.write([
      { key: keys.deadNotice(number), value: null },
      { key: keys.notice(to, number), value: encodeRow(row) },
    ]);
    this.#dueAt.set(to, 0);
  }

  async #look(): Promise<void> {
    const now = this.#parts.clock();
    await this.#sweep(now);
    for (const [to, dueAt] of this.#dueAt) {
      if (dueAt > now || this.#underWay.has(to)) continue;
      const told = this.#tellAll(to).finally(() => this.#underWay.delete(to));
      // A write that failed has stopped the gateway: nobody else is to fail of it.
      this.#underWay.set(
        to,
        told.catch((err: unknown) => this.#parts.logger.error({ err, to }, "telling broke off")),
      );
    }
  }

  /** Forgets what was dead for long enough. */
  async #sweep(now: number): Promise<void> {
    if (now < this.#sweepAt) return;
    const { store } = this.#parts;
    for await (const { number, dead } of rowsIn<DeadRow>(store, ranges.deadNotices)) {
      if (now - dead < DEAD_KEPT_MS) continue;
      await store.write([{ key: keys.deadNotice(number), value: null }]);
    }
    this.#sweepAt = now + SWEEP_MS;
  }

  /** What comes later waits for what came before, until that is told or dead. */
  async #tellAll(to: string): Promise<void> {
    const { store, clock } = this.#parts;
    for (;;) {
      // Taken off before the queue is read: what is written meanwhile puts the receiver back.
      this.#dueAt.delete(to);
      const range = { ...ranges.noticesTo(to), limit: PAGE };
      const page = await Array.fromAsync(rowsIn<Row>(store, range));
      if (page.length === 0) return;
      if (!this.#dueAt.has(to)) this.#dueAt.set(to, page[0]!.dueAt);
      for (const row of page) {
        if (this.#stopping.signal.aborted || row.dueAt > clock()) return;
        if (!(await this.#tell(row))) return;
      }
    }
  }

  /** Whether the next may be told. */
  async #tell({ number, ...row }: Numbered<Row>): Promise<boolean> {
    const { store, describe, clock, logger } = this.#parts;
    const { to, about, since } = row;
    const key = keys.notice(to, number);
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
      const tried: Row = { ...row, tries, dueAt };
      await store.write(
        isDead
          ? [
              { key, value: null },
              { key: keys.deadNotice(number), value: encodeRow({ ...tried, dead: now }) },
            ]
          : [{ key, value: encodeRow(tried) }],
      );
      if (isDead) logger.error({ to, number, err }, "a receiver was not told, and has to ask");
      else logger.warn({ to, number, err, tries }, "a receiver was not told yet");
      return isDead;
    }
    await store.write([{ key, value: null }]);
    return true;
  }
}

async function* rowsIn<R extends object>(store: Store, range: Range): AsyncGenerator<Numbered<R>> {
  for await (const [key, value] of store.entries(range))
    yield { ...decodeRow<R>(value), number: numberIn(key) };
}
