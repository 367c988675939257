/**
 * Parts of memory as one file: each part behind its length and a checksum of all that the file has held so
 * far, so that a part that has changed, is missing or stands elsewhere is found. The file has its name only
 * once it is whole and synced. Its numbers are as this machine holds them: it is read where it was written.
 */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { endianness } from "node:os";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "../service/durable-file.ts";

const MAGIC = Buffer.from(`tallystick image 1 ${endianness()}\n`);
/** Length u32, checksum u32. */
const HEAD_LENGTH = 8;
/** The length of the part that ends the file, which has no bytes. */
const END = 0xffff_ffff;

/** A file that is written and has no name yet. */
export class ImageDraft {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly sizeBytes: number;

  private constructor(path: string, file: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  /** When it returns, `parts` may change again. Where it throws, nothing is left behind. */
  static async write(path: string, parts: readonly Uint8Array[]): Promise<ImageDraft> {
    const file = await open(draftOf(path), "w", 0o600);
    try {
      let sizeBytes = MAGIC.length;
      let sum = crc32(MAGIC);
      await file.writev([MAGIC]);
      for (const part of [...parts, undefined]) {
        const head = Buffer.alloc(HEAD_LENGTH);
        head.writeUInt32BE(part?.length ?? END, 0);
        sum = crc32(part ?? "", crc32(head.subarray(0, 4), sum));
        head.writeUInt32BE(sum, 4);
        sizeBytes += await writeAll(file, part === undefined ? [head] : [head, part]);
      }
      return new ImageDraft(path, file, sizeBytes);
    } catch (error) {
      await file.close();
      await rm(draftOf(path), { force: true });
      throw error;
    }
  }

  /** Gives it its name, durably. */
  async finish(): Promise<void> {
    try {
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
    await rename(draftOf(this.#path), this.#path);
    await syncFolder(dirname(this.#path));
  }
}

/** The parts, each in memory of its own; `undefined` if the file is not exactly what was written. */
export async function readImage(path: string): Promise<Uint8Array[] | undefined> {
  await using file = await open(path, "r");
  let sum = crc32(MAGIC);
  let left = (await file.stat()).size;
  const take = async (length: number): Promise<Buffer | undefined> => {
    if (length > left) return undefined;
    left -= length;
    const bytes = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await file.read(bytes, 0, length);
    return bytesRead === length ? bytes : undefined;
  };
  if (!(await take(MAGIC.length))?.equals(MAGIC)) return undefined;
  const parts: Uint8Array[] = [];
  for (;;) {
    const head = await take(HEAD_LENGTH);
    if (head === undefined) return undefined;
    const length = head.readUInt32BE(0);
    const part = length === END ? Buffer.alloc(0) : await take(length);
    if (part === undefined) return undefined;
    sum = crc32(part, crc32(head.subarray(0, 4), sum));
    if (sum !== head.readUInt32BE(4)) return undefined;
    if (length === END) return left === 0 ? parts : undefined;
    parts.push(part);
  }
}

/** Whether `name` is what a crash may leave of writing an image. */
export function isImageDraft(name: string): boolean {
  return name.endsWith(DRAFT);
}

const DRAFT = ".draft";

function draftOf(path: string): string {
  return `${path}${DRAFT}`;
}

/** A write may take less than it was given, on a disk that is nearly full. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<number> {
  const wanted = pieces.reduce((sum, { length }) => sum + length, 0);
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten !== wanted) throw new Error(`${bytesWritten} of ${wanted} bytes were written`);
  return wanted;
}
