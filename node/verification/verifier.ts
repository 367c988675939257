/**
 * Signature checks off the main thread. Whoever holds leaves submits them, few or many; a batch goes out
 * the moment a worker is idle and grows only while all are busy, so that a quiet node answers at once
 * and a loaded one pays a fraction of a microsecond a leaf for the way there and back.
 */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Hex } from "../../protocol/bytes.ts";
import { forgedLeaf, type Leaf, ownSignatureOf } from "../../protocol/leaf.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Logger } from "../service/telemetry.ts";
import { encodeJob } from "./job.ts";
import type { WorkerMessage, WorkerSetting } from "./worker.ts";

export type LeafVerifierOptions = {
  readonly networkId: Hex;
  /** Threads. One core is left to the fold and the network, and eight outrun any chain. */
  readonly workers?: number;
  readonly logger?: Logger;
  /** How a worker is started. */
  readonly spawn?: (setting: WorkerSetting) => Worker;
};

/** Smaller batches would spend more on the way than on the check, if there is more to send. */
const BATCH_LEAVES_MIN = 16;
/** About 12 ms of one core: what a leaf that comes just too late waits for. */
const BATCH_LEAVES_MAX = 256;
/** A worker that does not come up is tried again at this pace. */
const RESTART_DELAY_MS = 1000;

type Verdict = Refusal | undefined;

type Submission = {
  readonly leaves: readonly Leaf[];
  readonly verdicts: Verdict[];
  readonly result: PromiseWithResolvers<readonly Verdict[]>;
  left: number;
};

/** Leaves `start` to `end` of a submission. */
type Part = { readonly submission: Submission; readonly start: number; readonly end: number };

type Batch = { readonly parts: readonly Part[]; tries: number };

/** One thread's place, which a new worker takes when the old one dies. */
type Seat = { worker: Worker | undefined; ready: boolean; batch: Batch | undefined };

export class LeafVerifier {
  readonly #spawn: () => Worker;
  readonly #logger: Logger | undefined;
  readonly #seats: readonly Seat[];
  readonly #restarts = new Set<NodeJS.Timeout>();
  /** Batches whose worker died, to be sent before anything else. */
  readonly #again: Batch[] = [];
  #queue: Part[] = [];
  #waiting = 0;
  #verified = 0;
  #running = false;

