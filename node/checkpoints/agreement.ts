/**
 * Whether the members come to the same checkpoints as this node: every one is asked at the end of every cycle,
 * by observers too, so that each node can name by itself whose store was altered or who lies. Of two that differ
 * one is wrong, and which of them the signatures under the settled checkpoint say.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { recoverValidator } from "../../protocol/typed-data.ts";
import type { Directory } from "../directory.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";

/** What another member says of a checkpoint. */
export type CheckpointAnswer =
  | { readonly kind: "signed"; readonly signature: Uint8Array }
  /** It has not come to that event yet. */
  | { readonly kind: "none-yet" }
  /** It came to another state: one of the two has a damaged store, or lies. */
  | { readonly kind: "other"; readonly digest: Hex };

export type AskForCheckpoint = (
  member: MemberId,
  cycle: number,
  digest: Hex,
) => Promise<CheckpointAnswer>;

/** That a member came to another checkpoint, the last time it said to which. */
export type Divergence = {
  readonly cycle: number;
  readonly digest: Hex;
  /** Milliseconds: when this node first heard of it. */
  readonly sinceMs: number;
};

export type AgreementParts = {
  readonly directory: Pick<Directory, "activeMembers" | "validatorOf">;
  /** This node's own; none for an observer. */
  readonly member: MemberId | undefined;
  readonly ask: AskForCheckpoint;
  readonly logger: Logger;
  readonly now: () => number;
};

/** Members come to the end of a cycle within seconds of each other; whoever does not is silent, not divergent. */
const TRIES = 8;
const RETRY_MS = 500;

export class Agreement implements AsyncDisposable {
  readonly #parts: AgreementParts;
  readonly #divergences = new Map<MemberId, Divergence>();
  /** The comparison under way; a later cycle's takes its place. */
  #stop = new AbortController();
  #comparing: Promise<unknown> = Promise.resolve();

  constructor(parts: AgreementParts) {
    this.#parts = parts;
  }

  /** Members that differ, ascending. */
  get divergent(): ReadonlyMap<MemberId, Divergence> {
    return new Map([...this.#divergences].sort(([a], [b]) => a - b));
  }

  /** Asks all members what they came to. @param digest what this node did. */
  compare(cycle: number, digest: Hex): void {
    const { directory, member: own } = this.#parts;
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const others = directory.activeMembers().filter((member) => member !== own);
    const all = others.map((member) => this.#compareWith(member, cycle, digest, signal));
    this.#comparing = Promise.all([this.#comparing, ...all]);
  }

  /** What a member has said, whoever asked it. */
  heard(member: MemberId, cycle: number, digest: Hex, answer: CheckpointAnswer): void {
    const { logger, now } = this.#parts;
    const known = this.#divergences.get(member);
    if (answer.kind === "other") {
      const sinceMs = known?.sinceMs ?? now();
      this.#divergences.set(member, { cycle, digest: answer.digest, sinceMs });
      if (known?.cycle === cycle && known.digest === answer.digest) return;
      const about = { member, cycle, digest: answer.digest };
      logger.error(about, "a member came to another checkpoint");
    } else if (known !== undefined && cycle > known.cycle && this.#isBy(member, digest, answer)) {
      this.#divergences.delete(member);
      logger.info({ member, cycle }, "a member comes to the same checkpoints again");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#comparing;
  }

  async #compareWith(
    member: MemberId,
    cycle: number,
    digest: Hex,
    signal: AbortSignal,
  ): Promise<void> {
    for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
      const answer = await this.#asked(member, cycle, digest, signal);
      if (signal.aborted) return;
      if (answer !== undefined) this.heard(member, cycle, digest, answer);
      if (answer !== undefined && answer.kind !== "none-yet") return;
      await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Undefined where it does not answer: whether it is silent, the members' health says. */
  async #asked(
    member: MemberId,
    cycle: number,
    digest: Hex,
    signal: AbortSignal,
  ): Promise<CheckpointAnswer | undefined> {
    const { ask, logger } = this.#parts;
    try {
      return await untilAborted(ask(member, cycle, digest), signal);
    } catch (error) {
      logger.debug({ member, cycle, err: error }, "a member does not say what it came to");
      return undefined;
    }
  }

  #isBy(member: MemberId, digest: Hex, answer: CheckpointAnswer): boolean {
    if (answer.kind !== "signed") return false;
    const validator = this.#parts.directory.validatorOf(member);
    try {
      return recoverValidator(fromHex(digest), answer.signature) === validator;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return false;
    }
  }
}
