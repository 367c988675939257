/**
 * Transfers: money from an account here to a member's treasury, this bank's or another's, named by a nonce that
 * tells the receiver what it is for (protocol/payment-order.ts); or to a device. The account is frozen first, then the
 * vault pays with one record, and when the ledger has applied it the money has left the account. Each step is
 * durable before the next, so that a restart goes on where it was: with the same record, if there is one. What is
 * frozen is given back only if no record was made, or it certainly never applies.
 */
import { fromHex, type Hex, utf8 } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { lock, type MemberId } from "../protocol/output.ts";
import { isRefusal, type Refusal, type RefusalCode } from "../protocol/refusal.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { AccountId, Accounts } from "./accounts.ts";
import type { Held, Holder } from "./held.ts";
import { keys, ranges } from "./keys.ts";
import { isHopeless, type Outcome } from "./outcome.ts";
import { Recurring } from "./recurring.ts";
import { decodeRow, encodeRow } from "./row.ts";
import { Serial } from "./serial.ts";
import type { Store } from "./store.ts";
import type { Vault } from "./vault.ts";

export type TransfersParts = {
  readonly store: Store;
  readonly accounts: Pick<Accounts, "hold" | "release" | "debit">;
  readonly vault: Pick<Vault, "pay">;
  readonly clock: () => number;
  readonly logger: Logger;
  /** How often transfers that met trouble are taken up again. */
  readonly retryMs: number;
};

/** 1 to 120 characters, of the caller's choice: the same id is the same transfer. */
export type TransferId = string;

export type Transfer = {
  readonly account: AccountId;
  readonly amount: Amount;
  /** The owner of a treasury key or a device, and its member. */
  readonly payee: Owner;
  readonly member: MemberId;
  /** 16 bytes. */
  readonly nonce: Hex;
  /** Milliseconds: no record is made from then on, and what is frozen is given back. */
  readonly payBefore: number;
};

/** `asked`: to be frozen and paid. `paid`: the record is made. `applied`. `dead`: it never can, and never will. */
export type TransferRow = Omit<Transfer, "amount"> & {
  readonly amount: string;
  readonly state: "asked" | "paid" | "applied" | "dead";
  /** The record's id, and the hash of the leaf that we signed. */
  readonly record?: Hex;
  readonly leaf?: Hex;
  readonly reason?: { readonly code: RefusalCode; readonly detail: string };
};

const HOLD_PREFIX = "transfer:";

type Reason = NonNullable<TransferRow["reason"]>;

const LATE: Reason = { code: "unavailable", detail: "the bank's vault could not pay in time" };

export type TransferListener = (id: TransferId, row: TransferRow) => void | Promise<void>;

export class Transfers implements Holder {
  readonly holdPrefix = HOLD_PREFIX;
  readonly #parts: TransfersParts;
  readonly #listeners: TransferListener[] = [];
  /** Transfers that are neither applied nor dead. */
  readonly #open = new Set<TransferId>();
  readonly #byRecord = new Map<Hex, TransferId>();
  readonly #serials = new Map<TransferId, Serial>();
  readonly #retrying: Recurring;
  #isStopping = false;

  private constructor(parts: TransfersParts) {
    this.#parts = parts;
    const { retryMs: everyMs, logger } = parts;
    const failure = "transfers could not be taken up again";
    this.#retrying = new Recurring({ task: () => this.#retry(), everyMs, logger, failure });
  }

  /** Finds the transfers that were under way. */
  static async open(parts: TransfersParts): Promise<Transfers> {
    const transfers = new Transfers(parts);
    for await (const [key, value] of parts.store.entries(ranges.transfers)) {
      transfers.#remember(utf8.decode(key.subarray(1), "transfer"), decodeRow<TransferRow>(value));
    }
    return transfers;
  }

  /** Takes transfers up again that met trouble. */
  start(): void {
    this.#retrying.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#retrying.stop();
    await Promise.all([...this.#serials.values()].map((serial) => serial.idle()));
  }

  /** Transfers that are neither applied nor dead. */
  get open(): number {
    return this.#open.size;
  }

  /** Hears of every end, at least once; whoever missed one asks again by `ask`. */
  onEnd(listener: TransferListener): void {
    this.#listeners.push(listener);
  }

  /** Begins a transfer, or says how it stands: asked again by its id, it is the first. */
  async ask(id: TransferId, transfer: Transfer): Promise<TransferRow> {
    return this.#inTurn(id, async () => {
      const known = await this.#row(id);
      if (known !== undefined) return known;
      const row: TransferRow = { ...transfer, amount: String(transfer.amount), state: "asked" };
      await this.#save(id, row);
      return this.#advance(id, row);
    });
  }