  constructor(options: LeafVerifierOptions) {
    const workers = options.workers ?? Math.min(8, Math.max(1, availableParallelism() - 1));
    const setting = { networkId: options.networkId };
    const spawn = options.spawn ?? spawnWorker;
    this.#spawn = () => spawn(setting);
    this.#logger = options.logger;
    this.#seats = Array.from({ length: workers }, () => ({
      worker: undefined,
      ready: false,
      batch: undefined,
    }));
  }

  /** Leaves judged so far, each once. */
  get verified(): number {
    return this.#verified;
  }

  /** Leaves that wait for a worker. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when every worker is ready. @throws Error if one cannot be started. */
  async start(): Promise<void> {
    this.#running = true;
    try {
      await Promise.all(this.#seats.map((seat) => this.#seatWorker(seat)));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** What is still waiting is answered with an Error. */
  async stop(): Promise<void> {
    this.#running = false;
    for (const timer of this.#restarts) clearTimeout(timer);
    const parts = this.#queue.concat(
      this.#again.flatMap(({ parts }) => parts),
      this.#seats.flatMap(({ batch }) => batch?.parts ?? []),
    );
    for (const { submission } of parts) submission.result.reject(stopped());
    this.#queue = [];
    this.#again.length = 0;
    this.#waiting = 0;
    const workers = this.#seats.flatMap(({ worker }) => worker ?? []);
    for (const seat of this.#seats) {
      seat.worker = undefined;
      seat.batch = undefined;
      seat.ready = false;
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Checks the signature that each leaf carries in itself (a record's [R2], an enrolment's consent). The
   * verdicts stand in the leaves' order; undefined is good.
   * @throws Refusal `busy` if they do not fit the queue: then none was looked at.
   * @throws Error if a worker died twice over them, or the verifier stops.
   */
  async verify(leaves: readonly Leaf[]): Promise<readonly Verdict[]> {
    if (!this.#running) throw stopped();
    if (leaves.length === 0) return [];
    if (this.#waiting + leaves.length > limits.verifierQueueMax) {
      throw new Refusal("busy", `${this.#waiting} leaves wait to be verified`);
    }
    const result = Promise.withResolvers<readonly Verdict[]>();
    const verdicts = Array.from<Verdict>({ length: leaves.length });
    const submission = { leaves, verdicts, result, left: leaves.length };
    this.#queue.push({ submission, start: 0, end: leaves.length });
    this.#waiting += leaves.length;
    this.#dispatch();
    return result.promise;
  }

  #dispatch(): void {
    const idle = this.#seats.filter((seat) => seat.ready && seat.batch === undefined);
    for (const [index, seat] of idle.entries()) {
      const batch = this.#again.shift() ?? this.#nextBatch(idle.length - index);
      if (batch === undefined) return;
      seat.batch = batch;
      const job = encodeJob(leavesOf(batch).map(ownSignatureOf));
      seat.worker?.postMessage(job, [job.buffer]);
    }
  }

  /** Takes what is waiting, shared out among the idle workers. */
  #nextBatch(idle: number): Batch | undefined {
    if (this.#waiting === 0) return undefined;
    const share = Math.ceil(this.#waiting / idle);
    let room = Math.min(BATCH_LEAVES_MAX, Math.max(BATCH_LEAVES_MIN, share));
    const parts: Part[] = [];
    while (room > 0) {
      const part = this.#queue.shift();
      if (part === undefined) break;
      const { submission, start } = part;
      const end = Math.min(part.end, start + room);
      if (end < part.end) this.#queue.unshift({ submission, start: end, end: part.end });
      parts.push({ submission, start, end });
      room -= end - start;
      this.#waiting -= end - start;
    }
    return { parts, tries: 0 };
  }

  #settle(batch: Batch, failures: Extract<WorkerMessage, readonly unknown[]>): void {
    const failed = new Map(failures.map(({ index, isKey }) => [index, isKey]));
    let index = 0;
    for (const { submission, start, end } of batch.parts) {
      for (let at = start; at < end; at++, index++) {
        const isKey = failed.get(index);
        if (isKey === undefined) continue;
        submission.verdicts[at] = forgedLeaf(submission.leaves[at]!, isKey);
      }
      submission.left -= end - start;
      if (submission.left === 0) submission.result.resolve(submission.verdicts);
    }
    this.#verified += index;
  }

  /** Puts a worker into a seat. Resolves when it is ready; from then on the seat looks after itself. */
  #seatWorker(seat: Seat): Promise<void> {
    const worker = this.#spawn();
    const ready = Promise.withResolvers<void>();
    let cause: unknown;
    seat.worker = worker;
    worker.on("message", (message: WorkerMessage) => {
      if (seat.worker !== worker) return;
      if (message === "ready") {
        seat.ready = true;
        ready.resolve();
      } else {
        assert(seat.batch !== undefined, "a worker answers only what it was asked");
        const { batch } = seat;
        seat.batch = undefined;
        this.#settle(batch, message);
      }
      this.#dispatch();
    });
    worker.on("error", (error) => {
      cause = error;
    });
    worker.once("exit", (code) => {
      ready.reject(new Error(`a verification worker ended with code ${code}`, { cause }));
      if (seat.worker === worker) this.#vacate(seat, code, cause);
    });
    return ready.promise;
  }

  /** A worker died: its batch is tried once more, and another worker takes the seat. */
  #vacate(seat: Seat, code: number, cause: unknown): void {
    this.#logger?.error({ code, err: cause }, "a verification worker died and is replaced");
    const { batch, ready } = seat;
    seat.worker = undefined;
    seat.batch = undefined;
    seat.ready = false;
    if (batch !== undefined && batch.tries++ === 0) this.#again.push(batch);
    else if (batch !== undefined) {
      const error = new Error("verification failed: the worker died twice over it", { cause });
      for (const { submission } of batch.parts) submission.result.reject(error);
    }
    const timer = setTimeout(
      () => {
        this.#restarts.delete(timer);
        // A failure comes back here by the worker's exit.
        this.#seatWorker(seat).catch(() => undefined);
      },
      ready ? 0 : RESTART_DELAY_MS,
    );
    this.#restarts.add(timer);
    this.#dispatch();
  }
}

function leavesOf({ parts }: Batch): Leaf[] {
  return parts.flatMap(({ submission, start, end }) => submission.leaves.slice(start, end));
}

function spawnWorker(workerData: WorkerSetting): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { workerData });
}

function stopped(): Error {
  return new Error("the verifier is not running");
}
