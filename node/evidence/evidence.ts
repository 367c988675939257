/**
 * A node's evidence of double spends: what finds conflicts, keeps them and sees them through, and what is
 * left to bonds and cases, as one part.
 */
import type { MemberId } from "../../protocol/output.ts";
import type { Directory } from "../directory.ts";
import type { PendingPool } from "../pending-pool.ts";
import type { Folded, Replica } from "../replica.ts";
import type { CheckedStore } from "../service/checked-store.ts";
import type { Logger } from "../service/telemetry.ts";
import type { LeafStore } from "../store/leaf-store.ts";
import { AppliedProofs } from "./applied-proofs.ts";
import { type CaseDesk, CaseWatch } from "./case-watch.ts";
import { ConflictBook } from "./conflict-book.ts";
import { ConflictWatch } from "./conflict-watch.ts";
import { type BondDesk, QueuePayer } from "./queue-payer.ts";
import { type DisputesDesk, Reporter, type ReporterOptions } from "./reporter.ts";

export type EvidenceParts = {
  readonly networkId: Uint8Array;
  /** Absent on an observer. */
  readonly member: MemberId | undefined;
  readonly replica: Pick<Replica, "state" | "store">;
  readonly pool: PendingPool;
  readonly leaves: Pick<LeafStore, "leavesAt" | "leavesNamed">;
  /** A database for this alone. */
  readonly store: CheckedStore;
  readonly directory: Pick<Directory, "activeMembers" | "rows">;
  /** Absent where the network has no contract that pays. */
  readonly desk: (DisputesDesk & BondDesk & CaseDesk) | undefined;
  readonly logger: Logger;
  /** Has the signature of a leaf in the pool checked: what is good comes into the pool again, as such. */
  readonly check: (leaf: Uint8Array) => Promise<unknown>;
  /** Called when a loser was handed in again. */
  readonly onLocal: () => void;
  /** The database failed: the node cannot go on. */
  readonly onFailure: (error: Error) => void;
};

export class Evidence implements AsyncDisposable {
  readonly book: ConflictBook;
  /** Absent where the network has no contract that keeps them. */
  readonly cases: CaseWatch | undefined;
  readonly #watch: ConflictWatch;
  readonly #reporter: Reporter;
  /** Absent on an observer, and where nobody pays. */
  readonly #payer: QueuePayer | undefined;

  constructor(parts: EvidenceParts, options: ReporterOptions) {
    this.book = new ConflictBook(parts.store, parts.networkId);
    const proofs = new AppliedProofs((cycle) => parts.replica.store.appliedIn(cycle));
    this.#watch = new ConflictWatch({ ...parts, book: this.book });
    this.#reporter = new Reporter({ ...parts, book: this.book, proofs }, options);
    const { member, desk } = parts;
    if (desk === undefined) return;
    this.cases = new CaseWatch({ ...parts, desk, now: Date.now }, { lookMs: options.turnMs });
    if (member !== undefined) this.#payer = new QueuePayer({ ...parts, member, desk }, options);
  }

  /** Takes up what was open, and finds what was folded and not looked at. Before the first event is folded. */
  async start(): Promise<void> {
    await this.book.load();
    await this.#watch.start();
    this.#reporter.start();
    this.#payer?.start();
    this.cases?.start();
  }

  /** To be told of every event, before the pool is. */
  folded(folded: Folded): void {
    this.#watch.folded(folded);
    this.#reporter.folded(folded);
  }

  async stop(): Promise<void> {
    await this.cases?.stop();
    await this.#payer?.stop();
    await this.#reporter.stop();
    await this.#watch.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