  /**
   * Writes a transfer down that is begun soon, without waiting for the vault: for those whom the vault waits for.
   * The same id at a time once.
   */
  async queue(id: TransferId, transfer: Transfer): Promise<void> {
    if ((await this.#row(id)) !== undefined) return;
    await this.#save(id, { ...transfer, amount: String(transfer.amount), state: "asked" });
  }

  /** What accounts have frozen for transfers under way, or are about to. */
  async holds(): Promise<Held[]> {
    const rows = [...this.#open].map(async (id) => {
      const row = await this.#row(id);
      if (row === undefined || (row.state !== "asked" && row.state !== "paid")) return [];
      const { account, amount, state } = row;
      return [{ account, amount: BigInt(amount), reference: holdOf(id), state }];
    });
    return (await Promise.all(rows)).flat();
  }

  /** What became of a transfer's record. */
  async settle({ leaf, ...end }: Outcome): Promise<void> {
    const id = this.#byRecord.get(leaf.id);
    if (id === undefined) return;
    await this.#inTurn(id, async () => {
      const { accounts, logger } = this.#parts;
      const row = (await this.#row(id))!;
      if (row.state !== "paid") return;
      if (end.state === "applied") {
        await accounts.debit(holdOf(id));
        await this.#end(id, { ...row, state: "applied" });
        return;
      }
      // Another's signature under the same body is refused without saying anything about ours.
      if (leaf.hash !== row.leaf) return;
      if (isHopeless(end.reason.code)) {
        const { code, detail } = end.reason;
        await this.#giveBack(id, row, { code, detail });
      } else {
        logger.error(
          { id, record: leaf.id, err: end.reason },
          "a transfer is stuck: it stays frozen",
        );
      }
    });
  }

  /** Freezes, then pays. */
  async #advance(id: TransferId, row: TransferRow): Promise<TransferRow> {
    const { accounts, vault, clock, logger } = this.#parts;
    try {
      await accounts.hold(row.account, BigInt(row.amount), holdOf(id));
    } catch (error) {
      const isLater = isRefusal(error, "busy") || isRefusal(error, "unavailable");
      if (!isRefusal(error)) throw error;
      if (isLater) return row;
      // A hold that was released for lateness cannot be made again: the restart came before it was written down.
      const reason = clock() >= row.payBefore ? LATE : reasonOf(error);
      return this.#end(id, { ...row, state: "dead", reason });
    }
    if (clock() >= row.payBefore) return this.#giveBack(id, row, LATE);
    const { payee: owner, member: custodian, amount } = row;
    const output = { lock: lock.key, owner, custodian, amount: BigInt(amount) };
    let paid = row;
    try {
      await vault.pay(
        [output],
        ({ id: record, hash }) => {
          paid = { ...row, state: "paid", record, leaf: hash };
          // Before the record is handed in, so that no outcome is missed.
          this.#byRecord.set(record, id);
          return [{ key: keys.transfer(id), value: encodeRow(paid) }];
        },
        fromHex(row.nonce),
      );
    } catch (error) {
      logger.warn({ id, err: error }, "the vault could not pay a transfer yet");
    }
    return paid;
  }

  async #giveBack(id: TransferId, row: TransferRow, reason: Reason): Promise<TransferRow> {
    await this.#parts.accounts.release(holdOf(id));
    return this.#end(id, { ...row, state: "dead", reason });
  }

  /** Listeners hear of it first: until all have, the transfer is not at its end. */
  async #end(id: TransferId, row: TransferRow): Promise<TransferRow> {
    for (const listener of this.#listeners) await listener(id, row);
    await this.#save(id, row);
    return row;
  }

  async #retry(): Promise<void> {
    for (const id of this.#open) {
      if (this.#isStopping) return;
      try {
        await this.#inTurn(id, async () => {
          const row = (await this.#row(id))!;
          return row.state === "asked" ? this.#advance(id, row) : row;
        });
      } catch (error) {
        this.#parts.logger.warn({ id, err: error }, "a transfer could not go on");
      }
    }
  }

  /** One step of a transfer at a time; different transfers do not wait for each other. */
  async #inTurn<T>(id: TransferId, step: () => Promise<T>): Promise<T> {
    const serial = this.#serials.get(id) ?? new Serial();
    this.#serials.set(id, serial);
    try {
      return await serial.run(step);
    } finally {
      if (!this.#open.has(id)) this.#serials.delete(id);
    }
  }

  async #row(id: TransferId): Promise<TransferRow | undefined> {
    const value = await this.#parts.store.get(keys.transfer(id));
    return value === undefined ? undefined : decodeRow<TransferRow>(value);
  }

  async #save(id: TransferId, row: TransferRow): Promise<void> {
    await this.#parts.store.write([{ key: keys.transfer(id), value: encodeRow(row) }]);
    this.#remember(id, row);
  }

  #remember(id: TransferId, row: TransferRow): void {
    const isOpen = row.state === "asked" || row.state === "paid";
    if (isOpen) this.#open.add(id);
    else this.#open.delete(id);
    if (row.record === undefined) return;
    if (isOpen) this.#byRecord.set(row.record, id);
    else this.#byRecord.delete(row.record);
  }
}

/** The name of the hold in the accounts. */
function holdOf(id: TransferId): string {
  return `${HOLD_PREFIX}${id}`;
}

function reasonOf({ code, detail }: Refusal): Reason {
  return { code, detail };
}
