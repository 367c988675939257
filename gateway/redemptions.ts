/**
 * Money that comes back: a device pays coins to the member's vault, and when that has applied its customer's
 * account is credited, once. Whichever way the record came to the ledger: what makes a coin of the vault is
 * looked at before the coin is spent.
 *
 * Whom to credit is said by the leaf that applied, and by no other: a stranger can sign another's body and
 * hand it in, and it bears the same id.
 */
import type { SignedAcknowledgement } from "../protocol/acknowledgement.ts";
import type { Hex } from "../protocol/bytes.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import { decodeLeaf, leafHash } from "../protocol/leaf.ts";
import type { Amount } from "../protocol/money.ts";
import { joinOutpoint, lock, type MemberId, type Output } from "../protocol/output.ts";
import type { SignedRecord } from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { NodeClient } from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { AccountId, Accounts } from "./accounts.ts";
import type { DeviceBalances } from "./device-balances.ts";
import type { Devices } from "./devices.ts";
import type { HeldLeaf, Intake } from "./intake.ts";
import type { Outcome } from "./outcome.ts";

export type RedemptionsParts = {
  readonly member: MemberId;
  /** Whether coins of this owner are the vault's: of any treasury key that the member has or had. */
  readonly isVault: (owner: Owner) => boolean;
  readonly accounts: Accounts;
  /** Where money goes that came from nobody known here. */
  readonly suspense: AccountId;
  /** Where money waits that was taken back from lost devices, until it is certain whose it is. */
  readonly recoveries: AccountId;
  readonly devices: Devices;
  readonly balances: Pick<DeviceBalances, "touch">;
  /** Asked in this order whose the first output is, before the signer's device. */
  readonly payees: readonly Payee[];
  readonly intake: Pick<Intake, "acknowledge">;
  readonly node: Pick<NodeClient, "statuses" | "leaf" | "coins">;
  readonly logger: Logger;
};

/** Knows what some of the money that comes in is for, by the record's nonce, and credits whom it must. */
export interface Payee {
  /**
   * @param amount of the record's first output, to the vault. Called again for a record that was seen before.
   * @returns whether it was credited.
   */
  receive(id: Hex, record: SignedRecord, amount: Amount): Promise<boolean>;
}

/** Records looked at lately: more than a vault shows at once. */
const REMEMBERED = 10_000;

export class Redemptions {
  readonly #parts: RedemptionsParts;
  /** Records that need not be looked at again; the oldest go first. */
  readonly #seen = new Set<Hex>();

  constructor(parts: RedemptionsParts) {
    this.#parts = parts;
  }

  /**
   * Takes a redemption in.
   * @throws Refusal `unauthorised`, `wrong-owner`, `unknown-recipient`; as `Intake.acknowledge`.
   */
  async ask(owner: Owner, record: SignedRecord): Promise<SignedAcknowledgement> {
    const { devices, intake } = this.#parts;
    if ((await devices.get(owner)) === undefined) {
      throw new Refusal("unauthorised", "the device is not registered with this member");
    }
    if (record.kind !== "spend" || ownerOf(record.signer) !== owner) {
      throw new Refusal("wrong-owner", "a redemption is a spend that the asking device has signed");
    }
    if (this.#amountIn(record.outputs) === 0n) {
      throw new Refusal("unknown-recipient", "nothing of it goes to the member's treasury key");
    }
    return intake.acknowledge([record.bytes], { isOwn: true });
  }

  /** What a device's record brings back to the vault, if it does. */
  redeemed({ bytes }: HeldLeaf): { owner: Owner; amount: Amount } | undefined {
    const record = decodeLeaf(bytes);
    if (record.kind === "enrolment" || record.kind === "reclaim") return undefined;
    const owner = ownerOf(record.signer);
    const amount = this.#amountIn(record.outputs);
    return amount === 0n || this.#parts.isVault(owner) ? undefined : { owner, amount };
  }

