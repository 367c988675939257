/**
 * Loads: money from a customer's account onto the customer's device. The account is frozen first, then the
 * vault pays the device in coins of the ladder, and when the ledger has applied that the money has left the
 * account. Each step is durable before the next, so that a restart goes on where it was: with the same
 * record, if there is one. What is frozen is given back only if the record certainly never applies.
 */
import type { LoadAnswer } from "../protocol/answer.ts";
import type { LoadAsk } from "../protocol/ask.ts";
import { fromHex, type Hex, toHex } from "../protocol/bytes.ts";
import { type Owner, OWNER_LENGTH } from "../protocol/key.ts";
import { limits } from "../protocol/limits.ts";
import type { Amount } from "../protocol/money.ts";
import { lock, type MemberId, outpointOf, type Output } from "../protocol/output.ts";
import { isRefusal, Refusal, type RefusalCode } from "../protocol/refusal.ts";
import type { NodeClient } from "../node/client.ts";
import type { Store } from "./store.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { AccountId, Accounts } from "./accounts.ts";
import type { Certificates } from "./certificates.ts";
import { pickCoins } from "./coin-picking.ts";
import { denominate } from "../protocol/denominations.ts";
import type { DeviceBalances } from "./device-balances.ts";
import type { Devices } from "./devices.ts";
import type { Held, Holder } from "./held.ts";
import { keys, ranges } from "./keys.ts";
import type { Onboarding } from "./onboarding.ts";
import { isHopeless, type Outcome } from "./outcome.ts";
import type { Receipts } from "./receipts.ts";
import { Recurring } from "./recurring.ts";
import { decodeRow, encodeRow } from "./row.ts";
import { Serial } from "./serial.ts";
import type { Vault } from "./vault.ts";
import type { Events, GatewayEvent } from "./webhooks/events.ts";

export type LoadsParts = {
  readonly member: MemberId;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly vault: Vault;
  readonly onboarding: Pick<Onboarding, "enrolled">;
  readonly devices: Pick<Devices, "blockedSince">;
  readonly certificates: Pick<Certificates, "maxBalance">;
  readonly receipts: Pick<Receipts, "issue">;
  readonly balances: Pick<DeviceBalances, "touch">;
  readonly node: Pick<NodeClient, "enrolment">;
  readonly events: Pick<Events, "write">;
  readonly logger: Logger;
  /** No coin of a load but the last is smaller. */
  readonly smallest: Amount;
  /** How often loads that met trouble are taken up again. */
  readonly retryMs: number;
};

/**
 * `asked`: to be frozen and paid. `refused`: the account could not, and it may be asked anew. `paid`: the record
 * is made. `applied`. `dead`: it never can, and never will.
 */
type LoadRow = {
  readonly account: AccountId;
  readonly amount: string;
  /** As asked for: empty if the bank was to choose. */
  readonly asked: readonly string[];
  readonly parts: readonly string[];
  readonly state: "asked" | "refused" | "paid" | "applied" | "dead";
  /** How often the account has refused: each time it is asked under a reference of its own. */
  readonly refusals?: number;
  /** The record's id, and the hash of the leaf that we signed. */
  readonly record?: Hex;
  readonly leaf?: Hex;
  readonly reason?: { readonly code: RefusalCode; readonly detail: string };
};

const HOLD_PREFIX = "load:";

type LoadName = { readonly owner: Owner; readonly id: Hex };

/** One output is kept for the vault's change. */
const PARTS_MAX = limits.outputsMax - 1;

export class Loads implements Holder {
  readonly holdPrefix = HOLD_PREFIX;
  readonly #parts: LoadsParts;
  readonly #serial = new Serial();
  /** Loads that are neither applied nor dead. */
  readonly #open = new Map<string, { readonly name: LoadName; readonly amount: Amount }>();
  readonly #byRecord = new Map<Hex, LoadName>();
  readonly #underWay = new Map<string, Promise<LoadRow>>();
  readonly #retrying: Recurring;
  #isStopping = false;

  private constructor(parts: LoadsParts) {
    this.#parts = parts;
    const { retryMs: everyMs, logger } = parts;
    const failure = "loads could not be taken up again";
    this.#retrying = new Recurring({ task: () => this.#retry(), everyMs, logger, failure });
  }

