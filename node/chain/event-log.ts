/**
 * The log as the fold reads it: every event once, in the order of `seq`, from where the fold stands on.
 *
 * What the chain answers is not trusted to be complete. Servers behind one address differ in how far
 * they are, and one that lags gives fewer logs without saying so: a missing `seq` is looked for again
 * before it is called a gap, and at the head the registry's own count must agree. The block under the
 * cursor is checked with every page: if it is another, the fold stands on a history that is gone.
 */
import type { Hex } from "../../protocol/bytes.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import type { ChainPlace, PlacedEvent } from "../ledger/event.ts";
import { Nudge } from "../service/nudge.ts";
import { decodeResult, encodeCall } from "./contracts.ts";
import { ChainDownError, ChainGapError, ChainHistoryError, ChainRpcError } from "./errors.ts";
import { decodeLog, type LogWriter, type RpcLog } from "./events.ts";
import { type ChainRpc, quantity, type RpcBlock } from "./rpc.ts";

/** Where the fold stands: after this event. */
export type LogCursor = {
  readonly seq: number;
  readonly place: Pick<ChainPlace, "blockNumber" | "blockHash">;
};

export type EventLogParts = {
  readonly rpc: ChainRpc;
  readonly network: NetworkFile;
  /** Blocks on top of an event's block before it is given out. */
  readonly confirmations: () => number;
  /** Told when there are new blocks, before they are read. */
  readonly onBlocks: () => void;
  /** Told of each event of the registry, those beside the ledger included: who is in it may have changed. */
  readonly onRegistryEvent: (block: number) => void;
  /** Told of each event of Disputes, none of which is the ledger's. */
  readonly onDisputesEvent: () => void;
  /** Told what holds the log up, and undefined when nothing does any more. */
  readonly onDelay: (detail: string | undefined) => void;
};

export type EventLogOptions = {
  /** How often the head is looked at. */
  readonly pollMs: number;
  /** Blocks asked for at once, at most. */
  readonly blocksMax: number;
  /** How long to wait at most before the chain is asked again after it failed. */
  readonly pauseMaxMs: number;
  /** How far servers of one chain may be apart: events missing for longer are a gap. */
  readonly lagMs: number;
};

/** Pages of more logs than this are not made larger. */
const LOGS_WANTED = 2000;
/** Block headers asked for at once. */
const HEADERS_MAX = 200;
const COUNT_CALL = { contract: "registry", method: "seq", args: [] } as const;

type Page = {
  /** In the chain's order. */
  readonly logs: readonly RpcLog[];
  /** Block times by number, of every block with logs. */
  readonly times: ReadonlyMap<number, number>;
  /** The registry's count after the page's last block. */
  readonly count: number | undefined;
};

/** The chain answers, but not from where it already was, or not with one voice. */
class BehindError extends Error {}

export class EventLog {
  readonly #parts: EventLogParts;
  readonly #options: EventLogOptions;
  readonly #writers: ReadonlyMap<string, LogWriter>;
  readonly #nudge = new Nudge();
  /** Blocks to ask for at once: fewer after the chain refused, more after it answered. */
  #blocks: number;

