/** Something that is done again and again until it is stopped: a failure is told of, and tried again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../node/service/telemetry.ts";

export type RecurringParts = {
  /** Called one at a time. */
  readonly task: () => Promise<void>;
  /** From the end of one time to the start of the next. */
  readonly everyMs: number;
  readonly logger: Logger;
  /** What the log says if it fails. */
  readonly failure: string;
};

export class Recurring {
  readonly #parts: RecurringParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parts: RecurringParts) {
    this.#parts = parts;
  }

  /** The first time comes at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { task, everyMs, logger, failure } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await task();
      } catch (error) {
        logger.warn({ err: error }, failure);
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
