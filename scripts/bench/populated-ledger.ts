/**
 * A node's ledger of a given size, on disk and in memory, with devices that can spend its coins: what
 * the benchmarks of validation start from. It is filled through the fold, like any other.
 */
import { randomBytes } from "node:crypto";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { depositOutpoint } from "../../protocol/deposit.ts";
import { consentMessage, signEnrolment } from "../../protocol/enrolment.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { decodeLeaf, leafHash, leafId } from "../../protocol/leaf.ts";
import { lock, type Outpoint, outpointOf } from "../../protocol/output.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import {
  encodeRecord,
  encodeRecordBody,
  recordId,
  type RecordBody,
} from "../../protocol/record.ts";
import { message } from "../../protocol/message.ts";
import { fromHex } from "../../protocol/bytes.ts";
import type { LedgerEvent } from "../../node/ledger/event.ts";
import { fold, type SequencedLeaf } from "../../node/ledger/fold.ts";
import { checkIdentities } from "../../node/ledger/identities.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { LedgerStore } from "../../node/store/ledger-store.ts";

const NETWORK_ID = new Uint8Array(32).fill(7);
const MEMBER = 1;
const COIN_AMOUNT = 1_000n;
const FAN_OUT = 16;
const BATCH = 4_096;
const NO_SIGNATURE = new Uint8Array(64);

type Coin = { readonly outpoint: Outpoint; readonly device: number };

export class PopulatedLedger implements AsyncDisposable {
  readonly networkId = NETWORK_ID;
  readonly state = new LedgerState(randomBytes(4).readInt32BE());
  readonly store: LedgerStore;
  readonly #files: CheckedStore;
  readonly #verifier = new NodeVerifier();
  readonly #issuer = NodeSigner.generate();
  readonly #treasury = NodeSigner.generate();
  readonly #devices: readonly NodeSigner[];
  readonly #owners: readonly Owner[];
  #coins: Coin[] = [];
  #counter = 0;

  private constructor(files: CheckedStore, devices: number) {
    this.#files = files;
    this.store = new LedgerStore(files);
    this.#devices = Array.from({ length: devices }, () => NodeSigner.generate());
    this.#owners = this.#devices.map((device) => ownerOf(device.publicKey));
  }

  /** @param folder an empty folder. */
  static async make(folder: string, coins: number, devices: number): Promise<PopulatedLedger> {
    const files = await CheckedStore.open(folder, { create: true });
    const ledger = new PopulatedLedger(files, devices);
    const { issuer, treasury } = {
      issuer: ledger.#issuer.publicKey,
      treasury: ledger.#treasury.publicKey,
    };
    await ledger.take({ kind: "protocol", seq: 1, version: 1, reclaimDelayS: 1 });
    await ledger.take({
      kind: "member-changed",
      seq: 2,
      member: MEMBER,
      status: 1,
      issuer,
      treasury,
    });
    await ledger.#enrolAll();
    await ledger.#fill(coins);
    return ledger;
  }

