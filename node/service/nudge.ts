/** How a loop that rests between its rounds is called up before it is time. */
import { setTimeout as sleep } from "node:timers/promises";
import { untilAborted } from "./until-aborted.ts";

export class Nudge {
  #given = Promise.withResolvers<void>();

  /** The loop goes round at once, and once more if it is in the middle of a round. */
  give(): void {
    this.#given.resolve();
  }

  /** Returns when nudged since it last returned, at the latest after `ms`, and when `signal` is aborted. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const rest = sleep(ms, undefined, { signal: over.signal });
    rest.catch(() => undefined);
    await untilAborted(Promise.race([this.#given.promise, rest]), signal).catch(() => undefined);
    over.abort();
    this.#given = Promise.withResolvers();
  }
}
