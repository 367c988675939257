/**
 * How often the password of a code was tried. A code does not say whether there is money under it, so every code
 * that is well formed is counted, made or made up. A try is on the disk before it is made: neither many at once nor
 * a restart gives more of them. The fifth wrong one locks the code until the counter unlocks it, or until nobody
 * has tried for a month: tries are then forgotten, so that made-up codes do not fill the disk.
 */
import { sha256 } from "#sha256";
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { keys, ranges } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import { Serial } from "../serial.ts";
import type { Change, Store } from "../store.ts";

/** Sixty guesses a year, for who has found a code: half a percent of four digits. */
const REMEMBERED_MS = 30 * 86_400_000;

type TriesRow = {
  readonly count: number;
  /** Milliseconds of the last one. */
  readonly last: number;
  /** Requests that were counted: who carries one may bring it again, and is not to lock the code by that. */
  readonly requests?: readonly Hex[];
};

const NONE: Pick<TriesRow, "count" | "requests"> = { count: 0 };

export class CodeTries {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #serial = new Serial();

  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Counts a try that is about to be made, once for a request of that name. @throws Refusal `code-locked`.
   */
  async count(code: Uint8Array, request?: Hex): Promise<void> {
    await this.#serial.run(async () => {
      const value = await this.#store.get(keyOf(code));
      const row = value === undefined ? undefined : decodeRow<TriesRow>(value);
      const { count, requests = [] } = row === undefined || this.#isOld(row) ? NONE : row;
      if (request !== undefined && requests.includes(request)) return;
      if (count >= limits.codeTriesMax) {
        throw new Refusal("code-locked", `the code was tried ${count} times with a wrong password`);
      }
      const named = request === undefined ? requests : [...requests, request];
      const next: TriesRow = { count: count + 1, last: this.#clock(), requests: named };
      await this.#store.write([{ key: keyOf(code), value: encodeRow(next) }]);
    });
  }

  /** The password was right, or the counter unlocks the code. */
  async forget(code: Uint8Array): Promise<void> {
    await this.#serial.run(() => this.#store.write([{ key: keyOf(code), value: null }]));
  }

  /** Lets go of tries that nobody has repeated for long. */
  async sweep(): Promise<void> {
    await this.#serial.run(async () => {
      const changes: Change[] = [];
      for await (const [key, value] of this.#store.entries(ranges.codeTries)) {
        if (this.#isOld(decodeRow<TriesRow>(value))) changes.push({ key, value: null });
      }
      if (changes.length > 0) await this.#store.write(changes);
    });
  }

  #isOld({ last }: TriesRow): boolean {
    return this.#clock() - last >= REMEMBERED_MS;
  }
}

function keyOf(code: Uint8Array): Uint8Array {
  return keys.codeTries(sha256(code));
}
