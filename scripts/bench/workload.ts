/** Devices, their coins, and signed payments among them: what benchmarks feed to nodes. */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { consentMessage, signEnrolment } from "../../protocol/enrolment.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { message } from "../../protocol/message.ts";
import { lock, type MemberId, type Outpoint, outpointOf } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import {
  encodeRecord,
  encodeRecordBody,
  type RecordBody,
  recordId,
} from "../../protocol/record.ts";
import type { Signer } from "../../protocol/signature.ts";

/** A member as the workload needs it. */
export type Bank = {
  readonly member: MemberId;
  readonly issuer: Signer;
  readonly treasury: NodeSigner;
};

type Coin = { readonly outpoint: Outpoint; readonly device: number };

/** What each device's coin is worth, in minor units. */
const COIN_AMOUNT = 1_000n;
const FAN_OUT = 16;

export class Workload {
  readonly #networkId: Uint8Array;
  readonly #banks: readonly Bank[];
  readonly #devices: readonly NodeSigner[];
  readonly #owners: readonly Owner[];
  #coins: Coin[] = [];
  #counter = 0;

  /** @param devices shared out among the banks in turn. */
  constructor(networkId: Uint8Array, banks: readonly Bank[], devices: number) {
    this.#networkId = networkId;
    this.#banks = banks;
    this.#devices = Array.from({ length: devices }, () => NodeSigner.generate());
    this.#owners = this.#devices.map((device) => ownerOf(device.publicKey));
  }

  /** Enrolments of all devices, by bank. */
  async enrolments(): Promise<ReadonlyMap<MemberId, readonly Uint8Array[]>> {
    const leaves = new Map<MemberId, Uint8Array[]>(this.#banks.map(({ member }) => [member, []]));
    for (const [i, device] of this.#devices.entries()) {
      const { member, issuer } = this.#bankOf(i);
      const consent = device.signSync(consentMessage(this.#networkId, member));
      const fields = { deviceKey: device.publicKey, member, consent, envelope: new Uint8Array() };
      leaves.get(member)!.push((await signEnrolment(this.#networkId, fields, issuer)).bytes);
    }
    return leaves;
  }

  /** How much a vault coin must hold to be made into so many device coins. */
  static vaultAmount(coins: number): bigint {
    return COIN_AMOUNT * BigInt(FAN_OUT ** Workload.#levels(coins));
  }

  /** The records of `fill`, level by level: each level spends what the one before made. */
  fanOut(bank: Bank, vault: Outpoint, count: number): Uint8Array[][] {
    const levels: Uint8Array[][] = [];
    for (const { level, leaf } of this.fill(bank, vault, count)) (levels[level] ??= []).push(leaf);
    return levels;
  }

  /**
   * Records that make a vault coin into at least `count` coins of the bank's devices, parents first.
   * @param every one coin in so many is kept for payments: a few of millions are enough to pay with.
   */
  *fill(
    bank: Bank,
    vault: Outpoint,
    count: number,
    every = 1,
  ): Generator<{ readonly level: number; readonly leaf: Uint8Array }> {
    const depth = Workload.#levels(count);
    const treasury = ownerOf(bank.treasury.publicKey);
    let parents = [vault];
    for (let level = 0; level < depth; level++) {
      const isLast = level === depth - 1;
      const each = COIN_AMOUNT * BigInt(FAN_OUT ** (depth - 1 - level));
      const made: Outpoint[] = [];
      for (const [number, parent] of parents.entries()) {
        const devices = isLast ? this.#devicesOf(bank, number * FAN_OUT) : undefined;
        const owners =
          devices?.map((device) => this.#owners[device]!) ??
          Array.from({ length: FAN_OUT }, () => treasury);
        const outputs = owners.map((owner) => [owner, bank.member, each] as const);
        const { leaf, outpoints } = this.#spend(bank.treasury, [parent], outputs);
        for (const [i, device] of (devices ?? []).entries()) {
          if ((number * FAN_OUT + i) % every === 0)
            this.#coins.push({ outpoint: outpoints[i]!, device });
        }
        if (!isLast) made.push(...outpoints);
        yield { level, leaf };
      }
      parents = made.slice(0, Math.ceil(count / FAN_OUT ** (depth - 1 - level)));
    }
  }

  /** Signed payments of two inputs and two outputs, none of which touches another's coins. */
  makePayments(count: number): Uint8Array[] {
    const payments: Uint8Array[] = [];
    const byDevice = Map.groupBy(shuffled(this.#coins), ({ device }) => device);
    const left: Coin[] = [];
    for (const [device, coins] of byDevice) {
      while (coins.length >= 2 && payments.length < count)
        payments.push(this.#pay(device, coins.splice(-2), left));
      left.push(...coins);
    }
    if (payments.length < count)
      throw new Error(`there are coins for ${payments.length} payments, not ${count}`);
    this.#coins = left;
    return payments;
  }

  #pay(device: number, coins: readonly Coin[], made: Coin[]): Uint8Array {
    const payee = (device * 31 + this.#counter) % this.#devices.length;
    const total = COIN_AMOUNT * BigInt(coins.length);
    const inputs = coins.map(({ outpoint }) => outpoint).sort();
    const { leaf, outpoints } = this.#spend(this.#devices[device]!, inputs, [
      [this.#owners[payee]!, this.#bankOf(payee).member, total / 2n],
      [this.#owners[device]!, this.#bankOf(device).member, total - total / 2n],
    ]);
    made.push({ outpoint: outpoints[0]!, device: payee }, { outpoint: outpoints[1]!, device });
    return leaf;
  }

  #spend(
    signer: NodeSigner,
    inputs: readonly Outpoint[],
    outputs: readonly (readonly [Owner, MemberId, bigint])[],
  ): { readonly leaf: Uint8Array; readonly outpoints: Outpoint[] } {
    const body: RecordBody = {
      kind: "spend",
      inputs,
      outputs: outputs.map(([owner, custodian, amount]) => ({
        lock: lock.key,
        owner,
        custodian,
        amount,
      })),
      counter: this.#counter++,
      time: 0,
      nonce: new Uint8Array(16),
      audit: new Uint8Array(32),
    };
    const encoded = encodeRecordBody(body);
    const signature = signer.signSync(message("record", this.#networkId, encoded));
    const witness = { preimage: undefined, envelope: new Uint8Array() };
    const id: Hex = recordId(this.#networkId, encoded);
    return {
      leaf: encodeRecord({ ...body, ...witness, signer: signer.publicKey, signature }),
      outpoints: outputs.map((_, index) => outpointOf(fromHex(id), index)),
    };
  }

  #bankOf(device: number): Bank {
    return this.#banks[device % this.#banks.length]!;
  }

  /** The next so many devices of a bank, in turn. */
  #devicesOf(bank: Bank, from: number): number[] {
    const own = this.#banks.indexOf(bank);
    const count = Math.floor(this.#devices.length / this.#banks.length);
    return Array.from(
      { length: FAN_OUT },
      (_, i) => own + this.#banks.length * ((from + i) % count),
    );
  }

  static #levels(coins: number): number {
    return Math.max(1, Math.ceil(Math.log(coins) / Math.log(FAN_OUT) - 1e-9));
  }
}

function shuffled<T>(list: readonly T[]): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
