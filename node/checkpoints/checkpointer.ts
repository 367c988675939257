/**
 * Closes cycles and settles them. Every node works out the same checkpoint from the same event; each
 * signs its own, asks the others for theirs, and the first with a quorum submits. Members take turns to
 * go first, so that they do not race each other for nothing; a silent one only costs its turn.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import type { MemberId } from "../../protocol/output.ts";
import { orderSignatures, quorumOf } from "../../protocol/quorum.ts";
import { type Domain, recoverValidator } from "../../protocol/typed-data.ts";
import type { Directory } from "../directory.ts";
import type { Folded, Replica } from "../replica.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";
import type { Validator } from "../validator.ts";
import type { Agreement, AskForCheckpoint, CheckpointAnswer } from "./agreement.ts";
import { type Boundary, boundaryOf, checkpointOf } from "./checkpoint-of.ts";

export type CheckpointerParts = {
  readonly domain: Domain;
  readonly replica: Replica;
  readonly directory: Directory;
  readonly chain: {
    closeCycle(): Promise<void>;
    settle(checkpoint: Checkpoint, signatures: readonly Uint8Array[]): Promise<void>;
    /** The state root that a settled cycle has on chain. */
    settledStateRoot(cycle: number): Promise<Hex>;
  };
  readonly ask: AskForCheckpoint;
  readonly agreement: Pick<Agreement, "compare" | "heard">;
  readonly logger: Logger;
  /** Absent for an observer, which only compares. */
  readonly validator?: Pick<Validator, "member" | "sign" | "beginQuorum"> | undefined;
  /** The node stops with this: its state is not the one that was settled. */
  readonly onDivergence: (error: Error) => void;
};

export type CheckpointerOptions = {
  /** How long a cycle stays open once something happened in it; at least the network's minCycle. */
  readonly cycleMs: number;
  /** How long a member waits for the one whose turn comes before. */
  readonly turnMs: number;
};

type Own = { readonly checkpoint: Checkpoint; readonly digest: Uint8Array };

/** The state is not the one that a quorum signed: the database is damaged, and is rebuilt from the log. */
export class DivergenceError extends Error {
  constructor(cycle: number, own: Hex, settled: Hex) {
    super(`cycle ${cycle} settled with state root ${settled}; this node came to ${own}`);
    this.name = "DivergenceError";
  }
}

/** How often what is due is looked for. */
const TICK_MS = 50;

export class Checkpointer {
  readonly #parts: CheckpointerParts;
  readonly #options: CheckpointerOptions;
  readonly #own = new Map<number, Own>();
  #underWay: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  /** When something first happened in the open cycle, by this process's clock; zero if nothing did. */
  #busySince = 0;
  /** The last cycle of which each member gave no answer: told once. */
  readonly #unanswered = new Map<MemberId, number>();
  /** When the turn for what is due now began. */
  #turn = { cycle: 0, since: 0 };

