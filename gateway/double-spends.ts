/**
 * Double spends as the bank sees them: which coins of its devices two records name, what its bond has paid for
 * them and what it is fined, in the books and beside the device. The node finds, reports and mends them; this
 * follows. What a device is revoked for on the chain it is blocked for here.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import type { MemberId } from "../protocol/output.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { ConflictRow, ConflictStage, NodeClient } from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { AccountId, Accounts } from "./accounts.ts";
import type { Devices } from "./devices.ts";
import { keys, ranges } from "./keys.ts";
import type { Reclaims } from "./reclaims.ts";
import { decodeRow, encodeRow } from "./row.ts";
import type { Store } from "./store.ts";

export type DoubleSpendsParts = {
  readonly member: MemberId;
  readonly store: Store;
  readonly node: Pick<NodeClient, "conflictEvents">;
  readonly devices: Devices;
  readonly accounts: Accounts;
  readonly reclaims: Pick<Reclaims, "proven">;
  /** Of an amount spent twice, what is to be paid as a fine. */
  readonly penaltyPercent: () => number;
  readonly logger: Logger;
  readonly clock: () => number;
};

/** A coin of one of the member's devices that two records name. */
export type DoubleSpend = {
  readonly conflict: Hex;
  readonly winner: Hex;
  readonly loser: Hex;
  /** A reclaim: the bank took the coin back, and nobody cheated. */
  readonly winnerKind: "spend" | "reclaim";
  readonly amount: string;
  /** What the bank is fined for it: 0 until it is proven, and where nobody cheated. */
  readonly fine: string;
  readonly stage: ConflictStage;
};

/** Once it has come so far, the contract has it. */
const proven: readonly ConflictStage[] = ["queued", "restituted", "paid", "reclaimed"];
/** Once it has come so far, the bond has paid it. */
const paid: readonly ConflictStage[] = ["restituted", "paid", "reclaimed"];

const RETRY_MS = 1000;

export class DoubleSpends {
  readonly #parts: DoubleSpendsParts;
  readonly #listeners: ((row: ConflictRow) => void)[] = [];
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parts: DoubleSpendsParts) {
    this.#parts = parts;
  }

  /** Hears of every double spend as it moves on, whoever's it is. */
  onChange(listener: (row: ConflictRow) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#running ??= this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Those of a device. */
  async of(owner: Owner): Promise<DoubleSpend[]> {
    const entries = this.#parts.store.entries(ranges.doubleSpendsOf(owner));
    return Array.fromAsync(entries, ([, value]) => decodeRow<DoubleSpend>(value));
  }

  /** From the first on at each start: what is in the books already is not posted again. */
  async #follow(): Promise<void> {
    const { node, logger } = this.#parts;
    const { signal } = this.#stopping;
    for (let last = 0; !signal.aborted; ) {
      try {
        for await (const row of node.conflictEvents(last, signal)) {
          await this.#handle(row);
          last = row.number;
        }
      } catch (error) {
        if (signal.aborted) return;
        // The node has begun a new book, with numbers of its own.
        if (isRefusal(error, "conflict")) last = 0;
        logger.warn({ err: error }, "double spends could not be seen to, and are tried again");
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #handle(row: ConflictRow): Promise<void> {
    if (row.custodian === this.#parts.member) await this.#account(row);
    for (const listener of this.#listeners) listener(row);
  }

  async #account(row: ConflictRow): Promise<void> {
    const { devices, store, logger, clock } = this.#parts;
    const { id: conflict, winner, loser, winnerKind, amount, stage } = row;
    const owner = row.owner as Owner;
    const known = await this.#known(owner, conflict as Hex);
    const isFraud = winnerKind === "spend" && proven.includes(stage);
    if (isFraud && (await devices.get(owner)) !== undefined) await devices.block(owner, clock());
    const fine = isFraud ? (known?.fine ?? "0") : "0";
    const next: DoubleSpend = {
      conflict: conflict as Hex,
      winner: winner as Hex,
      loser: loser as Hex,
      winnerKind,
      amount,
      fine: isFraud && fine === "0" ? this.#fineOn(amount) : fine,
      stage,
    };
    // Durable before it is posted, so that the amount of the fine stays what it was.
    await store.write([{ key: keys.doubleSpend(owner, next.conflict), value: encodeRow(next) }]);
    await this.#post(row, next);
    if (known?.stage === stage) return;
    logger.warn({ owner, ...next }, "a coin of one of our devices was spent twice");
  }

  async #post(row: ConflictRow, { conflict, amount, fine, stage }: DoubleSpend): Promise<void> {
    const { accounts, reclaims } = this.#parts;
    if (fine !== "0") await accounts.bondPaid("fine", BigInt(fine), `fine:${conflict}`);
    if (!paid.includes(stage)) return;
    const reference = `restitution:${conflict}`;
    const post = (setAside?: AccountId) =>
      accounts.bondPaid("restitution", BigInt(amount), reference, setAside);
    await (row.winnerKind === "spend" ? post() : reclaims.proven(row, post));
  }

  #fineOn(amount: string): string {
    return String((BigInt(amount) * BigInt(this.#parts.penaltyPercent())) / 100n);
  }

  async #known(owner: Owner, conflict: Hex): Promise<DoubleSpend | undefined> {
    const value = await this.#parts.store.get(keys.doubleSpend(owner, conflict));
    return value === undefined ? undefined : decodeRow<DoubleSpend>(value);
  }
}
