/**
 * A node's ledger, pool and evidence with everything real but the chain and the network: events are given
 * to the replica, leaves to the pool, and all of it is on disk. It can be stopped and opened again.
 */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Conflict, Stage } from "../../../../node/evidence/conflict.ts";
import { ConflictBook } from "../../../../node/evidence/conflict-book.ts";
import { ConflictWatch } from "../../../../node/evidence/conflict-watch.ts";
import type { LedgerEvent } from "../../../../node/ledger/event.ts";
import type { SequencedLeaf } from "../../../../node/ledger/fold.ts";
import { LedgerState } from "../../../../node/ledger/state.ts";
import { LeafIntake } from "../../../../node/leaf-intake.ts";
import { PendingPool } from "../../../../node/pending-pool.ts";
import { keepPool } from "../../../../node/pool-upkeep.ts";
import { Replica } from "../../../../node/replica.ts";
import { type Logger, makeLogger } from "../../../../node/service/telemetry.ts";
import { CheckedStore } from "../../../../node/service/checked-store.ts";
import { LeafStore } from "../../../../node/store/leaf-store.ts";
import { LedgerStore } from "../../../../node/store/ledger-store.ts";
import { fromHex, type Hex, toHex } from "../../../../protocol/bytes.ts";
import { depositOutpoint } from "../../../../protocol/deposit.ts";
import { ownerOf } from "../../../../protocol/key.ts";
import type { Leaf } from "../../../../protocol/leaf.ts";
import { checkLeafSignature, leafHash, leafId } from "../../../../protocol/leaf.ts";
import { isRefusal, type Refusal } from "../../../../protocol/refusal.ts";
import { lock, type MemberId, type Output } from "../../../../protocol/output.ts";
import type { NodeSigner } from "../../../../protocol/p256-node.ts";
import type { SignedRecord } from "../../../../protocol/record.ts";
import { memberStatus } from "../../../../protocol/rules.ts";
import { makeFolder } from "../../../support/chain.ts";
import {
  batchOf,
  context,
  type EventBody,
  RECLAIM_DELAY_S,
  toSequenced,
} from "../../../support/ledger.ts";
import {
  type Coin,
  coinsOf,
  enrolment,
  idOf,
  keyOf,
  networkId,
  pay,
  spend,
} from "../../../support/ledger-parts.ts";

export type OpenRig = {
  readonly replica: Replica;
  readonly pool: PendingPool;
  readonly intake: LeafIntake;
  readonly leaves: LeafStore;
  readonly book: ConflictBook;
  readonly watch: ConflictWatch;
  readonly parts: AsyncDisposableStack;
};

/** The member whose node it is. */
export const SELF: MemberId = 1;

export class Rig implements AsyncDisposable {
  readonly folder: string;
  timeS = 1_800_000_000;
  /** What was logged, a line each. */
  readonly log: string[] = [];
  readonly logger: Logger = makeLogger({
    name: "rig",
    level: "debug",
    stream: { write: (line) => void this.log.push(line) },
  });
  #now: OpenRig | undefined;
  readonly #folder: AsyncDisposable;
  /** The databases that there are. */
  readonly #made = new Set<string>();
  #sequenced: readonly SequencedLeaf[] = [];
  #number = 0;

  private constructor(folder: { readonly path: string } & AsyncDisposable) {
    this.folder = folder.path;
    this.#folder = folder;
  }

  /** A ledger with three members, whose keys are "issuer of n" and "treasury of n". */
  static async open(): Promise<Rig> {
    const rig = new Rig(await makeFolder());
    await rig.start();
    await rig.take({ kind: "protocol", version: 1, reclaimDelayS: RECLAIM_DELAY_S });
    for (const member of [1, 2, 3]) {
      await rig.take({
        kind: "member-changed",
        member,
        status: memberStatus.active,
        issuer: keyOf(`issuer of ${member}`).publicKey,
        treasury: keyOf(`treasury of ${member}`).publicKey,
      });
    }
    return rig;
  }

