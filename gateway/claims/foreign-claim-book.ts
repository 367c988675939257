/**
 * Claims that were asked of other members, as they are stored, each by the nonce of its request. A row is written
 * before its request leaves, and says whose the money is: the custodian's record bears the nonce, and the account
 * is credited when that record has brought the money to the vault, under a reference that is the record's. So it
 * is credited once, and also where the custodian's answer was lost, or came after the asking was given up.
 */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import { joinOutpoint, type MemberId } from "../../protocol/output.ts";
import type { Reason } from "../../protocol/reason.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import type { NodeClient } from "../../node/client.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import { keys, ranges } from "../keys.ts";
import type { Payee } from "../redemptions.ts";
import { decodeRow, encodeRow } from "../row.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store.ts";

/** The nonce of its request: 16 bytes. */
export type ForeignClaimId = Hex;

export type ForeignClaim = {
  readonly account: AccountId;
  /** Where the money waits. */
  readonly bank: MemberId;
  /** Milliseconds. */
  readonly made: number;
  /** What is sealed to the custodian, and the key to its answer: until there is one. */
  readonly asked?: { readonly parcel: Hex; readonly answerKey: Hex };
  /** Why there is no answer yet, or the custodian's refusal. */
  readonly reason?: Reason;
  /** The custodian's record, once it has said which. */
  readonly record?: Hex;
  readonly amount?: string;
  /** When the account was credited, in milliseconds. */
  readonly paid?: number;
};

/**
 * For so long the custodian's record may still come, though it has refused or was given up: longer than any parcel is
 * kept. And so long the payee may ask how a claim stands that was paid.
 */
const KEPT_MS = 60 * 86_400_000;

export type ForeignClaimBookParts = {
  readonly store: Store;
  readonly accounts: Pick<Accounts, "credit">;
  readonly node: Pick<NodeClient, "coins">;
  readonly clock: () => number;
};

export class ForeignClaimBook implements Payee {
  readonly #parts: ForeignClaimBookParts;
  readonly #serial = new Serial();

  constructor(parts: ForeignClaimBookParts) {
    this.#parts = parts;
  }

  async get(id: ForeignClaimId): Promise<ForeignClaim | undefined> {
    const value = await this.#parts.store.get(keys.foreignClaim(id));
    return value === undefined ? undefined : decodeRow<ForeignClaim>(value);
  }

  async *all(): AsyncGenerator<readonly [ForeignClaimId, ForeignClaim]> {
    for await (const [key, value] of this.#parts.store.entries(ranges.foreignClaims)) {
      yield [toHex(key.subarray(1)), decodeRow<ForeignClaim>(value)];
    }
  }

  /** Durable when it returns. */
  async add(id: ForeignClaimId, claim: ForeignClaim): Promise<void> {
    await this.#parts.store.write([
      { key: keys.foreignClaim(id), value: encodeRow(claim), old: null },
    ]);
  }

  /** Changes a claim, in turn with what else is learnt of it. */
  change(id: ForeignClaimId, how: (claim: ForeignClaim) => ForeignClaim): Promise<ForeignClaim> {
    return this.#serial.run(async () => {
      const changed = how((await this.get(id))!);
      await this.#parts.store.write([{ key: keys.foreignClaim(id), value: encodeRow(changed) }]);
      return changed;
    });
  }

  /** Money came in by another member's claim, perhaps: its account is credited. */
  async receive(id: Hex, record: SignedRecord, amount: Amount): Promise<boolean> {
    if (record.kind !== "claim") return false;
    const nonce = toHex(record.nonce);
    const claim = await this.get(nonce);
    if (claim === undefined) return false;
    await this.#parts.accounts.credit(claim.account, amount, `claim:${id}`);
    if (claim.paid === undefined) {
      const paid = { record: id, amount: String(amount), paid: this.#parts.clock() };
      await this.change(nonce, ({ asked: _asked, reason: _reason, ...row }) => ({
        ...row,
        ...paid,
      }));
    }
    return true;
  }

  /**
   * Lets go of what nothing has come of, and of what was paid once its coin has left the vault: as long as that is
   * there it is met again, and the claim says whose it was. A claim whose record the custodian has named may be paid
   * whenever that applies, and is kept until then.
   */
  async sweep(): Promise<void> {
    const before = this.#parts.clock() - KEPT_MS;
    for await (const [id, claim] of this.all()) {
      const { made, asked, record, paid } = claim;
      const isNothing = paid === undefined && asked === undefined && record === undefined;
      const isOver = isNothing
        ? made < before
        : paid !== undefined && paid < before && !(await this.#stands(record!));
      if (isOver) await this.#parts.store.write([{ key: keys.foreignClaim(id), value: null }]);
    }
  }

  async #stands(record: Hex): Promise<boolean> {
    const { coins } = await this.#parts.node.coins([joinOutpoint(record, 0)]);
    return coins.length > 0;
  }
}
