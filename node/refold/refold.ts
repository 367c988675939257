/**
 * The whole history folded again, by the same code as a node's and from nothing but the chain and the bytes
 * of batches: every signature, every identity after every event, and every settled checkpoint. It keeps its
 * ledger in a folder, and goes on from there the next time.
 */
import { fromHex } from "../../protocol/bytes.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import type { ChainClient } from "../chain/chain-client.ts";
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
    const { chain } = this.#parts;
    const target = await chain.reader.settlement();
    const { state, store } = this.#replica;
    // Compared before, unless the last run was cut off just there.
    if (state.parameters.settledCycle > 0) await this.#settled(state.parameters.settledCycle);
    const stop = new AbortController();
    if (state.seq < target.seq) {
      const from = store.place === undefined ? undefined : { seq: state.seq, place: store.place };
      const events = this.#watched(chain.events(from, stop.signal), target.seq, onProgress);
      await this.#replica.follow(events, stop.signal);
      stop.abort();
    }
    return findSums(state, target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
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
