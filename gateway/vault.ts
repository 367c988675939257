/**
 * The member's vault: the coins of its treasury key, and the only place that signs records with it. Spends are made
 * one at a time and durable before anybody sees them, so that a coin is never spent twice: not by two loads
 * at once, and not by a restart, which hands in the same records again. Change can be spent before its record
 * has applied, since the gateway hands parents on first. What is reclaimed from a lost device cannot: its own
 * records may take it first.
 */
import { fromHex, type Hex, Reader, toHex, Writer } from "../protocol/bytes.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import { leafHash } from "../protocol/leaf.ts";
import { limits } from "../protocol/limits.ts";
import type { Amount } from "../protocol/money.ts";
import {
  lock,
  type MemberId,
  type Outpoint,
  outpointOf,
  type Output,
  splitOutpoint,
} from "../protocol/output.ts";
import type { Random } from "../protocol/random.ts";
import {
  auditOf,
  decodeRecord,
  recordId,
  type SignedRecord,
  signRecord,
} from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer } from "../protocol/signature.ts";
import type { NodeClient } from "../node/client.ts";
import type { Change, Store } from "./store.ts";
import { pickCoins, pickSmallest, sumOf, type VaultCoin } from "./coin-picking.ts";
import type { Intake } from "./intake.ts";
import { nameLeaf, type NamedLeaf } from "./intake-leaf.ts";
import { keys, ranges } from "./keys.ts";
import { isHopeless, type Outcome } from "./outcome.ts";
import type { PresentKey } from "./present-key.ts";
import { Serial } from "./serial.ts";

export type VaultParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly treasury: PresentKey;
  readonly node: Pick<NodeClient, "coinsOf">;
  readonly intake: Pick<Intake, "acceptOwn">;
  readonly store: Store;
  /** Sees to the records that made coins of the vault, and says which are done: others' coins are not spent. */
  readonly account: (ids: readonly Hex[]) => Promise<ReadonlySet<Hex>>;
  readonly random: Random;
  readonly clock: () => number;
};

/** A spend that is not final. One that lost a coin to another record keeps its coins from being spent again. */
type Spend = {
  readonly record: SignedRecord;
  readonly isLost: boolean;
  readonly change: readonly (VaultCoin & { readonly owner: Owner })[];
};

/** What of a record is not always the same. */
type Signing = {
  readonly kind?: "spend" | "claim" | "reclaim";
  readonly by?: Signer;
  readonly preimage?: Uint8Array;
  readonly nonce?: Uint8Array | undefined;
};

const NOTHING = new Uint8Array();

export class Vault {
  readonly #parts: VaultParts;
  readonly #serial = new Serial();
  readonly #spends = new Map<Hex, Spend>();
  #counter: number;

  private constructor(parts: VaultParts, counter: number) {
    this.#parts = parts;
    this.#counter = counter;
  }

  /** Finds the spends that were under way, and hands them in again. */
  static async open(parts: VaultParts): Promise<Vault> {
    const counter = await parts.store.get(keys.vaultCounter);
    const vault = new Vault(parts, counter === undefined ? 0 : new Reader(counter).safe("counter"));
    for await (const [key, value] of parts.store.entries(ranges.vaultSpends)) {
      const { record, isLost } = decodeSpend(value);
      vault.#remember(toHex(key.subarray(1)), record, isLost);
      if (!isLost) await parts.intake.acceptOwn(record.bytes);
    }
    return vault;
  }