  constructor(parts: EventLogParts, options: EventLogOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#blocks = options.blocksMax;
    const { registry, settlement } = parts.network.contracts;
    this.#writers = new Map([
      [registry, "registry"],
      [settlement, "settlement"],
    ]);
  }

  /**
   * Every event after `from`, or from the first on; waits for more until `signal` is aborted.
   * @throws Refusal `lost-history`, `unsupported-version`: the node cannot go on.
   */
  async *follow(
    from: LogCursor | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent, void> {
    let cursor = from ?? this.#beginning();
    let scanned = cursor.place.blockNumber - 1;
    let missingSince: number | undefined;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const head = await this.#final(cursor);
        if (scanned < head) this.#parts.onBlocks();
        while (scanned < head && !signal.aborted) {
          const to = Math.min(scanned + this.#blocks, head);
          const page = await this.#page(scanned + 1, to, to === head, cursor);
          for (const placed of this.#eventsOf(page, cursor)) {
            cursor = { seq: placed.event.seq, place: placed.place };
            missingSince = undefined;
            yield placed;
          }
          if (page.count !== undefined && page.count > cursor.seq)
            throw new ChainGapError(cursor.seq + 1, page.count, to);
          scanned = to;
          failures = 0;
        }
        missingSince = undefined;
        failures = 0;
        this.#parts.onDelay(undefined);
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (error instanceof ChainGapError) {
          missingSince ??= Date.now();
          if (Date.now() - missingSince > this.#options.lagMs) throw error;
        }
        // What was left out is looked for from the last event on, whose block may hold more of them.
        if (error instanceof ChainGapError || error instanceof BehindError) {
          scanned = cursor.place.blockNumber - 1;
        } else {
          failures++;
        }
        this.#parts.onDelay((error as Error).message);
      }
      const pauseMs = Math.min(
        this.#options.pollMs * 2 ** Math.min(failures, 10),
        this.#options.pauseMaxMs,
      );
      await this.#nudge.rest(pauseMs, signal);
    }
  }

  /** There may be new blocks: the head is looked at without a pause. */
  look(): void {
    this.#nudge.give();
  }

  /** Before the first event stands the block that the network's id is anchored in. */
  #beginning(): LogCursor {
    const { openedAtBlock, anchor } = this.#parts.network;
    return { seq: 0, place: { blockNumber: openedAtBlock - 1, blockHash: anchor } };
  }

  /** Number of the last block that counts as final. Not by the tag: some engines leave that at 0. */
  async #final({ place }: LogCursor): Promise<number> {
    const head = await this.#parts.rpc.call<Hex>("eth_blockNumber");
    const final = Number(head) - this.#parts.confirmations();
    if (final < place.blockNumber) {
      throw new BehindError(
        `the chain has ${final} final blocks, and this node has read ${place.blockNumber}`,
      );
    }
    return final;
  }

  /** Asks for all that belongs to a page together: one server answers, or none. */
  async #page(from: number, to: number, isHead: boolean, { place }: LogCursor): Promise<Page> {
    const { rpc, network } = this.#parts;
    const { disputes } = network.contracts;
    const address = [...this.#writers.keys(), ...(disputes === undefined ? [] : [disputes])];
    try {
      const [logs, last, under, count] = await Promise.all([
        rpc.call<readonly RpcLog[]>("eth_getLogs", [
          { address, fromBlock: quantity(from), toBlock: quantity(to) },
        ]),
        rpc.block(to),
        rpc.block(place.blockNumber),
        isHead ? this.#count(to) : undefined,
      ]);
      if (last === null || under === null)
        throw new BehindError(`the chain has no block ${under === null ? place.blockNumber : to}`);
      if (under.hash !== place.blockHash)
        throw new ChainHistoryError(place.blockNumber, place.blockHash, under.hash);
      if (logs.length < LOGS_WANTED) {
        this.#blocks = Math.min(
          this.#blocks + Math.ceil(this.#blocks / 8),
          this.#options.blocksMax,
        );
      }
      const sorted = logs.toSorted(
        (a, b) =>
          Number(a.blockNumber) - Number(b.blockNumber) || Number(a.logIndex) - Number(b.logIndex),
      );
      return { logs: sorted, times: await this.#times(sorted, last), count };
    } catch (error) {
      if (error instanceof ChainRpcError)
        this.#blocks = Math.max(1, Math.floor((to - from + 1) / 2));
      throw error;
    }
  }

  async #count(block: number): Promise<number> {
    const to = this.#parts.network.contracts.registry;
    const data = await this.#parts.rpc.call<Hex>("eth_call", [
      { to, data: encodeCall(COUNT_CALL) },
      quantity(block),
    ]);
    return Number(decodeResult(COUNT_CALL, data)[0]);
  }

  /** Block times of the logs, by block. @param last the last block of the page, which is at hand. */
  async #times(logs: readonly RpcLog[], last: RpcBlock): Promise<ReadonlyMap<number, number>> {
    const hashes = new Map(
      logs.map(({ blockNumber, blockHash }) => [Number(blockNumber), blockHash]),
    );
    const numbers = [...hashes.keys()];
    const times = new Map<number, number>();
    const blockOf = async (number: number) =>
      number === Number(last.number) ? last : await this.#parts.rpc.block(number);
    for (let at = 0; at < numbers.length; at += HEADERS_MAX) {
      const blocks = await Promise.all(numbers.slice(at, at + HEADERS_MAX).map(blockOf));
      for (const block of blocks) {
        if (block === null || block.hash !== hashes.get(Number(block.number)))
          throw new BehindError("the chain's logs are not those of its blocks");
        times.set(Number(block.number), Number(block.timestamp));
      }
    }
    return times;
  }

  *#eventsOf({ logs, times }: Page, { seq, place }: LogCursor): Generator<PlacedEvent, void> {
    let next = seq + 1;
    for (const log of logs) {
      const writer = this.#writers.get(log.address.toLowerCase());
      if (writer === undefined) {
        this.#parts.onDisputesEvent();
        continue;
      }
      const blockNumber = Number(log.blockNumber);
      if (writer === "registry") this.#parts.onRegistryEvent(blockNumber);
      const event = decodeLog(writer, log);
      if (event === null || (event.seq <= seq && blockNumber === place.blockNumber)) continue;
      if (event.seq !== next) throw new ChainGapError(next, event.seq, blockNumber);
      next++;
      yield {
        event,
        place: {
          blockNumber,
          blockHash: log.blockHash,
          logIndex: Number(log.logIndex),
          blockTimeS: times.get(blockNumber)!,
        },
      };
    }
  }
}

/** Whether waiting may mend it. A gap is no gap before it was looked for again. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof BehindError ||
    error instanceof ChainGapError ||
    error instanceof ChainDownError ||
    error instanceof ChainRpcError
  );
}
