/**
 * Hands what the intake holds to the node, parents first, and follows each leaf until the ledger has
 * applied it or never will. It asks again for as long as it takes: a node that restarts has forgotten what
 * only waited there. A leaf that fares badly holds up no other.
 */
import type { Hex } from "../protocol/bytes.ts";
import { limits } from "../protocol/limits.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { FoldedEvent, NodeClient, RecordStatus } from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { HeldLeaf, Intake } from "./intake.ts";
import { isFinal, type Outcome, refusalFrom } from "./outcome.ts";
import { parentsFirst } from "./parents-first.ts";
import type { Reasons } from "./reasons.ts";
import { Serial } from "./serial.ts";
import type { Events } from "./webhooks/events.ts";

export type ForwarderParts = {
  readonly intake: Intake;
  readonly node: Pick<NodeClient, "submit" | "statuses">;
  /** Throws while the node is not one to hand leaves to. */
  readonly checkNode: () => void;
  readonly reasons: Reasons;
  readonly events: Pick<Events, "ofEnds" | "write">;
  readonly clock: () => number;
  readonly logger: Logger;
  /** For how long a leaf that cannot apply yet is tried. */
  readonly patienceMs: number;
  /** How soon a leaf that was handed on is asked for, if no event has told of it. */
  readonly firstLookMs: number;
};

/** Hears of each end once or, after a crash, more often. What it does must be durable when it returns. */
export type OutcomeListener = (outcome: Outcome) => Promise<void>;

/** A leaf that the node has had, and when to look after it again. */
type Sent = { readonly leaf: HeldLeaf; dueAt: number; tries: number };

/** A leaf is looked after less and less often, but at least this often. */
const LOOK_MAX_MS = 60_000;
/** While the node does not answer. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 10_000;
/** With nothing to do. */
const IDLE_MS = 1000;

export class Forwarder {
  readonly #parts: ForwarderParts;
  readonly #listeners: OutcomeListener[] = [];
  /** What the node is to have, in the order it came. */
  readonly #fresh = new Map<Hex, HeldLeaf>();
  readonly #sent = new Map<Hex, Sent>();
  readonly #ends = new Serial();
  #wake: () => void = () => undefined;
  #stopping = false;
  #running: Promise<void> | undefined;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
    parts.intake.onTaken((leaves) => this.#take(leaves));
    this.#take(parts.intake.all());
  }

