/**
 * A network's chain as the rest of a node knows it: events in `seq` order, what the contracts say, and
 * calls by one account. It says by name how things stand, so that readiness can tell. Everything of
 * ethers stays in this folder.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { BatchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { PlacedEvent } from "../ledger/event.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";
import { type AccountKey, ChainAccount } from "./account.ts";
import { closeCycle, sequence, settle } from "./calls.ts";
import { addressOf, type ContractCall, encodeCall } from "./contracts.ts";
import { ChainDownError } from "./errors.ts";
import { EventLog, type LogCursor } from "./event-log.ts";
import type { NetworkParameters } from "./members.ts";
import { ContractReader } from "./reader.ts";
import { ChainRpc } from "./rpc.ts";
import { readSettledCycle, type SettledCycle } from "./settled-cycle.ts";
import { estimateGas, type Receipt } from "./transaction.ts";

export type ChainClientParts = {
  readonly network: NetworkFile;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** The account that calls are made from; absent for an observer. */
  readonly key?: AccountKey | undefined;
  /** Called when who is in the registry, or where, may have changed, with the block. Often for nothing; it must be quick. */
  readonly onRegistryChange?: (block: number) => void;
};

export type ChainClientOptions = {
  /** Instead of those of the network file. */
  readonly rpcUrls?: readonly string[];
  /** How often the chain is asked for what is new. A third of a block period by default. */
  readonly pollMs?: number;
  /** How long one call may take. */
  readonly timeoutMs?: number;
  /** Blocks whose logs are asked for at once, at most. */
  readonly blocksMax?: number;
  /** How long to wait at most before a chain that does not answer is asked again. */
  readonly pauseMaxMs?: number;
  /** How far servers behind one URL may be apart: missing events and nonces are no verdict before. */
  readonly lagMs?: number;
};

/** How things stand with the chain. Only `following` is ready. */
export type ChainState =
  | { readonly kind: "starting" }
  | { readonly kind: "following" }
  /** It answers, but from behind what this node has already read. */
  | { readonly kind: "chain-behind"; readonly detail: string }
  /** It does not answer. */
  | { readonly kind: "chain-down"; readonly sinceMs: number };

const POLL_MAX_MS = 1000;

export class ChainClient implements AsyncDisposable {
  readonly network: NetworkFile;
  readonly reader: ContractReader;
  readonly #parts: ChainClientParts;
  readonly #options: Required<Omit<ChainClientOptions, "rpcUrls" | "pollMs">>;
  readonly #pollMs: number | undefined;
  readonly #rpc: ChainRpc;
  readonly #stop = new AbortController();
  readonly #disputesListeners: (() => void)[] = [];
  #parameters: NetworkParameters | undefined;
  #account: ChainAccount | undefined;
  #log: EventLog | undefined;
  #following = false;
  #delay: string | undefined;