  /** Finds the loads that were under way. */
  static async open(parts: LoadsParts): Promise<Loads> {
    const loads = new Loads(parts);
    for await (const [key, value] of parts.store.entries(ranges.loads)) {
      const owner = toHex(key.subarray(1, 1 + OWNER_LENGTH));
      const name = { owner, id: toHex(key.subarray(1 + OWNER_LENGTH)) };
      loads.#remember(name, decodeRow<LoadRow>(value));
    }
    return loads;
  }

  /** Takes loads up again that met trouble. */
  start(): void {
    this.#retrying.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#retrying.stop();
    await Promise.allSettled(this.#underWay.values());
  }

  /** Loads that are neither applied nor dead. */
  get open(): number {
    return this.#open.size;
  }

  /** Those of a device's that are neither applied nor dead. */
  openOf(owner: Owner): number {
    return [...this.#open.values()].filter(({ name }) => name.owner === owner).length;
  }

  /** What accounts have frozen for loads under way, or are about to. */
  async holds(): Promise<Held[]> {
    const rows = [...this.#open.values()].map(async ({ name }) => {
      const row = await this.#row(name);
      if (row === undefined || (row.state !== "asked" && row.state !== "paid")) return [];
      const { account, amount, state } = row;
      return [{ account, amount: BigInt(amount), reference: referenceOf(name, row), state }];
    });
    return (await Promise.all(rows)).flat();
  }

  /**
   * Begins a load, or says how it stands. Asked again by its id, it is the same load.
   * @throws Refusal `unauthorised`, `revoked`, `sync-needed` for the device; `too-many-coins`,
   *   `over-balance-limit`, `insufficient-funds`, `unavailable`; `conflict` if the id stands for another load.
   */
  async ask(owner: Owner, ask: LoadAsk): Promise<LoadAnswer> {
    const name = { owner, id: toHex(ask.id) };
    const begun = await this.#serial.run(() => this.#begin(name, ask));
    const row = begun.state === "asked" ? await this.#advanceOnce(name) : begun;
    if (row.state === "dead") throw new Refusal(row.reason!.code, row.reason!.detail);
    if (row.state !== "applied") return { kind: "load", state: "pending", receipts: [] };
    const record = fromHex(row.record!);
    const outpoints = row.parts.map((_, index) => outpointOf(record, index));
    const receipts = await this.#parts.receipts.issue(owner, outpoints);
    return { kind: "load", state: "applied", receipts };
  }

  /** What became of a load's record. */
  async settle({ leaf, ...end }: Outcome): Promise<void> {
    const name = this.#byRecord.get(leaf.id);
    if (name === undefined) return;
    const { accounts, balances, logger } = this.#parts;
    const row = (await this.#row(name))!;
    if (end.state === "applied") {
      await accounts.debit(referenceOf(name, row));
      await this.#save(name, { ...row, state: "applied" });
      balances.touch(name.owner);
      return;
    }
    // Another's signature under the same body is refused without saying anything about ours.
    if (leaf.hash !== row.leaf) return;
    if (isHopeless(end.reason.code)) {
      await accounts.release(referenceOf(name, row));
      const { code, detail } = end.reason;
      await this.#save(name, { ...row, state: "dead", reason: { code, detail } });
    } else {
      logger.error(
        { ...name, record: leaf.id, err: end.reason },
        "a load is stuck: it stays frozen",
      );
    }
  }

  async #begin(name: LoadName, ask: LoadAsk): Promise<LoadRow> {
    const known = await this.#row(name);
    const asked = ask.parts.map(String);
    if (known !== undefined && known.state !== "refused") {
      if (known.amount !== String(ask.amount) || known.asked.join() !== asked.join()) {
        throw new Refusal("conflict", "the id stands for a load of other coins");
      }
      return known;
    }
    const { onboarding, smallest } = this.#parts;
    const { account, class: deviceClass } = await onboarding.enrolled(name.owner);
    if (ask.parts.length > PARTS_MAX) {
      throw new Refusal("too-many-coins", `a load comes in at most ${PARTS_MAX} coins`);
    }
    await this.#checkBalance(
      name.owner,
      ask.amount,
      this.#parts.certificates.maxBalance(deviceClass),
    );
    await this.#checkVault(ask.amount);
    const parts =
      asked.length > 0 ? asked : denominate(ask.amount, PARTS_MAX, smallest).map(String);
    const row: LoadRow = {
      account,
      amount: String(ask.amount),
      asked,
      parts,
      state: "asked",
      ...(known?.refusals !== undefined && { refusals: known.refusals }),
    };
    await this.#save(name, row);
    return row;
  }

