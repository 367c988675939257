/**
 * What this holder has answered: one file a request, on the disk before the answer leaves. It is for whoever
 * inspects the holder: with the log on chain beside it, an answer that has no grant would show.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "../../protocol/bytes.ts";
import { createFile } from "../service/durable-file.ts";

/** An answer, as it is written down. */
export type AnswerEntry = {
  readonly id: number;
  readonly epoch: number;
  readonly holder: number;
  readonly requester: Hex;
  readonly subject: Hex;
  readonly legalBasis: Hex;
  /** Milliseconds since 1970: when it was answered first. */
  readonly answered: number;
};

export class AnswerLog {
  readonly #folder: string;
  /** One at a time: two of one request would write one draft. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<AnswerLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new AnswerLog(folder);
  }

  /** Writes an answer down. One that was given before is there already: it says the same. */
  async write(entry: AnswerEntry): Promise<void> {
    const written = this.#turn.then(() => this.#create(entry));
    // Whoever waits for its own turn does not hear of another's failure.
    this.#turn = Promise.allSettled([written]);
    await written;
  }

  async #create(entry: AnswerEntry): Promise<void> {
    const path = join(this.#folder, nameOf(entry.id));
    try {
      await createFile(path, `${JSON.stringify(entry, undefined, 2)}\n`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Padded, so that a listing is in order. */
function nameOf(id: number): string {
  return `${String(id).padStart(16, "0")}.json`;
}
