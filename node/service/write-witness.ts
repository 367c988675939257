/**
 * A second, tiny memory of how far a store got. A log that lost its last write looks like one that
 * never had it; so the number of each durable write is noted in a file of its own, and a store that
 * comes back with a lower number has lost what it had acknowledged.
 *
 * The note is not synced: after kill -9 it is exact, after a power cut it may be some writes behind,
 * never ahead.
 */
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { DamagedStoreError } from "./store-errors.ts";

/** LevelDB leaves files alone whose names it does not know. */
const FILE_NAME = "WITNESS";
/** Number u64, checksum u32. */
const LENGTH = 12;

export class WriteWitness {
  readonly #folder: string;
  readonly #file: number;
  readonly #bytes = Buffer.alloc(LENGTH);
  #noted = 0;

  private constructor(folder: string, file: number) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Makes the file, durably, at number 0. */
  static create(folder: string): WriteWitness {
    const witness = new WriteWitness(folder, openSync(join(folder, FILE_NAME), "wx", 0o600));
    witness.note(0);
    fsyncSync(witness.#file);
    const directory = openSync(folder, "r");
    fsyncSync(directory);
    closeSync(directory);
    return witness;
  }

  /** @throws DamagedStoreError if the note is missing or damaged. */
  static open(folder: string): WriteWitness {
    try {
      const witness = new WriteWitness(folder, openSync(join(folder, FILE_NAME), "r+"));
      witness.#read();
      return witness;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
      throw new DamagedStoreError(folder, `${FILE_NAME}, its note of the last write, is missing`, {
        cause,
      });
    }
  }

  /** @throws DamagedStoreError if the store has come back with a write before the one noted. */
  check(number: number): void {
    if (this.#noted <= number) return;
    const detail = `write ${this.#noted} was acknowledged, the last one found is ${number}`;
    throw new DamagedStoreError(this.#folder, detail);
  }

  /** Says that write `number` and all before it are durable. */
  note(number: number): void {
    this.#bytes.writeBigUInt64BE(BigInt(number));
    this.#bytes.writeUInt32BE(crc32(this.#bytes.subarray(0, 8)), 8);
    writeSync(this.#file, this.#bytes, 0, LENGTH, 0);
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): void {
    const bytes = Buffer.alloc(LENGTH + 1);
    const length = readSync(this.#file, bytes, 0, bytes.length, 0);
    if (length !== LENGTH || crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) {
      this.close();
      throw new DamagedStoreError(
        this.#folder,
        `${FILE_NAME}, its note of the last write, has changed`,
      );
    }
    this.#noted = Number(bytes.readBigUInt64BE());
  }
}