  get now(): OpenRig {
    assert(this.#now !== undefined, "the rig is not open");
    return this.#now;
  }

  get networkId(): Uint8Array {
    return networkId;
  }

  async start(): Promise<void> {
    const parts = new AsyncDisposableStack();
    const openStore = async (name: string) => {
      const create = !this.#made.has(name);
      this.#made.add(name);
      return parts.use(await CheckedStore.open(join(this.folder, name), { create }));
    };
    const store = new LedgerStore(await openStore("ledger"));
    const leaves = new LeafStore(await openStore("leaves"));
    const book = new ConflictBook(await openStore("evidence"), networkId);
    const state = new LedgerState(7);
    await store.load(state);
    const replica = new Replica({
      context,
      state,
      store,
      leaves: { leavesOf: async () => [...this.#sequenced] },
    });
    const pool = new PendingPool(
      { leavesMax: 10_000, bytesMax: 1 << 27, ageMaxMs: 3_600_000 },
      Date.now,
    );
    const intake = new LeafIntake({
      networkId,
      pool,
      store,
      state,
      verifier: { verify: async (given) => given.map(judge) },
      publish: () => undefined,
      onLocal: () => undefined,
    });
    await book.load();
    const watch = new ConflictWatch({
      networkId,
      member: SELF,
      replica,
      pool,
      leaves,
      book,
      check: (leaf) => intake.fetched([leaf]),
      logger: this.logger,
      onFailure: (error) => this.logger.error({ err: error }, "a database failed"),
    });
    await watch.start();
    parts.defer(() => watch.stop());
    replica.onFolded((folded) => {
      watch.folded(folded);
      keepPool(pool, folded);
    });
    this.#now = { replica, pool, intake, leaves, book, watch, parts };
  }

  async stop(): Promise<void> {
    await this.now.parts.disposeAsync();
    this.#now = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** As a crash leaves it: what was not on disk is gone. The cursor of the evidence is not stored. */
  async crash(): Promise<void> {
    await this.now.watch.settled();
    this.now.watch.stop = async () => {};
    await this.restart();
  }

  /** The database of evidence is gone, and a new one is begun. */
  async loseEvidence(): Promise<void> {
    await this.stop();
    await rm(join(this.folder, "evidence"), { recursive: true });
    this.#made.delete("evidence");
    await this.start();
  }

  async take(body: EventBody, leaves: readonly SequencedLeaf[] = []): Promise<void> {
    const { replica } = this.now;
    const event = { ...body, seq: replica.state.seq + 1 } as LedgerEvent;
    const place = {
      blockNumber: event.seq,
      blockHash: `0x${"0".repeat(64)}` as Hex,
      logIndex: 0,
      blockTimeS: this.timeS,
    };
    this.#sequenced = leaves;
    const events = (async function* () {
      yield { event, place };
    })();
    await replica.follow(events, new AbortController().signal);
    await this.now.watch.settled();
  }

  /** Puts leaves into one batch of a member, and says what became of each. */
  async sequence(member: MemberId, ...leaves: readonly Leaf[]): Promise<void> {
    const sequenced = leaves.map(({ bytes }) => toSequenced(bytes));
    const event = { ...batchOf(sequenced, this.timeS), member, number: ++this.#number };
    const { number } = event;
    const batch = { member, number, leaves: sequenced.map(({ hash }) => hash) };
    const whole = { batch, leaves: leaves.map(({ bytes }) => bytes) };
    await this.now.leaves.putBatch(toHex(event.root), whole);
    await this.take(event, sequenced);
  }

  /** A leaf comes into the pool: handed in here, or gossiped. */
  async submit(leaf: Leaf, local = true): Promise<void> {
    const id = leafId(networkId, leaf);
    this.now.pool.add({ hash: leafHash(leaf.bytes), id, leaf, local, checked: true });
    await this.now.watch.settled();
  }

  async enrol(name: string, member: MemberId): Promise<NodeSigner> {
    const device = keyOf(name);
    await this.sequence(member, await enrolment(device, member, keyOf(`issuer of ${member}`)));
    return device;
  }

  async deposit(member: MemberId, amount: bigint): Promise<Coin> {
    await this.take({ kind: "deposited", member, amount });
    const owner = ownerOf(keyOf(`treasury of ${member}`).publicKey);
    const output: Output = { lock: lock.key, owner, custodian: member, amount };
    const { seq } = this.now.replica.state;
    return { outpoint: depositOutpoint(networkId, { seq, output }), output };
  }

  /** Coins of a device, from a new deposit of its bank. */
  async load(device: NodeSigner, member: MemberId, ...amounts: readonly bigint[]): Promise<Coin[]> {
    const vault = await this.deposit(
      member,
      amounts.reduce((sum, amount) => sum + amount, 0n),
    );
    const record = await spend({
      signer: keyOf(`treasury of ${member}`),
      inputs: [vault],
      outputs: amounts.map((amount) => pay(device, member, amount)),
    });
    await this.sequence(member, record);
    return coinsOf(record);
  }

  async closeCycle(): Promise<void> {
    await this.take({ kind: "cycle-closed", cycle: this.now.replica.state.parameters.openCycle });
  }

  async settle(): Promise<void> {
    const cycle = this.now.replica.state.parameters.settledCycle + 1;
    await this.take({ kind: "settled", cycle });
  }

  async restitute({ outpoint, output }: Coin, loser: SignedRecord): Promise<void> {
    await this.take({
      kind: "restituted",
      outpoint: fromHex(outpoint),
      loser: fromHex(idOf(loser)),
      owner: fromHex(output.owner),
      member: output.custodian,
      amount: output.amount,
      timeS: this.timeS,
    });
  }

  /** Loser and coin of each conflict, and how far it has come, by its latest change. */
  async conflicts(): Promise<Conflict[]> {
    return (await this.now.book.latest(1_000)).toReversed();
  }

  async stages(): Promise<Stage[]> {
    return (await this.conflicts()).map(({ standing }) => standing.stage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#now?.parts.disposeAsync();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Judges a leaf as a node's workers do, on this thread. */
function judge(leaf: Leaf): Refusal | undefined {
  try {
    checkLeafSignature(networkId, leaf, context.verifier);
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error;
  }
}
