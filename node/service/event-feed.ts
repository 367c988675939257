/**
 * One source of events, any number of followers, each at its own pace. New events go to every follower
 * at once and wait for it in a buffer of bounded length; one that falls behind that far loses its
 * buffer, not its place: it reads on from the history until it has caught up.
 */
import type { ServerEvent } from "./event-stream.ts";

export type EventFeedParts<Data> = {
  /** Events after `id` that were published, in order, from wherever they are kept. */
  readonly history: (id: number) => AsyncIterable<ServerEvent<Data>> | Iterable<ServerEvent<Data>>;
};

export type EventFeedOptions = {
  /** Events that may wait for one follower. */
  readonly bufferMax?: number;
};

type Follower<Data> = {
  buffer: ServerEvent<Data>[];
  /** Events after this id are to be read from the history. */
  missed: number | undefined;
  wake: () => void;
};

export class EventFeed<Data> {
  readonly #history: EventFeedParts<Data>["history"];
  readonly #bufferMax: number;
  readonly #followers = new Set<Follower<Data>>();

  constructor({ history }: EventFeedParts<Data>, { bufferMax = 256 }: EventFeedOptions = {}) {
    this.#history = history;
    this.#bufferMax = bufferMax;
  }

  /** How many follow. */
  get followers(): number {
    return this.#followers.size;
  }

  /** Tells all followers. Ids ascend, and the history has the event already. */
  publish(event: ServerEvent<Data>): void {
    for (const follower of this.#followers) {
      if (follower.buffer.length < this.#bufferMax) follower.buffer.push(event);
      else {
        follower.missed ??= follower.buffer[0]!.id - 1;
        follower.buffer = [];
      }
      follower.wake();
    }
  }

  /** Every event after `id` once and in order, or only new ones where it is absent, until `signal` is aborted. */
  async *follow(id: number | undefined, signal: AbortSignal): AsyncGenerator<ServerEvent<Data>> {
    const follower: Follower<Data> = { buffer: [], missed: id, wake: () => {} };
    const wake = () => follower.wake();
    signal.addEventListener("abort", wake);
    this.#followers.add(follower);
    try {
      for (let last = id ?? -1; !signal.aborted; ) {
        for await (const event of this.#next(follower, last)) {
          if (signal.aborted) return;
          if (event.id <= last) continue;
          last = event.id;
          yield event;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        follower.wake = resolve;
        if (follower.buffer.length === 0 && follower.missed === undefined && !signal.aborted)
          await promise;
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#followers.delete(follower);
    }
  }

  /** What there is for a follower now: its buffer, or the history where that is not enough. */
  #next(follower: Follower<Data>, last: number) {
    const { buffer, missed } = follower;
    if (missed !== undefined) {
      follower.missed = undefined;
      return this.#history(Math.max(missed, last));
    }
    follower.buffer = [];
    return buffer;
  }
}
