/**
 * Tells merchants what became of their orders: a POST to the address that the bank has registered, signed with
 * the bank's issuer key. A result is stored with what it is about, in one write, and told until the merchant has
 * answered with success or it is too old; so it may come more than once and out of order. Each says how the order
 * stands when it is sent, not what has changed: the merchant goes by the last, or asks.
 */
import { encodeBase64Url } from "../../protocol/base64url.ts";
import { type Hex, utf8 } from "../../protocol/bytes.ts";
import { message } from "../../protocol/message.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { keys, numberIn, ranges } from "../keys.ts";
import { Recurring } from "../recurring.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";

export type ResultsParts = {
  readonly networkId: Uint8Array;
  readonly issuer: Signer;
  readonly store: Store;
  readonly clock: () => number;
  readonly logger: Logger;
  /** What the merchant is told of the order, and where; nothing if it has no address. */
  readonly describe: (nonce: Hex) => Promise<{ url: string; order: object } | undefined>;
  readonly everyMs: number;
};

type ResultRow = { readonly order: Hex; readonly since: number };
type Waiting = ResultRow & { readonly number: number; dueAt: number; tries: number };

const FIRST_RETRY_MS = 1_000;
const RETRY_MAX_MS = 3_600_000;
/** After three days the merchant has to ask. */
const KEPT_MS = 3 * 86_400_000;
const TIMEOUT_MS = 10_000;

export class Results {
  readonly #parts: ResultsParts;
  readonly #waiting = new Map<number, Waiting>();
  readonly #telling: Recurring;
  readonly #stopping = new AbortController();
  #last = 0;

  private constructor(parts: ResultsParts) {
    this.#parts = parts;
    this.#telling = new Recurring({
      task: () => this.#tellAll(),
      everyMs: parts.everyMs,
      logger: parts.logger,
      failure: "merchants could not be told of results",
    });
  }

  /** Finds what merchants are still to be told. */
  static async open(parts: ResultsParts): Promise<Results> {
    const results = new Results(parts);
    for await (const [key, value] of parts.store.entries(ranges.results)) {
      results.#remember(numberIn(key), decodeRow<ResultRow>(value));
    }
    return results;
  }

  start(): void {
    this.#telling.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#telling.stop();
  }

  /** Results that merchants have not heard of yet. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Writes what happened to an order, and with it that the merchant is to be told. */
  async write(order: Hex, changes: readonly Change[]): Promise<void> {
    const row: ResultRow = { order, since: this.#parts.clock() };
    const number = ++this.#last;
    const change = { key: keys.result(number), value: encodeRow(row), old: null };
    await this.#parts.store.write([...changes, change]);
    this.#remember(number, row);
  }

  async #tellAll(): Promise<void> {
    const now = this.#parts.clock();
    const due = [...this.#waiting.values()].filter(({ dueAt }) => dueAt <= now);
    // One merchant that does not answer holds up no other.
    await Promise.all(due.map((result) => this.#tell(result)));
  }

  async #tell(result: Waiting): Promise<void> {
    const { describe, clock, logger } = this.#parts;
    const { number, order, since } = result;
    try {
      const told = await describe(order);
      if (told !== undefined)
        await this.#post(told.url, { result: `${since}-${number}`, ...told.order });
      await this.#forget(number);
    } catch (error) {
      if (clock() - since >= KEPT_MS) {
        logger.error({ order, err: error }, "a merchant was not told of a result: it has to ask");
        await this.#forget(number);
        return;
      }
      result.dueAt = clock() + Math.min(FIRST_RETRY_MS * 2 ** result.tries, RETRY_MAX_MS);
      result.tries += 1;
      logger.warn(
        { order, err: error, tries: result.tries },
        "a merchant was not told of a result",
      );
    }
  }

  /** @throws Error unless the merchant has answered with success. */
  async #post(url: string, what: object): Promise<void> {
    const { networkId, issuer } = this.#parts;
    const body = JSON.stringify(what);
    const signature = await issuer.sign(message("result", networkId, utf8.encode(body)));
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "tallystick-signature": encodeBase64Url(signature),
      },
      // An address was registered, not where it leads.
      redirect: "error",
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the merchant answered ${answer.status}`);
  }

  async #forget(number: number): Promise<void> {
    await this.#parts.store.write([{ key: keys.result(number), value: null }]);
    this.#waiting.delete(number);
  }

  #remember(number: number, row: ResultRow): void {
    this.#last = Math.max(this.#last, number);
    this.#waiting.set(number, { ...row, number, dueAt: 0, tries: 0 });
  }
}
