/**
 * The receipts this member signs: that a coin was unspent after an event of the ledger. For coins of its own
 * devices alone, never for a revoked owner, and never for a coin that a record would take which waits here or
 * at the node: the member pays for a receipt that turns out false.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import { limits } from "../protocol/limits.ts";
import { lock, type MemberId, type Outpoint, type Output } from "../protocol/output.ts";
import { type SignedReceipt, signReceipt } from "../protocol/receipt.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer } from "../protocol/signature.ts";
import type { CoinRow, Coins, NodeClient } from "../node/client.ts";
import type { Devices } from "./devices.ts";
import type { Intake } from "./intake.ts";

export type ReceiptsParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly issuer: Signer;
  readonly node: Pick<NodeClient, "coins" | "coinsOf">;
  /** Throws while the node is not up with the chain: what it says of coins may be long over. */
  readonly checkNode: () => void;
  readonly intake: Pick<Intake, "isSpending" | "adopt">;
  readonly devices: Devices;
  /** Whether the member has revoked the owner on the chain. */
  readonly isRevoked: (owner: Owner) => boolean;
  /** Milliseconds. */
  readonly receiptLifeMs: () => number;
  readonly clock: () => number;
};

export class Receipts {
  readonly #parts: ReceiptsParts;

  constructor(parts: ReceiptsParts) {
    this.#parts = parts;
  }

  /**
   * Receipts for those of a device's coins that are unspent and that nothing is about to spend.
   * @param outpoints none for all the device has: the largest 1,024 of a page.
   * @returns ascending by outpoint. @throws Refusal `unauthorised`, `revoked`, `unavailable`.
   */
  async issue(owner: Owner, outpoints: readonly Outpoint[]): Promise<SignedReceipt[]> {
    const { node, devices, isRevoked, checkNode } = this.#parts;
    await devices.active(owner);
    if (isRevoked(owner)) throw new Refusal("revoked", "the bank has revoked the device");
    checkNode();
    const asked = outpoints.length > 0 ? outpoints : largest((await node.coinsOf(owner)).coins);
    // What waits here now may have applied, and be gone from here, by the time the node answers.
    const quiet = asked.filter((outpoint) => !this.#parts.intake.isSpending(outpoint, owner));
    if (quiet.length === 0) return [];
    const { seq, coins } = await node.coins(quiet);
    return this.#sign(owner, seq, coins);
  }

  async #sign(owner: Owner, seq: number, coins: Coins["coins"]): Promise<SignedReceipt[]> {
    const { networkId, member, issuer, intake, devices, receiptLifeMs, clock } = this.#parts;
    // Blocked meanwhile, or a spend taken in meanwhile, by another process too.
    await intake.adopt();
    await devices.active(owner);
    const vouched = coins
      .filter((coin) => coin.owner === owner && coin.custodian === member)
      .filter((coin) => coin.lock === lock.key && !coin.pending)
      .filter((coin) => !intake.isSpending(coin.outpoint as Outpoint, owner))
      .sort((a, b) => (a.outpoint < b.outpoint ? -1 : 1));
    const issued = clock();
    const notAfter = issued + receiptLifeMs();
    return Promise.all(
      vouched.map((coin) =>
        signReceipt(
          networkId,
          { outpoint: coin.outpoint as Hex, output: outputOf(coin), seq, issued, notAfter },
          issuer,
        ),
      ),
    );
  }
}

function largest(coins: readonly CoinRow[]): Outpoint[] {
  return coins
    .toSorted((a, b) => (BigInt(a.amount) > BigInt(b.amount) ? -1 : 1))
    .slice(0, limits.askedMax)
    .map(({ outpoint }) => outpoint as Outpoint);
}

function outputOf({ owner, custodian, amount }: CoinRow): Output {
  return { lock: lock.key, owner: owner as Owner, custodian, amount: BigInt(amount) };
}