  constructor(parts: CheckpointerParts, options: CheckpointerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /**
   * Takes up what was closed and not settled when the node stopped.
   * @returns false if a checkpoint was lost on the way and the log must be folded again from the start.
   */
  async resume(): Promise<boolean> {
    const { state, store } = this.#parts.replica;
    const { openCycle, settledCycle } = state.parameters;
    for (let cycle = settledCycle + 1; cycle < openCycle; cycle++) {
      const checkpoint = await store.checkpoint(cycle);
      if (checkpoint === undefined) return false;
      this.#keep(checkpoint);
    }
    if ((await store.appliedIn(openCycle)).length > 0 || state.inflow > 0n)
      this.#busySince = Date.now();
    return true;
  }

  start(): void {
    this.#parts.replica.onFolded((folded) => this.#onFolded(folded));
    if (this.#parts.validator !== undefined) this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#underWay;
  }

  /** What this node answers another that asks for its signature. @throws Refusal `unavailable` if it would not count. */
  answer(cycle: number, digest: Hex): CheckpointAnswer {
    const own = this.#own.get(cycle);
    const { validator } = this.#parts;
    if (own === undefined || validator === undefined) return { kind: "none-yet" };
    const ownDigest = toHex(own.digest);
    if (ownDigest !== digest) return { kind: "other", digest: ownDigest };
    return { kind: "signed", signature: validator.sign(own.digest) };
  }

  #onFolded({ placed: { event }, change }: Folded): void {
    switch (event.kind) {
      case "cycle-closed":
        this.#busySince = 0;
        this.#underWay = this.#workOut(boundaryOf(event.cycle, change), this.#underWay);
        return;
      case "settled":
        this.#underWay = this.#compare(event.cycle, this.#underWay);
        return;
      case "sequenced":
        if (change.applied.length > 0) this.#busySince ||= Date.now();
        return;
      case "deposited":
      case "restituted":
      case "awarded":
        this.#busySince ||= Date.now();
    }
  }

  /** The root is of the state as it is now: it is frozen before the next event is stored. */
  async #workOut(boundary: Boundary, before: Promise<void>): Promise<void> {
    const { store } = this.#parts.replica;
    const root = store.stateRoot();
    const applied = store.appliedIn(boundary.number);
    await before;
    try {
      const checkpoint = checkpointOf(boundary, await applied, await root);
      await store.saveCheckpoint(checkpoint);
      const { digest } = this.#keep(checkpoint);
      this.#parts.agreement.compare(checkpoint.number, toHex(digest));
      this.#parts.logger.info(
        { cycle: checkpoint.number, stateRoot: checkpoint.stateRoot },
        "checkpoint",
      );
    } catch (error) {
      this.#parts.onDivergence(error as Error);
    }
  }

  async #compare(cycle: number, before: Promise<void>): Promise<void> {
    await before;
    const own = this.#own.get(cycle);
    // Others may compare with it until the next one has settled.
    for (const number of this.#own.keys()) if (number < cycle) this.#own.delete(number);
    if (own === undefined) return;
    try {
      const settled = await this.#parts.chain.settledStateRoot(cycle);
      const { stateRoot } = own.checkpoint;
      if (settled !== stateRoot)
        this.#parts.onDivergence(new DivergenceError(cycle, stateRoot, settled));
    } catch (error) {
      this.#parts.logger.warn({ cycle, err: error }, "the settled state root could not be read");
    }
  }

  #keep(checkpoint: Checkpoint): Own {
    const own = { checkpoint, digest: checkpointDigest(this.#parts.domain, checkpoint) };
    this.#own.set(checkpoint.number, own);
    return own;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await untilAborted(this.#doWhatIsDue(), signal);
      } catch (error) {
        if (signal.aborted) return;
        // The contract says no where another member was first, and where a validator has changed meanwhile.
        const { name, message } = error as Error;
        const wasFirst = name === "ChainRevert" && !message.startsWith("Quorum");
        if (wasFirst) this.#parts.logger.info({ reason: message }, "another was first");
        else this.#parts.logger.warn({ err: error }, "settlement is tried again");
        await sleep(10 * TICK_MS, undefined, { signal }).catch(() => undefined);
      }
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #doWhatIsDue(): Promise<void> {
    const { openCycle, settledCycle } = this.#parts.replica.state.parameters;
    const due = this.#own.get(settledCycle + 1);
    if (due !== undefined) {
      if (this.#isMyTurn(due.checkpoint.number)) await this.#settle(due);
    } else if (this.#isCloseDue() && this.#isMyTurn(openCycle)) {
      await this.#parts.chain.closeCycle();
      await this.#parts.replica.reached(this.#parts.replica.state.seq + 1, this.#options.turnMs);
    }
  }

  #isCloseDue(): boolean {
    return this.#busySince > 0 && Date.now() - this.#busySince >= this.#options.cycleMs;
  }

  /** Members go one after the other, another one first in each cycle. */
  #isMyTurn(cycle: number): boolean {
    if (this.#turn.cycle !== cycle) this.#turn = { cycle, since: Date.now() };
    const members = this.#parts.directory.activeMembers();
    const own = members.indexOf(this.#parts.validator!.member);
    if (own < 0) return false;
    const rank = (own + cycle) % members.length;
    return Date.now() - this.#turn.since >= rank * this.#options.turnMs;
  }

  async #settle({ checkpoint, digest }: Own): Promise<void> {
    const signatures = await this.#gather(checkpoint.number, digest);
    const needed = quorumOf(this.#parts.directory.activeMembers().length);
    if (signatures.size < needed) return;
    const { settledCycle } = this.#parts.replica.state.parameters;
    if (settledCycle >= checkpoint.number) return;
    await this.#parts.chain.settle(checkpoint, orderSignatures(signatures).slice(0, needed));
    await this.#parts.replica.reached(this.#parts.replica.state.seq + 1, this.#options.turnMs);
  }

  /**
   * Own signature, if it counts, and those of others that came to the same state, by signer: as soon as
   * there is a quorum, so that a member that never answers holds nothing up.
   */
  async #gather(cycle: number, digest: Uint8Array): Promise<Map<Hex, Uint8Array>> {
    const { directory } = this.#parts;
    const validator = this.#parts.validator!;
    const signatures = validator.beginQuorum(digest);
    const members = directory.activeMembers();
    const enough = Promise.withResolvers<void>();
    const answers = members
      .filter((member) => member !== validator.member)
      .map(async (member) => {
        const signature = await this.#ask(member, cycle, digest);
        if (signature !== undefined) signatures.set(directory.validatorOf(member)!, signature);
        if (signatures.size >= quorumOf(members.length)) enough.resolve();
      });
    await Promise.race([enough.promise, Promise.all(answers)]);
    return signatures;
  }

  /** A member's signature, if it gives one that counts. */
  async #ask(member: MemberId, cycle: number, digest: Uint8Array): Promise<Uint8Array | undefined> {
    const { directory, ask, agreement, logger } = this.#parts;
    try {
      const answer = await ask(member, cycle, toHex(digest));
      agreement.heard(member, cycle, toHex(digest), answer);
      if (answer.kind !== "signed") return undefined;
      const signer = recoverValidator(digest, answer.signature);
      if (signer === directory.validatorOf(member)) return answer.signature;
      logger.error({ member, cycle, signer }, "a member signed a checkpoint with another key");
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined;
      if (this.#unanswered.get(member) !== cycle)
        logger.warn({ member, cycle, err: error }, "a member does not sign a checkpoint");
      this.#unanswered.set(member, cycle);
    }
    return undefined;
  }
}
