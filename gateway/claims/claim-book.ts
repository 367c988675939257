/**
 * Claims as they are stored, by the owner of the coin that each takes. A claim is written with its record, before
 * that leaves. What goes to an account here is credited when the money is in the vault, whichever way the ledger
 * got the record, under a reference that is the record's: once, however often it is seen. What goes to a device or
 * to another member's vault is paid by the record itself.
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

/** Whose the money is to be: an account's of this bank, or whoever's who signed for it. */
export type Claimant =
  | { readonly account: AccountId }
  | {
      /** Of a device, or of another member's treasury key. */
      readonly owner: Owner;
      /** The record's, by which the claimant knows it: 16 bytes. */
      readonly nonce: Hex;
    };

export type Claim = {
  readonly claimant: Claimant;
  readonly amount: string;
  /** The claim's record, and the hash of the leaf that we signed. */
  readonly record: Hex;
  readonly leaf: Hex;
  /** When the claimant had it, in milliseconds. */
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
  made(owner: Owner, claimant: Claimant, amount: Amount, { id, hash }: NamedLeaf): Change {
    const claim: Claim = { claimant, amount: String(amount), record: id, leaf: hash };
    return { key: keys.claim(owner), value: encodeRow(claim) };
  }

  /** Money came in by a claim, perhaps: its account is credited. */
  async receive(id: Hex, record: SignedRecord, amount: Amount): Promise<boolean> {
    if (record.kind !== "claim") return false;
    const owner = ownerOf(record.preimage!);
    const claim = await this.get(owner);
    if (claim?.record !== id || !("account" in claim.claimant)) return false;
    await this.#accounts.credit(claim.claimant.account, amount, `claim:${id}`);
    await this.#notePaid(owner, claim);
    return true;
  }

  /** What became of a claim's record. What an account is to have is received by the vault. */
  async settle({ leaf, state }: Outcome): Promise<void> {
    const record = decodeLeaf(leaf.bytes);
    if (record.kind !== "claim") return;
    const owner = ownerOf(record.preimage!);
    const claim = await this.get(owner);
    if (state === "applied") {
      if (claim?.record === leaf.id && "owner" in claim.claimant)
        await this.#notePaid(owner, claim);
    } else if (claim?.leaf === leaf.hash) {
      // Another's signature under the same body is refused without saying anything about ours.
      await this.#save(owner, { ...claim, isDead: true });
    }
  }

  async #notePaid(owner: Owner, claim: Claim): Promise<void> {
    if (claim.paid === undefined) await this.#save(owner, { ...claim, paid: this.#clock() });
  }

  async #save(owner: Owner, claim: Claim): Promise<void> {
    await this.#store.write([{ key: keys.claim(owner), value: encodeRow(claim) }]);
  }
}
