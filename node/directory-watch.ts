/**
 * Keeps the directory true to the registry. Nothing but an event says that it changed, so a reading that
 * fails, or that a server behind the event answers, is made again until it shows the change: a node that
 * missed one would count a signature that is none, or leave a member out, until the next.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Directory, DirectoryRows } from "./directory.ts";
import type { Logger } from "./service/telemetry.ts";
import { untilAborted } from "./service/until-aborted.ts";

export type DirectoryWatchParts = {
  readonly directory: Pick<Directory, "update">;
  /** Reads the registry as it is after `block` or a later one. @throws Error if it cannot be read there now. */
  readonly read: (block: number) => Promise<DirectoryRows>;
  readonly logger: Pick<Logger, "warn">;
};

const RETRY_MS = 250;

export class DirectoryWatch {
  readonly #parts: DirectoryWatchParts;
  readonly #stop = new AbortController();
  /** The block of the last change that is known, and of the last one that was read. */
  #changed = 0;
  #read = -1;
  #reading: Promise<void> | undefined;

  constructor(parts: DirectoryWatchParts) {
    this.#parts = parts;
  }

  /** Reads for the first time. Returns when that is done. */
  async start(): Promise<void> {
    await this.#catchUp();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The registry changed in this block. Those that come together are read together. */
  changed(block: number): void {
    this.#changed = Math.max(this.#changed, block);
    void this.#catchUp();
  }

  get #isBehind(): boolean {
    return this.#read < this.#changed && !this.#stop.signal.aborted;
  }

  async #catchUp(): Promise<void> {
    if (this.#isBehind) this.#reading ??= this.#readUntilTrue();
    await this.#reading;
  }

  async #readUntilTrue(): Promise<void> {
    const { directory, read, logger } = this.#parts;
    const { signal } = this.#stop;
    while (this.#isBehind) {
      const block = this.#changed;
      try {
        const rows = await untilAborted(read(block), signal);
        this.#read = block;
        directory.update(rows);
      } catch (error) {
        if (signal.aborted) break;
        logger.warn({ err: error }, "the registry could not be read, and is read again");
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#reading = undefined;
  }
}
