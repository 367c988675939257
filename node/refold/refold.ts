/**
 * The whole history folded again, by the same code as a node's and from nothing but the chain and the bytes
 * of batches: every signature, every identity after every event, and every settled checkpoint. It keeps its
 * ledger in a folder, and goes on from there the next time.
 */
import { fromHex } from "../../protocol/bytes.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { PlacedEntry } from "../../protocol/state-statement.ts";
import type { ChainClient } from "../chain/chain-client.ts";
import type { LogCursor } from "../chain/event-log.ts";
import type { SettledCycle } from "../chain/settled-cycle.ts";
import { type Boundary, boundaryOf, checkpointOf } from "../checkpoints/checkpoint-of.ts";
import { Databases } from "../databases.ts";
import type { PlacedEvent } from "../ledger/event.ts";
import type { LedgerState } from "../ledger/state.ts";
import { Replica } from "../replica.ts";
import { DataFolder } from "../service/data-folder.ts";
import type { Logger } from "../service/telemetry.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { LeafVerifier } from "../verification/verifier.ts";
import { type BatchSource, CheckedLeaves } from "./batch-source.ts";
import { checkSettled, type CycleFinding, type Finding, findSums } from "./finding.ts";

export type RefoldParts = {
  readonly network: NetworkFile;
  /** Started. */
  readonly chain: ChainClient;
  readonly batches: BatchSource;
  readonly logger: Logger;
};

/** Told as it goes, so that hours are not waited in the dark. */
export type RefoldProgress = {
  /** Events folded, and how many there are. */
  readonly seq: number;
  readonly of: number;
  /** Leaves whose signatures were checked and that were folded, in this run. */
  readonly leaves: number;
  /** The cycle that was found as settled, if the event settled one. */
  readonly cycle?: CycleFinding;
};

/** The state at the end of a settled cycle, and the checkpoint and signatures over it. */
export type RefoldedState = {
  readonly signed: SettledCycle;
  readonly placeOf: (key: Uint8Array) => Promise<PlacedEntry | undefined>;
};

export class Refold implements AsyncDisposable {
  readonly #parts: RefoldParts;
  readonly #replica: Replica;
  readonly #leaves: CheckedLeaves;
  readonly #stack: AsyncDisposableStack;
  #boundary: Boundary | undefined;

  private constructor(
    parts: RefoldParts,
    replica: Replica,
    leaves: CheckedLeaves,
    stack: AsyncDisposableStack,
  ) {
    this.#parts = parts;
    this.#replica = replica;
    this.#leaves = leaves;
    this.#stack = stack;
    replica.onFolded(({ placed: { event }, change }) => {
      if (event.kind === "cycle-closed") this.#boundary = boundaryOf(event.cycle, change);
    });
  }

  /** @param path of its folder: made where there is none. @throws Refusal `wrong-folder`, `in-use`. */
  static async open(path: string, parts: RefoldParts): Promise<Refold> {
    await using stack = new AsyncDisposableStack();
    const { networkId } = parts.network;
    const { logger, batches } = parts;
    const folder = stack.use(await DataFolder.open(path, { kind: "refold", networkId }));
    const onDamage = (error: Error): void => {
      throw error;
    };
    const databases = stack.use(new Databases(folder, { logger, onDamage }));
    const verifier = stack.use(new LeafVerifier({ networkId, logger }));
    await verifier.start();
    const context = { networkId: fromHex(networkId), verifier: new NodeVerifier() };
    const leaves = new CheckedLeaves({ networkId: context.networkId, batches, verifier });
    const replica = await databases.openLedger(
      (state, store) => new Replica({ context, state, store, leaves }),
      ({ state, store }) => hasCheckpoints(state, store),
    );
    return new Refold(parts, replica, leaves, stack.move());
  }