  /** Credits a redemption that has applied. */
  async settle({ leaf, state }: Outcome): Promise<void> {
    if (state === "refused") return;
    const record = decodeLeaf(leaf.bytes);
    if (record.kind === "enrolment" || this.#amountIn(record.outputs) === 0n) return;
    const accounted = await this.received([leaf.id]);
    if (!accounted.has(leaf.id)) throw new Error(`redemption ${leaf.id} could not be credited yet`);
  }

  /**
   * Looks at records that have made coins of the vault, and credits whom it must.
   * @returns those that are accounted for: the coins of the others are not to be spent yet.
   */
  async received(ids: readonly Hex[]): Promise<ReadonlySet<Hex>> {
    const accounted = new Set(ids.filter((id) => this.#seen.has(id)));
    const unseen = ids.filter((id) => !accounted.has(id));
    const statuses = unseen.length === 0 ? [] : await this.#parts.node.statuses(unseen);
    for (const [i, id] of unseen.entries()) {
      const { state, leafHash: applied } = statuses[i]!;
      try {
        if (state === "applied") await this.#credit(id, applied as Hex);
        // What is no record is a deposit: the bank's own.
        else if (state !== "unknown") throw new Error(`a coin's record is ${state} at the node`);
        accounted.add(id);
        this.#remember(id);
      } catch (error) {
        this.#parts.logger.error({ err: error, id }, "money that came in is not accounted for yet");
      }
    }
    return accounted;
  }

  async #credit(id: Hex, applied: Hex): Promise<void> {
    const { isVault, accounts, recoveries, devices, balances } = this.#parts;
    const record = await this.#appliedRecord(id, applied);
    const owner = ownerOf(record.signer);
    if (record.kind === "reclaim") {
      return accounts.credit(recoveries, this.#amountIn(record.outputs), `reclaim:${id}`);
    }
    const named = await this.#creditPayee(id, record);
    if (isVault(owner)) return;
    const device = await devices.get(owner);
    const amount = this.#amountIn(record.outputs) - named;
    if (amount === 0n) return;
    if (device === undefined) return this.#creditSuspense(id, owner, amount, record.outputs.length);
    await accounts.credit(device.account, amount, `redeem:${id}`);
    balances.touch(owner);
  }

  /**
   * What nobody here knows of, unless its coins have been spent: then it was credited before they were, and what it
   * was for may have been forgotten since. Its record can be handed in again, by anyone, for ever.
   */
  async #creditSuspense(id: Hex, owner: Owner, amount: Amount, outputs: number): Promise<void> {
    const { accounts, suspense, node, logger } = this.#parts;
    const { coins } = await node.coins(
      Array.from({ length: outputs }, (_, index) => joinOutpoint(id, index)),
    );
    if (!coins.some((coin) => this.#parts.isVault(coin.owner as Owner))) return;
    logger.warn({ id, owner }, "money came from a device not known here");
    await accounts.credit(suspense, amount, `redeem:${id}`);
  }

  /** @returns what of a record somebody here expects: its first output, or nothing. */
  async #creditPayee(id: Hex, record: SignedRecord): Promise<Amount> {
    const amount = this.#amountIn(record.outputs.slice(0, 1));
    if (amount === 0n) return 0n;
    for (const payee of this.#parts.payees) {
      if (await payee.receive(id, record, amount)) return amount;
    }
    return 0n;
  }

  async #appliedRecord(id: Hex, applied: Hex): Promise<SignedRecord> {
    const bytes = await this.#parts.node.leaf(id);
    const record = decodeLeaf(bytes);
    if (record.kind === "enrolment" || leafHash(bytes) !== applied) {
      throw new Error(`the node gives another leaf for ${id} than the one that applied`);
    }
    return record;
  }

  #amountIn(outputs: readonly Output[]): bigint {
    const { isVault, member } = this.#parts;
    return outputs
      .filter(({ owner, custodian }) => isVault(owner) && custodian === member)
      .filter((output) => output.lock === lock.key)
      .reduce((sum, { amount }) => sum + amount, 0n);
  }

  #remember(id: Hex): void {
    if (this.#seen.size >= REMEMBERED) this.#seen.delete(this.#seen.values().next().value!);
    this.#seen.add(id);
  }
}