  async #checkBalance(owner: Owner, amount: Amount, maxBalance: Amount): Promise<void> {
    const { balance } = await this.#parts.node.enrolment(owner);
    let after = BigInt(balance) + amount;
    for (const load of this.#open.values()) if (load.name.owner === owner) after += load.amount;
    if (after > maxBalance) {
      throw new Refusal(
        "over-balance-limit",
        `the device would hold ${after}, at most ${maxBalance}`,
      );
    }
  }

  /** Whether the vault could pay now: if not, nothing is frozen for it. */
  async #checkVault(amount: Amount): Promise<void> {
    const coins = await this.#parts.vault.coins();
    try {
      pickCoins(coins, amount);
    } catch (error) {
      throw isRefusal(error) ? new Refusal("unavailable", error.detail) : error;
    }
  }

  #advanceOnce(name: LoadName): Promise<LoadRow> {
    const key = textOf(name);
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const advance = this.#advance(name).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, advance);
    return advance;
  }

  /** Freezes, then pays. @throws Refusal if the account cannot: the load may then be asked for anew. */
  async #advance(name: LoadName): Promise<LoadRow> {
    const { accounts, vault, logger } = this.#parts;
    const row = (await this.#row(name))!;
    if (row.state !== "asked") return row;
    try {
      await accounts.hold(row.account, BigInt(row.amount), referenceOf(name, row));
    } catch (error) {
      const isLater = isRefusal(error, "busy") || isRefusal(error, "unavailable");
      if (isRefusal(error) && !isLater) {
        await this.#save(name, { ...row, state: "refused", refusals: (row.refusals ?? 0) + 1 });
      }
      throw error;
    }
    if (this.#parts.devices.blockedSince(name.owner) !== undefined) {
      await accounts.release(referenceOf(name, row));
      const reason = { code: "revoked", detail: "the bank has blocked the device" } as const;
      const dead: LoadRow = { ...row, state: "dead", reason };
      await this.#save(name, dead);
      return dead;
    }
    let paid = row;
    try {
      await vault.pay(this.#outputs(name.owner, row), ({ id, hash }) => {
        paid = { ...row, state: "paid", record: id, leaf: hash };
        // Before the record is handed in, so that no outcome is missed.
        this.#byRecord.set(id, name);
        return [{ key: keyOf(name), value: encodeRow(paid) }];
      });
    } catch (error) {
      logger.warn({ ...name, err: error }, "the vault could not pay a load yet");
    }
    return paid;
  }

  #outputs(owner: Owner, row: LoadRow): Output[] {
    const custodian = this.#parts.member;
    return row.parts.map((part) => ({ lock: lock.key, owner, custodian, amount: BigInt(part) }));
  }

  async #retry(): Promise<void> {
    for (const { name } of this.#open.values()) {
      if (this.#isStopping) return;
      try {
        await this.#advanceOnce(name);
      } catch (error) {
        this.#parts.logger.warn({ ...name, err: error }, "a load could not go on");
      }
    }
  }

  async #row(name: LoadName): Promise<LoadRow | undefined> {
    const value = await this.#parts.store.get(keyOf(name));
    return value === undefined ? undefined : decodeRow<LoadRow>(value);
  }

  async #save(name: LoadName, row: LoadRow): Promise<void> {
    const change = { key: keyOf(name), value: encodeRow(row) };
    await this.#parts.events.write(eventsOf(name, row), [change]);
    this.#remember(name, row);
  }

  #remember(name: LoadName, row: LoadRow): void {
    const isOpen = row.state === "asked" || row.state === "paid";
    if (isOpen) this.#open.set(textOf(name), { name, amount: BigInt(row.amount) });
    else this.#open.delete(textOf(name));
    if (row.record === undefined) return;
    if (isOpen) this.#byRecord.set(row.record, name);
    else this.#byRecord.delete(row.record);
  }
}

/** What others hear of: a load's end. */
function eventsOf({ owner, id: load }: LoadName, { state, amount }: LoadRow): GatewayEvent[] {
  if (state !== "applied" && state !== "dead") return [];
  return [{ kind: "load", owner, load, amount, state }];
}

/** The name of the hold in the accounts. */
function referenceOf({ owner, id }: LoadName, { refusals }: LoadRow): string {
  return `${HOLD_PREFIX}${owner}:${id}${refusals === undefined ? "" : `:${refusals}`}`;
}

function textOf({ owner, id }: LoadName): string {
  return `${owner}${id}`;
}

function keyOf({ owner, id }: LoadName): Uint8Array {
  return keys.load(owner, fromHex(id));
}
