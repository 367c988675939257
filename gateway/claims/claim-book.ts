/**
 * Claims as they are stored, by the owner of the coin that each takes. A claim is written with its record, before
 * that leaves; its account is credited when the money is in the vault, whichever way the ledger got the record,
 * under a reference that is the record's: once, however often it is seen.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { decodeLeaf } from "../../protocol/leaf.ts";
import type { Amount } from "../../protocol/money.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import type { NamedLeaf } from "../intake-leaf.ts";
import { keys } from "../keys.ts";
import type { Outcome } from "../outcome.ts";
import type { Payee } from "../redemptions.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";

/** Whose the money is to be. */
export type Claim = {
  readonly account: AccountId;
  readonly amount: string;
  /** The claim's record, and the hash of the leaf that we signed. */
  readonly record: Hex;
  readonly leaf: Hex;
  /** When its account was credited, in milliseconds. */
  readonly paid?: number;
  /** The record can never apply: the coin went back, or the treasury key has changed and it is claimed anew. */
  readonly isDead?: true;
};

export class ClaimBook implements Payee {
  readonly #store: Store;
  readonly #accounts: Pick<Accounts, "credit">;
  readonly #clock: () => number;

  constructor(store: Store, accounts: Pick<Accounts, "credit">, clock: () => number) {
    this.#store = store;
    this.#accounts = accounts;
    this.#clock = clock;
  }

  async get(owner: Owner): Promise<Claim | undefined> {
    const value = await this.#store.get(keys.claim(owner));
    return value === undefined ? undefined : decodeRow<Claim>(value);
  }

  /** What is written with the claim's record. A dead one gives way to it. */
  made(owner: Owner, account: AccountId, amount: Amount, { id, hash }: NamedLeaf): Change {
    const claim: Claim = { account, amount: String(amount), record: id, leaf: hash };
    return { key: keys.claim(owner), value: encodeRow(claim) };
  }

  /** Money came in by a claim, perhaps: its account is credited. */
  async receive(id: Hex, record: SignedRecord, amount: Amount): Promise<boolean> {
    if (record.kind !== "claim") return false;
    const owner = ownerOf(record.preimage!);
    const claim = await this.get(owner);
    if (claim?.record !== id) return false;
    await this.#accounts.credit(claim.account, amount, `claim:${id}`);
    if (claim.paid === undefined) {
      const paid: Claim = { ...claim, paid: this.#clock() };
      await this.#store.write([{ key: keys.claim(owner), value: encodeRow(paid) }]);
    }
    return true;
  }

  /** What became of a claim's record. What has applied is received by the vault. */
  async settle({ leaf, state }: Outcome): Promise<void> {
    if (state !== "refused") return;
    const record = decodeLeaf(leaf.bytes);
    if (record.kind !== "claim") return;
    const owner = ownerOf(record.preimage!);
    const claim = await this.get(owner);
    // Another's signature under the same body is refused without saying anything about ours.
    if (claim?.leaf !== leaf.hash) return;
    const dead: Claim = { ...claim, isDead: true };
    await this.#store.write([{ key: keys.claim(owner), value: encodeRow(dead) }]);
  }
}