  /** Listeners are called one after the other. */
  onOutcome(listener: OutcomeListener): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    await this.#ends.idle();
  }

  /** What an event says of leaves that are held here: what has applied is looked after at once. */
  async handle({ applied, refused }: FoldedEvent): Promise<void> {
    const { intake } = this.#parts;
    const ended: Outcome[] = [];
    const touched = applied.flatMap((id) => intake.withId(id as Hex));
    for (const { leafHash, code } of refused) {
      const leaf = intake.get(leafHash as Hex);
      if (leaf === undefined) continue;
      const reason = refusalFrom(code, "it was sequenced and did not apply");
      if (isFinal(reason.code)) ended.push({ leaf, state: "refused", reason });
      else touched.push(leaf);
    }
    for (const leaf of touched) {
      this.#fresh.delete(leaf.hash);
      this.#sent.set(leaf.hash, { leaf, dueAt: 0, tries: this.#triesOf(leaf) });
    }
    if (touched.length > 0) this.#wake();
    await this.#end(ended);
  }

  #take(leaves: Iterable<HeldLeaf>): void {
    for (const leaf of leaves) this.#fresh.set(leaf.hash, leaf);
    this.#wake();
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MIN_MS;
    while (!this.#stopping) {
      try {
        await this.#turn();
        retryMs = RETRY_MIN_MS;
        await this.#sleep(this.#idleMs(), "wakeful");
      } catch (error) {
        this.#parts.logger.warn({ err: error, retryMs }, "the node did not take leaves");
        await this.#sleep(retryMs, "deaf");
        retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
      }
    }
  }

  /** One page of what is new, and one of what is to be looked after. */
  async #turn(): Promise<void> {
    const { intake, checkNode, clock } = this.#parts;
    if (this.#fresh.size + this.#sent.size > 0) checkNode();
    const isFresh = (leaf: HeldLeaf) => this.#fresh.has(leaf.hash);
    const page = parentsFirst(
      this.#fresh.values(),
      (id) => intake.withId(id).filter(isFresh),
      limits.submissionLeavesMax,
      limits.batchBytesMax,
    );
    if (page.length > 0) await this.#submit(page);
    const now = clock();
    const due: Sent[] = [];
    for (const sent of this.#sent.values()) {
      if (due.length === limits.askedMax) break;
      if (sent.dueAt <= now) due.push(sent);
    }
    if (due.length > 0) await this.#lookAfter(due);
  }

  async #submit(page: readonly HeldLeaf[]): Promise<void> {
    const { results } = await this.#parts.node.submit(page.map(({ bytes }) => bytes));
    const outcomes: Outcome[] = [];
    let full: Refusal | undefined;
    for (const [i, leaf] of page.entries()) {
      const result = results[i];
      const reason =
        result === undefined || result.accepted
          ? undefined
          : refusalFrom(result.code, result.detail);
      if (reason?.code === "busy") {
        full = reason;
      } else if (reason !== undefined && isFinal(reason.code)) {
        outcomes.push({ leaf, state: "refused", reason });
      } else if (this.#fresh.delete(leaf.hash)) {
        const tries = this.#triesOf(leaf);
        this.#sent.set(leaf.hash, { leaf, dueAt: this.#dueAfter(tries), tries });
      }
    }
    await this.#end(outcomes);
    if (full !== undefined) throw full;
  }

  async #lookAfter(due: readonly Sent[]): Promise<void> {
    const statuses = await this.#parts.node.statuses(due.map(({ leaf }) => leaf.id));
    const outcomes: Outcome[] = [];
    for (const [i, sent] of due.entries()) {
      const status = statuses[i]!;
      const outcome = this.#endOf(sent.leaf, status);
      if (outcome !== undefined) {
        outcomes.push(outcome);
        continue;
      }
      sent.tries += 1;
      sent.dueAt = this.#dueAfter(sent.tries);
      if (status.state !== "pending") this.#fresh.set(sent.leaf.hash, sent.leaf);
    }
    await this.#end(outcomes);
  }

  /** The end of a leaf, if its status is one. */
  #endOf(leaf: HeldLeaf, status: RecordStatus): Outcome | undefined {
    const { clock, patienceMs } = this.#parts;
    if (status.state === "applied") {
      const leafHash = (status.leafHash ?? leaf.hash) as Hex;
      return { leaf, state: "applied", seq: status.seq ?? 0, leafHash };
    }
    // A reason counts if it is given for this leaf: a stranger's with the same id is refused for his own.
    const isItself = status.leafHash === leaf.hash && status.code !== undefined;
    const reason = isItself ? refusalFrom(status.code, status.detail) : undefined;
    if (status.state === "refused" && reason !== undefined && isFinal(reason.code)) {
      return { leaf, state: "refused", reason };
    }
    if (clock() - leaf.received <= patienceMs) return undefined;
    const late = new Refusal("unknown-coin", "it could not apply for as long as it was tried");
    return { leaf, state: "refused", reason: reason ?? late };
  }

  /** Tells of ends, one at a time, and lets go of each leaf that all listeners have dealt with. */
  async #end(outcomes: readonly Outcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await this.#ends.run(async () => {
      const { intake, reasons, events } = this.#parts;
      const done: Outcome[] = [];
      for (const outcome of outcomes) {
        if (!(await this.#tell(outcome))) continue;
        done.push(outcome);
      }
      const hashes = done.map(({ leaf }) => leaf.hash);
      // An end that was heard of twice is told once.
      const first = done.filter(({ leaf }) => intake.holds(leaf.hash));
      const kept = first.flatMap((outcome) =>
        outcome.state === "refused" ? reasons.keep(outcome.leaf, outcome.reason) : [],
      );
      const ended = events.ofEnds(first);
      // Before it is dropped: a leaf that comes again meanwhile is a new one.
      for (const hash of hashes) {
        this.#fresh.delete(hash);
        this.#sent.delete(hash);
      }
      await intake.drop(hashes, (changes) => events.write(ended, [...changes, ...kept]));
    });
  }

  /** Whether it has been dealt with. If not, the leaf stays and is looked after again. */
  async #tell(outcome: Outcome): Promise<boolean> {
    const { leaf } = outcome;
    try {
      for (const listener of this.#listeners) await listener(outcome);
      return true;
    } catch (error) {
      this.#parts.logger.error({ err: error, id: leaf.id }, "an outcome could not be dealt with");
      const tries = this.#triesOf(leaf) + 1;
      this.#fresh.delete(leaf.hash);
      this.#sent.set(leaf.hash, { leaf, dueAt: this.#dueAfter(tries), tries });
      return false;
    }
  }

  #triesOf(leaf: HeldLeaf): number {
    return this.#sent.get(leaf.hash)?.tries ?? 0;
  }

  #dueAfter(tries: number): number {
    const { clock, firstLookMs } = this.#parts;
    return clock() + Math.min(firstLookMs * 2 ** tries, LOOK_MAX_MS);
  }

  #idleMs(): number {
    if (this.#fresh.size > 0) return 0;
    const now = this.#parts.clock();
    let next = now + IDLE_MS;
    for (const { dueAt } of this.#sent.values()) next = Math.min(next, dueAt);
    return Math.max(0, next - now);
  }

  /** Until the time is over, the stop, or, if wakeful, until there is something to do. */
  async #sleep(ms: number, mode: "wakeful" | "deaf"): Promise<void> {
    if (this.#stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        if (mode === "wakeful" || this.#stopping) done();
      };
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
    });
    this.#wake = () => undefined;
  }
}
