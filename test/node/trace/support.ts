/** Traces over a rig's ledger, with an index of their own that can be lost and made again. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CaseEntry } from "../../../node/chain/disputes.ts";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { parseStart } from "../../../node/trace/start.ts";
import { Traces } from "../../../node/trace/trace.ts";
import type { Trace, TraceBounds } from "../../../node/trace/tracer.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { networkId } from "../../support/ledger-parts.ts";
import type { Rig } from "../evidence/support/rig.ts";

export class TracedRig implements AsyncDisposable {
  readonly rig: Rig;
  /** What the contract says of cases. */
  readonly cases = new Map<number, CaseEntry>();
  readonly failures: Error[] = [];
  #traces: Traces | undefined;
  #files: CheckedStore | undefined;

  constructor(rig: Rig) {
    this.rig = rig;
  }

  get traces(): Traces {
    return this.#traces!;
  }

  /** Opens the index, or makes a new one, and lets it catch up. */
  async open(): Promise<void> {
    const { replica, leaves, book } = this.rig.now;
    const folder = join(this.rig.folder, "trace");
    this.#files = await CheckedStore.open(folder, { create: this.#files === undefined });
    const traces = new Traces({
      networkId,
      verifier: new NodeVerifier(),
      files: this.#files,
      state: replica.state,
      store: replica.store,
      leaves,
      book,
      caseOf: async (caseId) => this.cases.get(caseId),
      onFailure: (error) => void this.failures.push(error),
    });
    this.#traces = traces;
    await traces.start();
    replica.onFolded(() => traces.folded());
    await traces.settled();
  }

  async close(): Promise<void> {
    await this.#traces?.stop();
    await this.#files?.close();
    this.#traces = undefined;
  }

  /** The index is gone. */
  async lose(): Promise<void> {
    await this.close();
    await rm(join(this.rig.folder, "trace"), { recursive: true });
    this.#files = undefined;
  }

  async trace(from: string, bounds: Partial<TraceBounds> = {}): Promise<Trace> {
    await this.traces.settled();
    return await this.traces.tracer.trace(parseStart(from), {
      direction: "both",
      depthMax: 8,
      nodesMax: 128,
      ...bounds,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.rig[Symbol.asyncDispose]();
  }
}
