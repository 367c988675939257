/**
 * The embedded chain's memory: a write-ahead journal of the raw transactions of each block. The chain
 * itself lives in memory and is deterministic, so replaying the same transactions at the same times
 * gives the same blocks, to the last hash.
 *
 * One line a block: the CRC-32 of what follows in eight hexadecimal digits, a space, JSON. The first
 * line is the genesis. A line is on disk before its block exists, so nobody ever sees a block that
 * kill -9 could take away. A last line without its end was never acted on, and is cut; any other
 * line that cannot be read is damage, and refused.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { createFile } from "../../node/service/durable-file.ts";

/** What the first block is made of. */
export type Genesis = {
  readonly format: number;
  /** Major and minor of the engine: another one may compute other hashes. */
  readonly hardhat: string;
  readonly chainId: number;
  readonly timeS: number;
  /** Addresses that hold coins for gas from the start. */
  readonly funded: readonly Hex[];
};

/** What is needed to make the next block again. */
export type JournalEntry = {
  /** Hash of the block before. */
  readonly parent: Hex;
  readonly timeS: number;
  /** Raw transactions that arrived since the block before, in order of arrival. */
  readonly raw: readonly Hex[];
};

const CHUNK_BYTES = 1 << 20;

export class Journal {
  readonly path: string;
  readonly genesis: Genesis;
  readonly #file: number;
  #broken: Error | undefined;

  private constructor(path: string, file: number, genesis: Genesis) {
    this.path = path;
    this.#file = file;
    this.genesis = genesis;
  }

  /** Opens the journal at `path`, or makes it with `genesis` where there is none. */
  static async open(path: string, genesis: Genesis): Promise<Journal> {
    if (!existsSync(path)) await createFile(path, formatLine(genesis));
    const file = openSync(path, "a+");
    try {
      const first = lines(path, file).next().value;
      if (first === undefined) throw damaged(path, 1, "has no end");
      return new Journal(path, file, first.content as Genesis);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /**
   * The entries in order; to be read to the end before anything is appended. Cuts a torn last line.
   * @throws Refusal `wrong-folder` at a damaged line.
   */
  *entries(): Generator<JournalEntry> {
    let end = 0;
    for (const { content, number, next } of lines(this.path, this.#file)) {
      end = next;
      if (number > 1) yield content as JournalEntry;
    }
    ftruncateSync(this.#file, end);
    fdatasyncSync(this.#file);
  }

  /** Returns when the entry is on disk. After an error the journal takes nothing more. */
  append(entry: JournalEntry): void {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      const line = Buffer.from(formatLine(entry));
      // Opened for appending: always at the end, which entries() has cleared of what was torn.
      for (let at = 0; at < line.length; ) at += writeSync(this.#file, line, at);
      fdatasyncSync(this.#file);
    } catch (cause) {
      this.#broken = new Error(`cannot write ${this.path}`, { cause });
      throw this.#broken;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function formatLine(content: Genesis | JournalEntry): string {
  const json = JSON.stringify(content);
  return `${checksum(json)} ${json}\n`;
}

type Line = {
  readonly content: unknown;
  readonly number: number /** Where the next line begins. */;
  readonly next: number;
};

/** Every whole line of the file, and nothing of a last one without its end. */
function* lines(path: string, file: number): Generator<Line> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let rest = Buffer.alloc(0);
  let position = 0;
  let number = 0;
  for (let read; (read = readSync(file, chunk, 0, CHUNK_BYTES, position + rest.length)) > 0; ) {
    rest = Buffer.concat([rest, chunk.subarray(0, read)]);
    let start = 0;
    for (let end; (end = rest.indexOf(0x0a, start)) >= 0; start = end + 1) {
      number++;
      yield {
        content: parse(path, number, rest.toString("utf8", start, end)),
        number,
        next: position + end + 1,
      };
    }
    rest = rest.subarray(start);
    position += start;
  }
}

function parse(path: string, number: number, line: string): unknown {
  const json = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checksum(json))
    throw damaged(path, number, "is damaged");
  return JSON.parse(json);
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, "0");
}

function damaged(path: string, line: number, what: string): Refusal {
  return new Refusal(
    "wrong-folder",
    `line ${line} of the chain's journal ${path} ${what}: restore the file, or begin a new chain with --fresh`,
  );
}
