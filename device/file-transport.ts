/**
 * Messages as files in a folder that both sides reach: a memory stick, a share, two shells on one
 * machine. A message appears whole, under the sender's name and its number, and stays there. Node only.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Transport } from "./transport.ts";

export type FileTransportOptions = {
  readonly pollMs?: number;
  /** How long a message is waited for. */
  readonly timeoutMs?: number;
};

export class FileTransport implements Transport {
  readonly #folder: string;
  readonly #own: string;
  readonly #other: string;
  readonly #pollMs: number;
  readonly #timeoutMs: number;
  #sent = 0;
  #received = 0;

  /** @param own this side's name, @param other the other's: "payee" and "payer", or any two. */
  constructor(
    folder: string,
    own: string,
    other: string,
    { pollMs = 50, timeoutMs = 60_000 }: FileTransportOptions = {},
  ) {
    this.#folder = folder;
    this.#own = own;
    this.#other = other;
    this.#pollMs = pollMs;
    this.#timeoutMs = timeoutMs;
  }

  async send(message: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const path = this.#path(this.#own, ++this.#sent);
    {
      await using file = await open(`${path}.draft`, "w");
      await file.writeFile(message);
      await file.sync();
    }
    await rename(`${path}.draft`, path);
  }

  /** @throws Error if nothing comes in time. */
  async receive(): Promise<Uint8Array> {
    const path = this.#path(this.#other, this.#received + 1);
    for (let waitedMs = 0; waitedMs <= this.#timeoutMs; waitedMs += this.#pollMs) {
      try {
        const message = await readFile(path);
        this.#received++;
        return new Uint8Array(message);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
      await sleep(this.#pollMs);
    }
    throw new Error(`${path} did not come within ${this.#timeoutMs} ms`);
  }

  #path(side: string, number: number): string {
    return join(this.#folder, `${side}-${number}.message`);
  }
}
