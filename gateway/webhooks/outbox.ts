/**
 * What receivers are still to be told. A notice is stored with what it is about, in one write, and told until its
 * receiver has answered with success; so it may come more than once, but after those before it. How often it was
 * tried, and when it is due, outlives a restart.
 *
 * A receiver that has heard nothing for long is parked: nothing is sent to it until it, or the staff, says that it
 * hears again, and then it is told all that is kept, in order. If it is one notice alone that it will not hear, and
 * the one after it is heard, that one is dead: the staff sees it and has it sent again.
 *
 * Each receiver has a queue of its own in the store, read a page at a time: in memory is who waits, and the page that
 * is being told, however long a receiver is away. Of what a receiver does not hear so much is kept and no more: the
 * oldest is dropped, and said to be.
 */
import { Refusal } from "../../protocol/refusal.ts";
import type { Range } from "../../node/service/store-view.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { keys, numberIn, ranges } from "../keys.ts";
import { Recurring } from "../recurring.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";
import { type PostParts, postSigned } from "./post.ts";
import { type ReceiverRow, Receivers } from "./receivers.ts";

export type OutboxParts = PostParts & {
  readonly store: Store;
  readonly clock: () => number;
  readonly logger: Logger;
  /** What the receiver is told, and where, as it is when it is sent; nothing if nobody wants it any more. */
  readonly describe: (notice: Notice) => Promise<{ url: string; what: object } | undefined>;
  readonly everyMs: number;
  /** A receiver that has heard nothing for so long is parked. */
  readonly parkAfterMs: number;
  /** Notices kept for a receiver that does not hear. */
  readonly keptMax: number;
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
  readonly tries: number;
  readonly dueAt: number;
};

/** One that was given up, and since when. */
type DeadRow = Row & { readonly dead: number };

export type Numbered<R> = R & { readonly number: number };

const FIRST_RETRY_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DEAD_KEPT_MS = 30 * DAY_MS;
const SWEEP_MS = 3_600_000;
/** Notices of one receiver that are in memory at once. */
const PAGE = 25;
/** Notices dropped in one write. */
const DROPPED = 1_000;

