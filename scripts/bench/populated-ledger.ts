/**
 * A node's ledger of a given size, on disk and in memory: what the benchmarks of validation start from.
 * It is filled through the fold, like any other.
 */
import { randomBytes } from "node:crypto";
import type { LedgerEvent } from "../../node/ledger/event.ts";
import { fold, type SequencedLeaf } from "../../node/ledger/fold.ts";
import { checkIdentities } from "../../node/ledger/identities.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import type { LeafStore } from "../../node/store/leaf-store.ts";
import { ledgerFiles, LedgerStore } from "../../node/store/ledger-store.ts";
import { batchHeader } from "../../protocol/batch.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { depositOutpoint } from "../../protocol/deposit.ts";
import { ownerOf } from "../../protocol/key.ts";
import { decodeLeaf, type Leaf, leafHash, leafId } from "../../protocol/leaf.ts";
import { lock } from "../../protocol/output.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { type Bank, Workload } from "./workload.ts";

const NETWORK_ID = new Uint8Array(32).fill(7);
const BATCH = 4_096;

export type Size = {
  readonly coins: number;
  /** Their keys. */
  readonly devices: number;
  /** One coin in so many can be spent: those that can take memory of the benchmark's own. */
  readonly every?: number;
  /** Banks that the devices are shared out among, 1 by default. */
  readonly members?: number;
  /** Where the bytes of all leaves are kept, as a node keeps them; otherwise they are not. */
  readonly leaves?: LeafStore;
};

export class PopulatedLedger implements AsyncDisposable {
  readonly networkId = NETWORK_ID;
  readonly state = new LedgerState(randomBytes(4).readInt32BE());
  readonly workload: Workload;
  readonly store: LedgerStore;
  readonly #leaves: LeafStore | undefined;
  readonly #files: CheckedStore;
  readonly #verifier = new NodeVerifier();
  readonly #banks: readonly Bank[];

  private constructor(files: CheckedStore, { devices, members = 1, leaves }: Size) {
    this.#files = files;
    this.#leaves = leaves;
    this.store = new LedgerStore(files);
    this.#banks = Array.from({ length: members }, (_, i) => ({
      member: i + 1,
      issuer: NodeSigner.generate(),
      treasury: NodeSigner.generate(),
    }));
    this.workload = new Workload(NETWORK_ID, this.#banks, devices);
  }

  /** @param folder an empty folder. */
  static async make(folder: string, size: Size): Promise<PopulatedLedger> {
    const files = await CheckedStore.open(folder, { ...ledgerFiles, create: true });
    const ledger = new PopulatedLedger(files, size);
    const { coins, every = 1 } = size;
    await ledger.#begin();
    for (const bank of ledger.#banks)
      await ledger.#fill(bank, Math.ceil(coins / ledger.#banks.length), every);
    return ledger;
  }

  /** Folds leaves as one batch. @throws Error unless all of them apply. */
  async sequence(decoded: readonly Leaf[]): Promise<void> {
    const leaves = decoded.map(sequenced);
    const seq = this.state.seq + 1;
    const root = await this.#keep(seq, decoded, leaves);
    await this.#take(
      { kind: "sequenced", seq, member: 1, number: seq, count: leaves.length, root, timeS: 0 },
      leaves,
    );
  }

  /** Ends the open cycle, and settles it. */
  async closeCycle(): Promise<void> {
    const cycle = this.state.parameters.openCycle;
    await this.#take({ kind: "cycle-closed", seq: this.state.seq + 1, cycle });
    await this.#take({ kind: "settled", seq: this.state.seq + 1, cycle });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await this.#files.close();
  }

  async #begin(): Promise<void> {
    await this.#take({ kind: "protocol", seq: 1, version: 1, reclaimDelayS: 1 });
    for (const { member, issuer, treasury } of this.#banks) {
      const keys = { issuer: issuer.publicKey, treasury: treasury.publicKey };
      const seq = this.state.seq + 1;
      await this.#take({ kind: "member-changed", seq, member, status: 1, ...keys });
    }
    for (const leaves of (await this.workload.enrolments()).values())
      await this.#sequenceAll(leaves);
  }

  async #fill(bank: Bank, coins: number, every: number): Promise<void> {
    const amount = Workload.vaultAmount(coins);
    const seq = this.state.seq + 1;
    const { member, treasury } = bank;
    await this.#take({ kind: "deposited", seq, member, amount });
    const owner = ownerOf(treasury.publicKey);
    const output = { lock: lock.key, owner, custodian: member, amount };
    const vault = depositOutpoint(NETWORK_ID, { seq, output });
    const leaves: Leaf[] = [];
    for (const { leaf } of this.workload.fill(bank, vault, coins, every)) {
      leaves.push(decodeLeaf(leaf));
      if (leaves.length === BATCH) await this.sequence(leaves.splice(0));
    }
    await this.sequence(leaves);
  }

  async #sequenceAll(leaves: readonly Uint8Array[]): Promise<void> {
    for (let at = 0; at < leaves.length; at += BATCH)
      await this.sequence(leaves.slice(at, at + BATCH).map(decodeLeaf));
  }

  /** @returns the root of the batch, of nothing where no leaves are kept. */
  async #keep(
    number: number,
    decoded: readonly Leaf[],
    leaves: readonly SequencedLeaf[],
  ): Promise<Uint8Array> {
    if (this.#leaves === undefined) return new Uint8Array(32);
    const batch = { member: 1, number, leaves: leaves.map(({ hash }) => hash) };
    const { root } = batchHeader(batch);
    await this.#leaves.putBatch(root, { batch, leaves: decoded.map(({ bytes }) => bytes) });
    return fromHex(root);
  }

  /** Takes one event as a node does: identities, one synced batch, then memory. */
  async #take(event: LedgerEvent, leaves: readonly SequencedLeaf[] = []): Promise<void> {
    const context = { networkId: NETWORK_ID, verifier: this.#verifier };
    const change = fold(context, this.state, event, leaves, this.store);
    const refused = change.outcomes.find(({ code }) => code !== "applied");
    if (refused !== undefined)
      throw new Error(`a leaf did not apply: ${refused.code}, ${refused.detail}`);
    checkIdentities(change);
    const place = {
      blockNumber: event.seq,
      blockHash: toHex(new Uint8Array(32)),
      logIndex: 0,
      blockTimeS: 0,
    };
    await this.store.write(change, { event, place }, this.state);
    this.state.commit(change);
  }
}

function sequenced(leaf: Leaf): SequencedLeaf {
  return { hash: leafHash(leaf.bytes), id: leafId(NETWORK_ID, leaf), leaf };
}