  /** Folds one event, as a node does: identities, one synced batch, then memory. */
  async take(event: LedgerEvent, leaves: readonly SequencedLeaf[] = []): Promise<number> {
    const context = { networkId: NETWORK_ID, verifier: this.#verifier };
    const change = fold(context, this.state, event, leaves, this.store);
    checkIdentities(change);
    const place = {
      blockNumber: event.seq,
      blockHash: toHex(new Uint8Array(32)),
      logIndex: 0,
      blockTimeS: 0,
    };
    await this.store.write(change, { event, place }, this.state);
    this.state.commit(change);
    return change.outcomes.filter(({ code }) => code === "applied").length;
  }

  /** Folds leaves as one batch. Returns how many applied. */
  async sequence(leaves: readonly SequencedLeaf[]): Promise<number> {
    return await this.take(
      {
        kind: "sequenced",
        seq: this.state.seq + 1,
        member: MEMBER,
        number: this.state.seq,
        count: leaves.length,
        root: new Uint8Array(32),
        timeS: 0,
      },
      leaves,
    );
  }

  /** Signed payments of two inputs and two outputs, none of which touches another's coins. */
  makePayments(count: number): Uint8Array[] {
    this.#shuffle();
    const byDevice = Map.groupBy(this.#coins, ({ device }) => device);
    const payments: Uint8Array[] = [];
    const spent = new Set<Outpoint>();
    for (const [device, coins] of byDevice) {
      for (let i = 0; i + 1 < coins.length && payments.length < count; i += 2) {
        const inputs = [coins[i]!.outpoint, coins[i + 1]!.outpoint].sort();
        for (const input of inputs) spent.add(input);
        payments.push(this.#pay(device, inputs));
      }
      if (payments.length === count) break;
    }
    this.#coins = this.#coins.filter(({ outpoint }) => !spent.has(outpoint));
    return payments;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files.close();
  }

  #pay(device: number, inputs: readonly Outpoint[]): Uint8Array {
    const payee = (device * 31 + this.#counter) % this.#devices.length;
    const total = COIN_AMOUNT * BigInt(inputs.length);
    const body = this.#body(inputs, [
      [this.#owners[payee]!, total / 2n],
      [this.#owners[device]!, total - total / 2n],
    ]);
    const signer = this.#devices[device]!;
    const encoded = encodeRecordBody(body);
    const signature = signer.signSync(message("record", NETWORK_ID, encoded));
    this.#keepOutputs(recordId(NETWORK_ID, encoded), [payee, device]);
    return encodeRecord({
      ...body,
      signer: signer.publicKey,
      signature,
      preimage: undefined,
      envelope: new Uint8Array(),
    });
  }

  #body(inputs: readonly Outpoint[], outputs: readonly (readonly [Owner, bigint])[]): RecordBody {
    return {
      kind: "spend",
      inputs,
      outputs: outputs.map(([owner, amount]) => ({
        lock: lock.key,
        owner,
        custodian: MEMBER,
        amount,
      })),
      counter: this.#counter++,
      time: 0,
      nonce: new Uint8Array(16),
      audit: new Uint8Array(32),
    };
  }

  #keepOutputs(id: Hex, devices: readonly number[]): void {
    const bytes = fromHex(id);
    for (const [index, device] of devices.entries())
      this.#coins.push({ outpoint: outpointOf(bytes, index), device });
  }

  async #enrolAll(): Promise<void> {
    const leaves = await Promise.all(
      this.#devices.map(async (device) => {
        const consent = device.signSync(consentMessage(NETWORK_ID, MEMBER));
        const fields = {
          deviceKey: device.publicKey,
          member: MEMBER,
          consent,
          envelope: new Uint8Array(),
        };
        return sequenced((await signEnrolment(NETWORK_ID, fields, this.#issuer)).bytes);
      }),
    );
    await this.#sequenceAll(leaves);
  }

  /**
   * One deposit, spent in a tree of records that ends at the devices. The fold trusts its caller for
   * records' signatures, so these go without.
   */
  async #fill(coins: number): Promise<void> {
    const levels = Math.ceil(Math.log(coins) / Math.log(FAN_OUT));
    const amount = COIN_AMOUNT * BigInt(FAN_OUT ** levels);
    const seq = this.state.seq + 1;
    await this.take({ kind: "deposited", seq, member: MEMBER, amount });
    const output = {
      lock: lock.key,
      owner: ownerOf(this.#treasury.publicKey),
      custodian: MEMBER,
      amount,
    };
    let vault = [depositOutpoint(NETWORK_ID, { seq, output })];
    for (let level = levels; level > 1; level--) {
      const wanted = Math.ceil(coins / FAN_OUT ** (level - 1));
      const next: Outpoint[] = [];
      const each = COIN_AMOUNT * BigInt(FAN_OUT ** (level - 1));
      const vaultOwners = Array.from({ length: FAN_OUT }, () => output.owner);
      for (let at = 0; at < vault.length; at += BATCH) {
        const bodies = vault
          .slice(at, at + BATCH)
          .map((outpoint) => this.#split(outpoint, vaultOwners, each));
        await this.#sequenceAll(bodies.map(({ leaf }) => leaf));
        next.push(...bodies.flatMap(({ outpoints }) => outpoints));
      }
      vault = next.slice(0, wanted);
    }
    for (let at = 0; at < vault.length; at += BATCH) {
      const leaves = vault.slice(at, at + BATCH).map((outpoint, i) => {
        const devices = Array.from(
          { length: FAN_OUT },
          (_, j) => ((at + i) * FAN_OUT + j) % this.#devices.length,
        );
        const owners = devices.map((device) => this.#owners[device]!);
        const { leaf, outpoints } = this.#split(outpoint, owners, COIN_AMOUNT);
        for (const [j, made] of outpoints.entries())
          this.#coins.push({ outpoint: made, device: devices[j]! });
        return leaf;
      });
      await this.#sequenceAll(leaves);
    }
  }

  /** A vault coin becomes one coin for each owner. */
  #split(
    outpoint: Outpoint,
    owners: readonly Owner[],
    each: bigint,
  ): { leaf: SequencedLeaf; outpoints: Outpoint[] } {
    const body = this.#body(
      [outpoint],
      owners.map((owner) => [owner, each] as const),
    );
    const unsigned = {
      signer: this.#treasury.publicKey,
      signature: NO_SIGNATURE,
      preimage: undefined,
      envelope: new Uint8Array(),
    };
    const id = fromHex(recordId(NETWORK_ID, encodeRecordBody(body)));
    return {
      leaf: sequenced(encodeRecord({ ...body, ...unsigned })),
      outpoints: owners.map((_, index) => outpointOf(id, index)),
    };
  }

  async #sequenceAll(leaves: readonly SequencedLeaf[]): Promise<void> {
    if (leaves.length === 0) return;
    const applied = await this.sequence(leaves);
    if (applied !== leaves.length) throw new Error(`${applied} of ${leaves.length} leaves applied`);
  }

  #shuffle(): void {
    for (let i = this.#coins.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [this.#coins[i], this.#coins[j]] = [this.#coins[j]!, this.#coins[i]!];
    }
  }
}

/** A leaf as the fold takes it. */
export function sequenced(bytes: Uint8Array): SequencedLeaf {
  const leaf = decodeLeaf(bytes);
  return { hash: leafHash(bytes), id: leafId(NETWORK_ID, leaf), leaf };
}
