/**
 * Pending leaves on their way to every member: a topic of the network, carrying frames. A frame goes on
 * only after all of it was verified here; whoever sent a bad one is shut out. Nothing is promised: under
 * load frames are dropped, and what was lost is fetched by hash when a batch names it.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Logger } from "../service/telemetry.ts";
import { decodeFrame, encodeFrame, FRAME_ROOM, framedLength } from "./frame.ts";
import type { Host, Verdict } from "./host.ts";

export type LeafTopicOptions = {
  readonly host: Host;
  readonly networkId: Hex;
  /**
   * Verifies and takes in the leaves of a frame; its verdict decides whether the frame goes on. A Refusal
   * it throws counts by its row of the table, any other error as `ignore`.
   */
  readonly onFrame: (leaves: readonly Uint8Array[], from: string) => Promise<Verdict>;
  readonly logger?: Logger;
  /** How long a leaf may wait for company. */
  readonly delayMs?: number;
};

/** A frame this full is sent at once: above it, throughput does not grow. */
const FULL_BYTES = 100 * 1024;
const DELAY_MS = 10;

/** The topic of a network's pending leaves. */
export function leafTopicName(networkId: Hex): string {
  return `/tallystick/${networkId.slice(2, 18)}/leaves/1`;
}

export class LeafTopic {
  readonly #host: Host;
  readonly #topic: string;
  readonly #onFrame: LeafTopicOptions["onFrame"];
  readonly #logger: Logger | undefined;
  readonly #delayMs: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #published = 0;
  #received = 0;
  #dropped = 0;

  /** To be made before the host starts. */
  constructor(options: LeafTopicOptions) {
    this.#host = options.host;
    this.#topic = leafTopicName(options.networkId);
    this.#onFrame = options.onFrame;
    this.#logger = options.logger;
    this.#delayMs = options.delayMs ?? DELAY_MS;
    this.#host.join(this.#topic, (data, from) => this.#judge(data, from));
  }

  /** Frames since the start: sent, taken in, and dropped because too many were being verified. */
  get counts(): {
    readonly published: number;
    readonly received: number;
    readonly dropped: number;
  } {
    return { published: this.#published, received: this.#received, dropped: this.#dropped };
  }

  /** Sends a verified leaf to the others, with the next frame. */
  publish(leaf: Uint8Array): void {
    const length = framedLength(leaf);
    const isFull = this.#waitingBytes + length > FRAME_ROOM;
    if (isFull || this.#waiting.length === limits.frameLeavesMax) this.flush();
    this.#waiting.push(leaf);
    this.#waitingBytes += length;
    if (this.#waitingBytes >= FULL_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#delayMs);
  }

  /** Sends what is waiting. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const frame = encodeFrame(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#published++;
    this.#host.publish(this.#topic, frame).catch((err: unknown) => {
      this.#logger?.warn({ err }, "a frame of leaves was not sent");
    });
  }

  /** Lets go of what is waiting: its leaves are where they came from. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  async #judge(data: Uint8Array, from: string): Promise<Verdict> {
    if (this.#inFlight >= limits.framesInFlightMax) {
      this.#dropped++;
      return "ignore";
    }
    this.#inFlight++;
    this.#received++;
    try {
      const verdict = await this.#onFrame(decodeFrame(data), from);
      if (verdict === "reject") this.#blame(from, "a leaf does not hold");
      return verdict;
    } catch (error) {
      return this.#verdictOf(error, from);
    } finally {
      this.#inFlight--;
    }
  }

  #verdictOf(error: unknown, from: string): Verdict {
    if (!isRefusal(error)) {
      this.#logger?.error({ err: error }, "a frame of leaves could not be judged");
      return "ignore";
    }
    const verdict = error.row.gossip;
    if (verdict === "reject") this.#blame(from, `${error.code}: ${error.message}`);
    return verdict;
  }

  #blame(from: string, detail: string): void {
    this.#host.penalise(from, "invalid-frame", detail);
  }
}
