/** Traces of a node as one part, with a start and a stop: the index, what keeps it up, and who answers from it. */
import type { Owner } from "../../protocol/key.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { CheckedStore } from "../service/checked-store.ts";
import type { LeafStore } from "../store/leaf-store.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { IndexFollower } from "./index-follower.ts";
import { Makers } from "./makers.ts";
import { OwnerRecords } from "./owner-records.ts";
import { TraceIndex } from "./trace-index.ts";
import { Tracer, type TracerParts } from "./tracer.ts";

export type TracesParts = Omit<TracerParts, "index" | "makers" | "custodianOf"> & {
  /** A database for the index alone. */
  readonly files: CheckedStore;
  readonly state: Pick<LedgerState, "memberOf" | "seq">;
  readonly store: LedgerStore;
  readonly leaves: LeafStore;
  /** The index cannot be kept. */
  readonly onFailure: (error: Error) => void;
};

export class Traces implements AsyncDisposable {
  readonly index: TraceIndex;
  readonly tracer: Tracer;
  readonly records: OwnerRecords;
  readonly #follower: IndexFollower;

  constructor(parts: TracesParts) {
    this.index = new TraceIndex(parts.files);
    const custodianOf = (owner: Owner) => parts.state.memberOf(owner);
    const { index } = this;
    const makers = new Makers({ ...parts, index, conflictsOf: (id) => parts.book.ofRecord(id) });
    this.tracer = new Tracer({ ...parts, index, makers, custodianOf });
    this.records = new OwnerRecords({ index, makers, store: parts.store });
    this.#follower = new IndexFollower({
      ...parts,
      index,
      custodianOf,
      foldedSeq: () => parts.state.seq,
    });
  }

  async start(): Promise<void> {
    await this.#follower.start();
  }

  /** To be told of every event once it is stored. */
  folded(): void {
    this.#follower.folded();
  }

  /** Resolves when all that was stored before this call is indexed, or cannot be. */
  async settled(): Promise<void> {
    await this.#follower.settled();
  }

  async stop(): Promise<void> {
    await this.#follower.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
