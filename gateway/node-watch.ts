/**
 * What the gateway knows of its node: whether it is there, of our network and up with the chain, what the
 * network allows, who the members are, and each event as it is folded. Everything else here asks the node
 * when it needs to know; this is what must be known beforehand.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fromHex, type Hex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import type { MemberId } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";
import {
  type FoldedEvent,
  type MemberRow,
  type NodeClient,
  type NodeStatus,
  NodeUnreachableError,
} from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import { Recurring } from "./recurring.ts";

/** Runs what asks the node. @throws Refusal `unavailable` if it does not answer. */
export async function whileNodeAnswers<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof NodeUnreachableError)) throw error;
    throw new Refusal("unavailable", "the member's node does not answer");
  }
}

export type NodeWatchParts = {
  readonly node: Pick<NodeClient, "status" | "members" | "events">;
  readonly networkId: Hex;
  readonly logger: Logger;
  /** How often the node is asked how it is. */
  readonly everyMs: number;
};

/** The next event waits for it. */
export type EventListener = (event: FoldedEvent) => void | Promise<void>;

type Known = { readonly status: NodeStatus; readonly members: ReadonlyMap<MemberId, MemberRow> };

export class NodeWatch {
  readonly #parts: NodeWatchParts;
  readonly #listeners: EventListener[] = [];
  readonly #stopping = new AbortController();
  #known: Known | undefined;
  /** Why nothing can be asked of the node; undefined while it can. */
  #trouble: string | undefined = "the node has not answered yet";
  #isForeign = false;
  /** Why what it says may be long over. */
  #lag: string | undefined;
  readonly #looking: Recurring;
  #following: Promise<void> | undefined;

  constructor(parts: NodeWatchParts) {
    this.#parts = parts;
    const { everyMs, logger } = parts;
    const failure = "the node's state is not known";
    this.#looking = new Recurring({ task: () => this.#look(), everyMs, logger, failure });
  }

  onEvent(listener: EventListener): void {
    this.#listeners.push(listener);
  }

  /** Asks once, so that a node that is there is known at once, and goes on watching. */
  async start(): Promise<void> {
    await this.#look();
    this.#looking.start();
    this.#following ??= this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking.stop();
    await this.#following;
  }

  /** What keeps the node from being of use, if anything. */
  get trouble(): string | undefined {
    return this.#trouble ?? this.#lag;
  }

  /** Whether the node has answered, and is of another network than we are. */
  get isForeign(): boolean {
    return this.#isForeign;
  }

  /** @throws Refusal `unavailable` while the node is away, or of another network. */
  check(): void {
    if (this.#trouble !== undefined) throw new Refusal("unavailable", this.#trouble);
  }

  /** As `check`, and also while the node is not up with the chain. */
  checkCurrent(): void {
    this.check();
    if (this.#lag !== undefined) throw new Refusal("unavailable", this.#lag);
  }

  /** Milliseconds that receipts and certificates may live. @throws Refusal `unavailable` before the node has answered. */
  receiptLifeMs(): number {
    return this.#knowledge().status.receiptLifeS * 1000;
  }

  /** Milliseconds from a revocation until the treasury may reclaim. @throws Refusal `unavailable`. */
  reclaimDelayMs(): number {
    return this.#knowledge().status.reclaimDelayS * 1000;
  }

  /** Milliseconds in which a double spend can be reported once the winner's cycle has settled. @throws Refusal `unavailable`. */
  claimPeriodMs(): number {
    return this.#knowledge().status.claimPeriodS * 1000;
  }

  /** Of an amount spent twice, what is to be paid as a fine. @throws Refusal `unavailable`. */
  penaltyPercent(): number {
    return this.#knowledge().status.penaltyPercent;
  }

  /** @throws Refusal `unavailable` before the node has answered. */
  member(id: MemberId): MemberRow | undefined {
    return this.#knowledge().members.get(id);
  }

  /** The present issuer key of a member. */
  issuerOf(id: MemberId): Uint8Array | undefined {
    const row = this.#known?.members.get(id);
    return row === undefined ? undefined : fromHex(row.issuer, 33);
  }

  /** The present treasury key of a member. */
  treasuryOf(id: MemberId): Uint8Array | undefined {
    const row = this.#known?.members.get(id);
    return row === undefined ? undefined : fromHex(row.treasury, 33);
  }

  /** What couriers' requests to a member are sealed to, as the registry has it. @throws Refusal `unknown-member`, `unavailable`. */
  intakeOf(id: MemberId): Uint8Array {
    const row = this.member(id);
    if (row === undefined) throw new Refusal("unknown-member", `there is no member ${id}`);
    if (row.intake === undefined) {
      throw new Refusal("unavailable", "the node has not read the registry yet");
    }
    return fromHex(row.intake as Hex, 33);
  }

  /** Whether it is the owner of a treasury key that a member has or had. */
  isTreasury(id: MemberId, owner: Owner): boolean {
    return this.#known?.members.get(id)?.treasuryOwners.includes(owner) === true;
  }

  /** The member that has or had this treasury key's owner. @throws Refusal `unknown-member`, `unavailable`. */
  memberOfTreasury(owner: Owner): MemberId {
    for (const { member, treasuryOwners } of this.#knowledge().members.values()) {
      if (treasuryOwners.includes(owner)) return member;
    }
    throw new Refusal("unknown-member", "the owner is no member's treasury");
  }

  #knowledge(): Known {
    if (this.#known === undefined)
      throw new Refusal("unavailable", "the node has not answered yet");
    return this.#known;
  }

  async #look(): Promise<void> {
    const { node, networkId, logger } = this.#parts;
    const before = this.trouble;
    try {
      const status = await node.status();
      const isOurs = status.networkId === networkId;
      this.#isForeign = !isOurs;
      const { chainState } = status;
      this.#trouble = isOurs ? undefined : `the node is of another network: ${status.networkId}`;
      this.#lag = chainState === "following" ? undefined : `the node's chain is ${chainState}`;
      if (isOurs) {
        const members = await node.members();
        this.#known = { status, members: new Map(members.map((row) => [row.member, row])) };
      }
    } catch (error) {
      this.#trouble = "the node does not answer";
      if (before !== this.#trouble) logger.warn({ err: error }, this.#trouble);
    }
    if (before === this.trouble) return;
    if (this.trouble === undefined) logger.info("the node can be used");
    else logger.warn({ trouble: this.trouble }, "the node cannot be used");
  }

  /** Events from now on: what was before is asked for by those who need it. */
  async #follow(): Promise<void> {
    const { node, logger } = this.#parts;
    const { signal } = this.#stopping;
    let last: number | undefined;
    while (!signal.aborted) {
      try {
        if (last === undefined && this.#trouble === undefined) last = this.#known!.status.seq;
        if (last === undefined) {
          await this.#pause();
          continue;
        }
        for await (const event of node.events(last, signal)) {
          last = event.seq;
          if (event.kind === "member-changed") await this.#look();
          for (const listener of this.#listeners) await listener(event);
        }
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ err: error }, "the node's events broke off");
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    await sleep(this.#parts.everyMs, undefined, { signal: this.#stopping.signal }).catch(
      () => undefined,
    );
  }
}
