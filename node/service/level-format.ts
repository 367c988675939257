/**
 * What LevelDB's logs, manifests and tables have in common: numbers of variable length and masked checksums.
 *
 * Formats: LevelDB's doc/log_format.md and doc/table_format.md (1.20).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DamagedStoreError } from "./store-errors.ts";

/** Reads LevelDB's varints. Checksums have passed: what does not parse is beyond this format. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error("a number in LevelDB's files breaks off");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  skip(length: number): void {
    this.#at += length;
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }
}

/** LevelDB masks the checksums that it stores, since data may hold checksums itself. */
export function unmask(stored: number): number {
  const rotated = (stored - 0xa282_ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

export type Handle = { readonly offset: number; readonly size: number };

/** A whole file of the database. @throws DamagedStoreError if it is gone or unreadable. */
export async function readStoreFile(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EIO") throw cause;
    throw new DamagedStoreError(
      folder,
      `${name} ${code === "EIO" ? "cannot be read" : "is missing"}`,
      { cause },
    );
  }
}