export class Outbox {
  readonly #parts: OutboxParts;
  /** Each receiver that may have something to hear, and when it is to be looked at. */
  readonly #dueAt = new Map<string, number>();
  readonly #receivers: Receivers;
  /** Of each receiver whose queue is being worked on: by one task at a time. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #telling: Recurring;
  readonly #stopping = new AbortController();
  #last = 0;
  #sweepAt = 0;

  private constructor(parts: OutboxParts, receivers: Receivers) {
    this.#parts = parts;
    this.#receivers = receivers;
    const { everyMs, logger } = parts;
    const failure = "receivers could not be told";
    this.#telling = new Recurring({ task: () => this.#look(), everyMs, logger, failure });
  }

  /** Finds who is still to be told something. */
  static async open(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts, await Receivers.open(parts.store));
    for await (const { number, to } of rowsIn<Row>(parts.store, ranges.notices)) {
      outbox.#last = Math.max(outbox.#last, number);
      outbox.#dueAt.set(to, 0);
      outbox.#receivers.count(to, 1);
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
    for (const { to } of notices) {
      this.#receivers.count(to, 1);
      if (!this.#dueAt.has(to)) this.#dueAt.set(to, 0);
    }
  }

  /** Receivers that hear nothing, by name: at most so many after one. */
  unheard({ after = "", limit }: { after?: string; limit: number }): ReceiverRow[] {
    return this.#receivers
      .unheard()
      .filter(({ to }) => to > after)
      .slice(0, limit);
  }

  /** How one fares: without a standing it hears what it is told. */
  standing(to: string) {
    return { waiting: this.#receivers.waiting(to), ...this.#receivers.get(to) };
  }

  get totals() {
    return this.#receivers.totals;
  }

  /** Tells a receiver that was parked all that is kept for it, from the oldest on. @throws Refusal `not-found`. */
  async resume(to: string): Promise<void> {
    // What is under way may be what parks it.
    while (this.#underWay.has(to)) await this.#underWay.get(to);
    if (!this.#receivers.isParked(to)) throw new Refusal("not-found", `${to} is not parked`);
    await this.#work(to, async () => {
      const { store } = this.#parts;
      const [first] = await this.#rowsTo(to, { limit: 1 });
      const due =
        first === undefined ? [] : [this.#put(first.number, { ...first, tries: 0, dueAt: 0 })];
      await store.write([...due, this.#receivers.set(to, undefined)]);
      this.#dueAt.set(to, 0);
    });
    this.#parts.logger.info({ to }, "a receiver is told again");
  }

  /** What was given up, by number: at most so many after one. */
  dead({ after = 0, limit }: { after?: number; limit: number }): Promise<Numbered<DeadRow>[]> {
    const range = { ...ranges.deadNoticesAfter(after), limit };
    return Array.fromAsync(rowsIn<DeadRow>(this.#parts.store, range));
  }

  /** Tells what was given up, in its old place. @throws Refusal `not-found`. */
  async sendAgain(number: number): Promise<void> {
    const { store } = this.#parts;
    const value = await store.get(keys.deadNotice(number));
    if (value === undefined) throw new Refusal("not-found", `${number} is not dead`);
    const { to, about, since } = decodeRow<DeadRow>(value);
    const row: Row = { to, about, since, tries: 0, dueAt: 0 };
    await store.write([
      { key: keys.deadNotice(number), value: null },
      { key: keys.notice(to, number), value: encodeRow(row) },
    ]);
    this.#receivers.count(to, 1);
    this.#dueAt.set(to, 0);
  }

  async #look(): Promise<void> {
    const now = this.#parts.clock();
    await this.#sweep(now);
    for (const { to, waiting, parked } of this.#receivers.unheard()) {
      if (this.#underWay.has(to)) continue;
      if (waiting > this.#parts.keptMax) this.#workAlone(to, () => this.#dropOldest(to));
      // Its turn comes when it is said to hear.
      else if (parked !== undefined) this.#dueAt.delete(to);
    }
    for (const [to, dueAt] of this.#dueAt) {
      if (dueAt > now || this.#underWay.has(to)) continue;
      this.#workAlone(to, () => this.#tellAll(to));
    }
  }

  /** Works on a receiver's queue, by itself. A write that failed has stopped the gateway: nobody else is to fail of it. */
  #workAlone(to: string, task: () => Promise<void>): void {
    this.#work(to, task).catch((err: unknown) =>
      this.#parts.logger.error({ err, to }, "telling broke off"),
    );
  }

  #work(to: string, task: () => Promise<void>): Promise<void> {
    const work = task().finally(() => this.#underWay.delete(to));
    this.#underWay.set(
      to,
      work.catch(() => undefined),
    );
    return work;
  }

  /** What is more than is kept for a receiver that does not hear. */
  async #dropOldest(to: string): Promise<void> {
    const { store, keptMax, logger } = this.#parts;
    const limit = Math.min(this.#receivers.waiting(to) - keptMax, DROPPED);
    const rows = await this.#rowsTo(to, { limit });
    const standing = this.#receivers.get(to)!;
    const dropped = standing.dropped + rows.length;
    await store.write([
      ...rows.map(({ number }) => ({ key: keys.notice(to, number), value: null })),
      this.#receivers.set(to, { ...standing, dropped }),
    ]);
    this.#receivers.count(to, -rows.length);
    logger.error({ to, dropped, keptMax }, "a receiver's oldest notices were dropped");
  }

  #rowsTo(to: string, range: { readonly limit: number }): Promise<Numbered<Row>[]> {
    return Array.fromAsync(rowsIn<Row>(this.#parts.store, { ...ranges.noticesTo(to), ...range }));
  }

  #put(number: number, { to, about, since, tries, dueAt }: Row): Change {
    const row: Row = { to, about, since, tries, dueAt };
    return { key: keys.notice(to, number), value: encodeRow(row) };
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
    const { clock } = this.#parts;
    for (;;) {
      // Taken off before the queue is read: what is written meanwhile puts the receiver back.
      this.#dueAt.delete(to);
      const page = await this.#rowsTo(to, { limit: PAGE });
      if (page.length === 0) return;
      if (!this.#dueAt.has(to)) this.#dueAt.set(to, page[0]!.dueAt);
      for (const row of page) {
        if (this.#stopping.signal.aborted || row.dueAt > clock()) return;
        if (!(await this.#tell(row))) return;
      }
    }
  }

  /** Whether the next may be told. */
  async #tell(row: Numbered<Row>): Promise<boolean> {
    const { store } = this.#parts;
    const { to, number } = row;
    const failure = await this.#fail(row);
    if (this.#stopping.signal.aborted && failure !== undefined) return false;
    if (failure === undefined) {
      await store.write([{ key: keys.notice(to, number), value: null }, ...this.#heard(to)]);
      this.#receivers.count(to, -1);
      return true;
    }
    await this.#putOff(row, failure);
    return false;
  }

  /** @returns why it was not heard, if it was not. */
  async #fail({ to, about, since, number }: Numbered<Row>): Promise<unknown> {
    try {
      const told = await this.#parts.describe({ to, about });
      if (told === undefined) return undefined;
      // One key signs for all receivers: each has to see that a message is its own, not another's passed on.
      const what = { result: `${since}-${number}`, to: told.url, ...told.what };
      await postSigned(this.#parts, told.url, what, this.#stopping.signal);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** It has heard something: nothing is held against it any more. */
  #heard(to: string): Change[] {
    return this.#receivers.get(to) === undefined ? [] : [this.#receivers.set(to, undefined)];
  }

  async #putOff(row: Numbered<Row>, err: unknown): Promise<void> {
    const { store, clock, parkAfterMs, logger } = this.#parts;
    const { to, number } = row;
    const now = clock();
    const tries = row.tries + 1;
    const dueAt = now + Math.min(FIRST_RETRY_MS * 2 ** row.tries, RETRY_MAX_MS);
    const tried = { ...row, tries, dueAt };
    const standing = this.#receivers.get(to) ?? { failing: now, dropped: 0 };
    const isLong = now - standing.failing >= parkAfterMs;
    if (isLong && (await this.#hearsNext(tried))) return;
    if (this.#stopping.signal.aborted) return;
    const next = isLong ? { ...standing, parked: now } : standing;
    await store.write([this.#put(number, tried), this.#receivers.set(to, next)]);
    if (isLong)
      logger.error({ to, number, err, ...next }, "a receiver hears nothing, and is parked");
    else logger.warn({ to, number, err, tries }, "a receiver was not told yet");
  }

  /** Whether it is this one that the receiver will not hear, not the receiver that is away: then this one is dead. */
  async #hearsNext({ number, ...row }: Numbered<Row>): Promise<boolean> {
    const { store, clock, logger } = this.#parts;
    const { to } = row;
    const [, next] = await this.#rowsTo(to, { limit: 2 });
    if (next === undefined || (await this.#fail(next)) !== undefined) return false;
    await store.write([
      { key: keys.notice(to, number), value: null },
      { key: keys.deadNotice(number), value: encodeRow({ ...row, dead: clock() }) },
      { key: keys.notice(to, next.number), value: null },
      ...this.#heard(to),
    ]);
    this.#receivers.count(to, -2);
    this.#dueAt.set(to, 0);
    logger.error({ to, number }, "a receiver was not told of one thing, and has to ask");
    return true;
  }
}

async function* rowsIn<R extends object>(store: Store, range: Range): AsyncGenerator<Numbered<R>> {
  for await (const [key, value] of store.entries(range))
    yield { ...decodeRow<R>(value), number: numberIn(key) };
}
