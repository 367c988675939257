/** Messages as lines of a file, for devices that fetch theirs, for trying things out, and for a bank's own sender. */
import { open } from "node:fs/promises";
import { Serial } from "../serial.ts";
import type { Relay } from "./relay.ts";

export class FileRelay implements Relay {
  readonly #path: string;
  readonly #clock: () => number;
  readonly #serial = new Serial();

  constructor(path: string, clock: () => number) {
    this.#path = path;
    this.#clock = clock;
  }

  /** One line of JSON: time, address, text. It is on the disk when this returns. */
  send(address: string, text: string): Promise<void> {
    return this.#serial.run(async () => {
      // Codes are in it: nobody else reads it.
      await using file = await open(this.#path, "a", 0o600);
      await file.appendFile(`${JSON.stringify({ time: this.#clock(), address, text })}\n`);
      await file.sync();
    });
  }
}