  constructor(parts: ChainClientParts, options: ChainClientOptions = {}) {
    const {
      rpcUrls: urls = parts.network.rpcUrls,
      pollMs,
      timeoutMs = 10_000,
      blocksMax = 5000,
      pauseMaxMs = 5000,
      lagMs = 10_000,
    } = options;
    this.network = parts.network;
    this.#parts = parts;
    this.#options = { timeoutMs, blocksMax, pauseMaxMs, lagMs };
    this.#pollMs = pollMs;
    this.#rpc = new ChainRpc({ urls, chainId: parts.network.chainId, timeoutMs });
    this.reader = new ContractReader(this.#rpc, parts.network.contracts);
  }

  get state(): ChainState {
    const sinceMs = this.#rpc.downSinceMs;
    if (sinceMs !== undefined) return { kind: "chain-down", sinceMs };
    if (this.#delay !== undefined) return { kind: "chain-behind", detail: this.#delay };
    return { kind: this.#following ? "following" : "starting" };
  }

  /** The account that calls are made from. */
  get address(): Hex {
    if (this.#parts.key === undefined) throw new Error("this client has no account to send from");
    return this.#parts.key.address;
  }

  /** The network's parameters as last read; kept up to date while events are followed. */
  get parameters(): NetworkParameters {
    if (this.#parameters === undefined) throw new Error("the chain client has not started");
    return this.#parameters;
  }

  /**
   * Waits until the chain answers, and makes sure that it is the network's.
   * @param signal ends the waiting.
   * @throws Refusal `wrong-network` when another chain or network is there.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const { chainId, networkId } = this.network;
    const [foundChain, foundNetwork] = await this.#patiently(
      () => Promise.all([this.#rpc.call<Hex>("eth_chainId"), this.reader.networkId()]),
      signal,
    );
    if (Number(foundChain) !== chainId)
      throw new Refusal(
        "wrong-network",
        `the chain has id ${Number(foundChain)}, the network file ${chainId}`,
      );
    if (foundNetwork !== networkId)
      throw new Refusal(
        "wrong-network",
        `the registry is of network ${foundNetwork}, the network file of ${networkId}`,
      );
    this.#parameters = await this.#patiently(() => this.reader.parameters(), signal);
    const { key, logger } = this.#parts;
    if (key !== undefined) {
      const pollMs = this.#poll();
      const options = { pollMs, resendMs: 8 * pollMs, lagMs: this.#options.lagMs };
      this.#account = new ChainAccount({ rpc: this.#rpc, chainId, key, logger }, options);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the chain client was stopped"));
    await this.#account?.stop();
    this.#rpc.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Others know of more blocks: the chain is asked for them without a pause. */
  look(): void {
    this.#log?.look();
  }

  /** Hears, while events are followed, when bonds or cases may have changed. It must be quick. */
  onDisputesChange(listener: () => void): void {
    this.#disputesListeners.push(listener);
  }

  /**
   * Every event after the cursor, or from the first on, in `seq` order, for ever.
   * @throws Refusal `lost-history`, `unsupported-version`: the node cannot go on.
   */
  async *events(
    from: LogCursor | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent, void> {
    this.#log = new EventLog(
      {
        rpc: this.#rpc,
        network: this.network,
        confirmations: () => this.parameters.confirmations,
        onBlocks: () => this.#account?.look(),
        onRegistryEvent: (block) => this.#parts.onRegistryChange?.(block),
        onDisputesEvent: () => {
          for (const listener of this.#disputesListeners) listener();
        },
        onDelay: (detail) => {
          this.#following ||= detail === undefined;
          this.#delayed(detail);
        },
      },
      { ...this.#options, pollMs: this.#poll() },
    );
    for await (const placed of this.#log.follow(
      from,
      AbortSignal.any([signal, this.#stop.signal]),
    )) {
      if (placed.event.kind === "protocol")
        this.#parameters = await this.#patiently(() => this.reader.parameters());
      yield placed;
    }
  }

  /**
   * Says it to the contract, and returns once that is in a block.
   * @throws ChainRevert with the name of the contract's refusal; ChainDownError if nothing was sent.
   */
  async send(call: ContractCall, signal?: AbortSignal): Promise<Receipt> {
    if (this.#account === undefined) throw new Error("this client has no account to send from");
    return this.#account.send(
      { to: addressOf(this.network.contracts, call.contract), data: encodeCall(call) },
      signal,
    );
  }

  /** Asks the contract whether it would take the call now, from this account. @throws ChainRevert if not. */
  async simulate(call: ContractCall): Promise<void> {
    const to = addressOf(this.network.contracts, call.contract);
    await estimateGas(this.#rpc, this.address, { to, data: encodeCall(call) });
  }

  async sequence(header: BatchHeader, signatures: readonly Uint8Array[]): Promise<void> {
    await this.send(sequence(header, signatures));
  }

  async closeCycle(): Promise<void> {
    await this.send(closeCycle());
  }

  async settle(checkpoint: Checkpoint, signatures: readonly Uint8Array[]): Promise<void> {
    await this.send(settle(checkpoint, signatures));
  }

  async batchesOf(member: number): Promise<number> {
    return this.reader.batchesOf(member);
  }

  /** The state root that a settled cycle has on chain. Waits for a chain that lags behind the settlement. */
  async settledStateRoot(cycle: number): Promise<Hex> {
    return this.#patiently(async () => {
      const { settledAtS, stateRoot } = await this.reader.cycle(cycle);
      if (settledAtS === 0)
        throw new ChainDownError(`cycle ${cycle} is not settled yet where it was asked`);
      return stateRoot;
    });
  }

  /** How a cycle was settled. @param block of its `Settled`. @throws Error if it cannot be read there. */
  async settledCycle(cycle: number, block: number): Promise<SettledCycle> {
    return await readSettledCycle(this.#rpc, this.reader, this.network, cycle, block);
  }

  #poll(): number {
    return (
      this.#pollMs ??
      Math.min(POLL_MAX_MS, Math.max(20, Math.floor(this.parameters.blockPeriodMs / 3)))
    );
  }

  #delayed(detail: string | undefined): void {
    if (detail !== undefined && this.#delay === undefined)
      this.#parts.logger.warn({ detail }, "the chain holds the log up");
    if (detail === undefined && this.#delay !== undefined)
      this.#parts.logger.info("the log goes on");
    this.#delay = detail;
  }

  /** Until the chain answers, the client is stopped, or `ended` is aborted. */
  async #patiently<T>(work: () => Promise<T>, ended?: AbortSignal): Promise<T> {
    const stop = this.#stop.signal;
    const signal = ended === undefined ? stop : AbortSignal.any([stop, ended]);
    const { pauseMaxMs } = this.#options;
    for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, pauseMaxMs)) {
      signal.throwIfAborted();
      try {
        const result = await untilAborted(work(), signal);
        this.#delayed(undefined);
        return result;
      } catch (error) {
        if (!(error instanceof ChainDownError)) throw error;
        this.#delayed(error.message);
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