  /** The owner that the vault's coins have: that of the present treasury key. */
  get owner(): Owner {
    return ownerOf(this.#parts.treasury.publicKey);
  }

  /** Spends that are not final. */
  get spending(): number {
    return this.#spends.size;
  }

  /** What the vault can spend now or as soon as its own change has come: confirmed coins and change. */
  async coins(): Promise<VaultCoin[]> {
    return this.#serial.run(() => this.#spendable(this.owner));
  }

  /** Moves coins of treasury keys that were replaced to the present one's, as far as the old keys are held. */
  async gather(): Promise<void> {
    await this.#serial.run(async () => {
      const { treasury } = this.#parts;
      const { present } = treasury;
      for (const old of treasury.held) {
        if (old === present) continue;
        const coins = await this.#spendable(ownerOf(old.publicKey));
        const picked = pickSmallest(coins.filter((coin) => coin.isConfirmed));
        if (picked.length === 0) continue;
        await this.#sign(picked, [this.#toSelf(sumOf(picked))], () => [], { by: old });
      }
    });
  }

  /**
   * Pays out of the vault, with change to itself. The record is durable, together with `also`, and taken in
   * when this returns.
   * @param nonce 16 bytes that tell the receiver what it is for; random ones otherwise.
   * @throws Refusal `insufficient-funds`, `too-many-coins`; what the node's client throws.
   */
  async pay(
    outputs: readonly Output[],
    also: (record: NamedLeaf) => readonly Change[],
    nonce?: Uint8Array,
  ): Promise<SignedRecord> {
    return this.#serial.run(async () => {
      const amount = outputs.reduce((sum, output) => sum + output.amount, 0n);
      const coins = pickCoins(await this.#spendable(this.owner), amount);
      const change = sumOf(coins) - amount;
      const all = change > 0n ? [...outputs, this.#toSelf(change)] : outputs;
      if (all.length > limits.outputsMax) {
        throw new Refusal(
          "too-many-coins",
          "the vault's change takes one of a record's 16 outputs",
        );
      }
      return this.#sign(coins, all, also, { nonce });
    });
  }

  /**
   * Makes one coin of the vault's smallest, at most 16.
   * @returns undefined if there is nothing to merge.
   */
  async merge(): Promise<SignedRecord | undefined> {
    return this.#serial.run(async () => {
      const confirmed = (await this.#spendable(this.owner)).filter((coin) => coin.isConfirmed);
      const smallest = pickSmallest(confirmed);
      if (smallest.length < 2) return undefined;
      return this.#sign(smallest, [this.#toSelf(sumOf(smallest))], () => []);
    });
  }

  /**
   * Takes a coin that waits for whoever shows its secret, or has it paid to another. The record is durable, together
   * with `also`, and taken in when this returns. Nothing of it is spent before it has applied.
   * @param payee not this vault, if given: a device or another member's vault, and the record's nonce.
   */
  async claim(
    coin: { readonly outpoint: Outpoint; readonly amount: Amount },
    secret: Uint8Array,
    also: (record: NamedLeaf) => readonly Change[],
    payee?: { readonly owner: Owner; readonly member: MemberId; readonly nonce: Uint8Array },
  ): Promise<SignedRecord> {
    const coins = [{ ...coin, isConfirmed: true }];
    const { amount } = coin;
    const outputs =
      payee === undefined
        ? [this.#toSelf(amount)]
        : [{ lock: lock.key, owner: payee.owner, custodian: payee.member, amount }];
    const signing = { kind: "claim", preimage: secret, nonce: payee?.nonce } as const;
    return this.#serial.run(() => this.#sign(coins, outputs, also, signing));
  }

  /**
   * Takes back coins of owners whom the member has revoked. The record is durable, together with `also`,
   * and taken in when this returns. Nothing of it is spent before it has applied.
   * @param coins at most 16, together at most one coin's amount.
   */
  async reclaim(
    coins: readonly { readonly outpoint: Outpoint; readonly amount: Amount }[],
    also: (record: NamedLeaf) => readonly Change[],
  ): Promise<SignedRecord> {
    const all = coins.map((coin) => ({ ...coin, isConfirmed: true }));
    const outputs = [this.#toSelf(sumOf(all))];
    return this.#serial.run(() => this.#sign(all, outputs, also, { kind: "reclaim" }));
  }

  /** Lets go of a spend that is final. One that lost a coin to another record keeps the rest locked. */
  async settle({ leaf, ...end }: Outcome): Promise<void> {
    // In turn, so that no choice of coins is made on what the node said before.
    await this.#serial.run(async () => {
      const spend = this.#spends.get(leaf.id);
      if (spend === undefined) return;
      // Another's signature under the same body is refused without saying anything about ours.
      if (end.state === "refused" && leaf.hash !== leafHash(spend.record.bytes)) return;
      // A claim or a reclaim names coins that are gone for good when another record has one of them.
      const isOver =
        end.state === "applied" || isHopeless(end.reason.code) || spend.record.kind !== "spend";
      const value = isOver ? null : encodeSpend(spend.record, true);
      await this.#parts.store.write([{ key: keys.vaultSpend(leaf.id), value }]);
      if (isOver) this.#spends.delete(leaf.id);
      else this.#remember(leaf.id, spend.record, true);
    });
  }

  async #spendable(owner: Owner): Promise<VaultCoin[]> {
    const { coins } = await this.#parts.node.coinsOf(owner);
    const makers = [...new Set(coins.map(({ outpoint }) => makerOf(outpoint)))];
    const accounted = await this.#parts.account(makers);
    const taken = new Set(Array.from(this.#spends.values(), ({ record }) => record.inputs).flat());
    const confirmed = coins
      // What others' records name is no matter: nobody else signs with the treasury key.
      .filter((coin) => coin.lock === lock.key)
      .filter(({ outpoint }) => accounted.has(makerOf(outpoint)))
      .map(({ outpoint, amount }) => ({
        outpoint: outpoint as Outpoint,
        amount: BigInt(amount),
        isConfirmed: true,
      }));
    const known = new Set(coins.map(({ outpoint }) => outpoint));
    const change = Array.from(this.#spends.values(), (spend) => spend.change)
      .flat()
      .filter((coin) => coin.owner === owner && !known.has(coin.outpoint));
    return [...confirmed, ...change].filter(({ outpoint }) => !taken.has(outpoint));
  }

  async #sign(
    coins: readonly VaultCoin[],
    outputs: readonly Output[],
    also: (record: NamedLeaf) => readonly Change[],
    { kind = "spend", by, preimage, nonce = this.#parts.random(16) }: Signing = {},
  ): Promise<SignedRecord> {
    const { networkId, treasury, store, intake, clock } = this.#parts;
    const counter = this.#counter + 1;
    const record = await signRecord(
      networkId,
      {
        kind,
        inputs: coins.map(({ outpoint }) => outpoint).sort(),
        outputs,
        counter,
        time: clock(),
        nonce,
        audit: auditOf(NOTHING),
      },
      by ?? treasury.present,
      { preimage, envelope: NOTHING },
    );
    const id = recordId(networkId, record.body);
    await store.write([
      { key: keys.vaultSpend(id), value: encodeSpend(record, false), old: null },
      { key: keys.vaultCounter, value: new Writer(8).safe(counter).done() },
      ...also(nameLeaf(networkId, record)),
    ]);
    this.#counter = counter;
    this.#remember(id, record, false);
    await intake.acceptOwn(record.bytes);
    return record;
  }

  #remember(id: Hex, record: SignedRecord, isLost: boolean): void {
    const { owners } = this.#parts.treasury;
    const change = record.outputs.flatMap(({ owner, amount }, index) =>
      owners.includes(owner) && !isLost && record.kind === "spend"
        ? [{ outpoint: outpointOf(fromHex(id), index), amount, owner, isConfirmed: false }]
        : [],
    );
    this.#spends.set(id, { record, isLost, change });
  }

  #toSelf(amount: Amount): Output {
    return { lock: lock.key, owner: this.owner, custodian: this.#parts.member, amount };
  }
}

function makerOf(outpoint: string): Hex {
  return splitOutpoint(outpoint as Outpoint).id;
}

/** Whether it is lost u8 | record. */
function encodeSpend(record: SignedRecord, isLost: boolean): Uint8Array {
  return new Writer(512)
    .u8(isLost ? 1 : 0)
    .put(record.bytes)
    .done();
}

function decodeSpend(row: Uint8Array) {
  return { isLost: row[0] === 1, record: decodeRecord(row.subarray(1)) };
}