  /**
   * Folds up to where the chain stands, and compares all of it.
   * @throws Refusal `conflict`, `bad-proof`, `bad-signature` naming what does not hold; IdentityError.
   */
  async run(onProgress: (progress: RefoldProgress) => void): Promise<Finding> {
    const target = await this.#parts.chain.reader.settlement();
    await this.#foldTo(target.seq, onProgress);
    return findSums(this.#replica.state, target);
  }

  /**
   * Folds up to the end of the last settled cycle, in a folder that has not come further, and gives the state
   * there with who signed that it is so.
   * @throws Refusal as `run`; `conflict` where no cycle has settled, or the folder has come further.
   */
  async runToSettled(onProgress: (progress: RefoldProgress) => void): Promise<RefoldedState> {
    const { chain } = this.#parts;
    const { settledCycle: cycle } = await chain.reader.settlement();
    if (cycle === 0) throw new Refusal("conflict", "no cycle has settled yet");
    const { boundary } = await chain.reader.cycle(cycle);
    const { state, store } = this.#replica;
    if (state.seq > boundary)
      throw new Refusal("conflict", `the folder stands after event ${boundary}: take another`);
    await this.#foldTo(boundary, onProgress);
    await this.#settled(cycle);
    return {
      signed: await this.#signaturesOf(cycle),
      placeOf: async (key) => {
        await using frozen = store.freeze();
        return await frozen.placeOf(key);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #foldTo(last: number, onProgress: (progress: RefoldProgress) => void): Promise<void> {
    const { state } = this.#replica;
    // Compared before, unless the last run was cut off just there.
    if (state.parameters.settledCycle > 0) await this.#settled(state.parameters.settledCycle);
    if (state.seq >= last) return;
    const stop = new AbortController();
    const events = this.#parts.chain.events(this.#cursor(), stop.signal);
    await this.#replica.follow(this.#watched(events, last, onProgress), stop.signal);
    stop.abort();
  }

  #cursor(): LogCursor | undefined {
    const { state, store } = this.#replica;
    return store.place === undefined ? undefined : { seq: state.seq, place: store.place };
  }

  /** The chain keeps them in the transaction that settled the cycle, some events after its end. */
  async #signaturesOf(cycle: number): Promise<SettledCycle> {
    const { chain } = this.#parts;
    const stop = new AbortController();
    for await (const { event, place } of chain.events(this.#cursor(), stop.signal)) {
      if (event.kind !== "settled" || event.cycle !== cycle) continue;
      stop.abort();
      return await chain.settledCycle(cycle, place.blockNumber);
    }
    throw new Error(`the chain says that cycle ${cycle} has settled, and does not tell when`);
  }

  /** The events up to `last`. Whoever asks for the next has folded the one before. */
  async *#watched(
    events: AsyncIterable<PlacedEvent>,
    last: number,
    onProgress: (progress: RefoldProgress) => void,
  ): AsyncGenerator<PlacedEvent> {
    for await (const placed of events) {
      yield placed;
      const cycle = await this.#compared(placed);
      const { seq } = placed.event;
      const { checked } = this.#leaves;
      onProgress({ seq, of: last, leaves: checked, ...(cycle === undefined ? {} : { cycle }) });
      if (seq >= last) return;
    }
  }

  async #compared({ event }: PlacedEvent): Promise<CycleFinding | undefined> {
    const { store } = this.#replica;
    if (event.kind === "cycle-closed") {
      const applied = await store.appliedIn(event.cycle);
      const stateRoot = await store.stateRoot();
      await store.saveCheckpoint(checkpointOf(this.#boundary!, applied, stateRoot));
    }
    return event.kind === "settled" ? await this.#settled(event.cycle) : undefined;
  }

  async #settled(number: number): Promise<CycleFinding> {
    const own = await this.#replica.store.checkpoint(number);
    if (own === undefined) throw new Error(`cycle ${number} settled before it was closed`);
    checkSettled(own, await this.#parts.chain.reader.cycle(number));
    const { seq, applied, supply, stateRoot } = own;
    return { cycle: number, seq, applied, supply, stateRoot };
  }
}

/** Whether nothing was lost of what waits to be settled; otherwise all is folded again. */
async function hasCheckpoints(state: LedgerState, store: LedgerStore): Promise<boolean> {
  const { openCycle, settledCycle } = state.parameters;
  for (let cycle = Math.max(1, settledCycle); cycle < openCycle; cycle++) {
    if ((await store.checkpoint(cycle)) === undefined) return false;
  }
  return true;
}
