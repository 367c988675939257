/**
 * Transactions of one account, by nonce. A call is signed once, with one nonce, and those same bytes are
 * sent until they are included: a chain that lost its pool, or an answer that never came, can therefore
 * not make it happen twice. Calls go out one after the other and may wait for their blocks together.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { signTypedDigest, validatorAddress } from "../../protocol/typed-data.ts";
import { Nudge } from "../service/nudge.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";
import { ChainDownError, ChainRpcError, NonceTakenError } from "./errors.ts";
import type { ChainRpc } from "./rpc.ts";
import {
  estimateGas,
  type Fees,
  type Instruction,
  isNonceTaken,
  offer,
  readFees,
  reasonOf,
  type Receipt,
  type SignedTransaction,
  signTransaction,
} from "./transaction.ts";

/** The secp256k1 key of an account, here or in an HSM. */
export type AccountKey = {
  /** Lower case. */
  readonly address: Hex;
  /** @returns r ‖ s ‖ v over a 32-byte digest, 65 bytes, low s, v 27 or 28. */
  sign(digest: Uint8Array): Promise<Uint8Array>;
};

export type ChainAccountParts = {
  readonly rpc: ChainRpc;
  readonly chainId: number;
  readonly key: AccountKey;
  readonly logger: Pick<Logger, "warn">;
};

export type ChainAccountOptions = {
  /** How often receipts are looked for, unless whoever knows of new blocks says so. */
  readonly pollMs: number;
  /** After how long what is not included is sent again. */
  readonly resendMs: number;
  /** How far servers of one chain may be apart: no verdict on what is missing comes sooner. */
  readonly lagMs: number;
};

type InFlight = SignedTransaction & {
  readonly nonce: number;
  readonly instruction: Instruction;
  readonly done: PromiseWithResolvers<Receipt>;
  sentMs: number;
  /** Since when the nonce has been used while there is no receipt. */
  passedSinceMs: number | undefined;
};

/** What a transfer of nothing costs. */
const FILLER_GAS = 21_000n;

/** A key held in memory. */
export function accountKey(privateKey: Uint8Array): AccountKey {
  return {
    address: validatorAddress(privateKey),
    sign: async (digest) => signTypedDigest(privateKey, digest),
  };
}

export class ChainAccount implements AsyncDisposable {
  readonly #parts: ChainAccountParts;
  readonly #options: ChainAccountOptions;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #stop = new AbortController();
  readonly #nudge = new Nudge();
  /** The end of the queue of those who want a nonce. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The next nonce, once it is known. */
  #nonce: number | undefined;
  #watching: Promise<void> | undefined;

  constructor(parts: ChainAccountParts, options: ChainAccountOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get address(): Hex {
    return this.#parts.key.address;
  }

  /**
   * Does it, and returns once it is in a block. What was sent goes on after `signal` is aborted.
   * @throws ChainRevert when a contract says no; ChainDownError while the chain cannot be asked and nothing
   * was sent; ChainRpcError when the chain takes no such transaction; NonceTakenError.
   */
  async send(instruction: Instruction, signal?: AbortSignal): Promise<Receipt> {
    this.#stop.signal.throwIfAborted();
    const turn = this.#turn.then(() => this.#dispatch(instruction));
    this.#turn = turn.catch(() => undefined);
    const { done } = await turn;
    return signal === undefined ? done.promise : await untilAborted(done.promise, signal);
  }

  /** There are new blocks: receipts are looked for at once. */
  look(): void {
    if (this.#inFlight.size > 0) this.#nudge.give();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the account was stopped"));
    await this.#turn;
    await this.#watching;
    for (const { done } of this.#inFlight.values()) done.reject(this.#stop.signal.reason);
    this.#inFlight.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * The account is the operator's too, whose commands take nonces that nothing here hears of: one that is
   * only remembered may be gone by now, and then the chain is asked for the next.
   */
  async #dispatch(instruction: Instruction): Promise<InFlight> {
    this.#stop.signal.throwIfAborted();
    const { rpc } = this.#parts;
    const [gas, fees] = await Promise.all([
      instruction.gas ?? estimateGas(rpc, this.address, instruction),
      readFees(rpc),
    ]);
    const isRemembered = this.#nonce !== undefined;
    try {
      return await this.#offer(instruction, { gas, fees, nonce: await this.#nextNonce() });
    } catch (error) {
      if (!(isRemembered && error instanceof NonceTakenError)) throw error;
      return await this.#offer(instruction, { gas, fees, nonce: await this.#nextNonce() });
    }
  }

  /** Signs it and offers it to the chain. Where that fails for good the nonce is no longer remembered. */
  async #offer(
    instruction: Instruction,
    { gas, fees, nonce }: { readonly gas: bigint; readonly fees: Fees; readonly nonce: number },
  ): Promise<InFlight> {
    const { rpc, chainId, key } = this.#parts;
    const signed = await signTransaction(key, chainId, { instruction, nonce, gas, fees });
    const done = Promise.withResolvers<Receipt>();
    // Whoever waits may have gone; the others hear of it all the same.
    done.promise.catch(() => undefined);
    const flight = {
      ...signed,
      nonce,
      instruction,
      done,
      sentMs: Date.now(),
      passedSinceMs: undefined,
    };
    try {
      await offer(rpc, flight.raw);
    } catch (error) {
      // Without an answer it may be on its way: from here on the same bytes are sent until they are in.
      if (!(error instanceof ChainDownError)) {
        this.#nonce = undefined;
        throw isNonceTaken(error) ? new NonceTakenError(this.address, nonce) : error;
      }
    }
    this.#nonce = nonce + 1;
    this.#inFlight.set(nonce, flight);
    this.#watching ??= this.#watch();
    return flight;
  }

  async #nextNonce(): Promise<number> {
    if (this.#nonce !== undefined) return this.#nonce;
    const own = Math.max(-1, ...this.#inFlight.keys()) + 1;
    return Math.max(own, await this.#count("pending"));
  }

  async #count(block: "latest" | "pending"): Promise<number> {
    return Number(
      await this.#parts.rpc.call<Hex>("eth_getTransactionCount", [this.address, block]),
    );
  }

  /** Runs while something is in flight. */
  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#inFlight.size > 0 && !signal.aborted) {
      await this.#nudge.rest(this.#options.pollMs, signal);
      try {
        await this.#collect();
        await this.#resend();
      } catch (error) {
        if (!(error instanceof ChainDownError || error instanceof ChainRpcError)) throw error;
      }
    }
    this.#watching = undefined;
  }

  /** Hands out the receipts that are there. */
  async #collect(): Promise<void> {
    const flights = [...this.#inFlight.values()];
    const receipts = await Promise.all(
      flights.map(({ hash }) =>
        this.#parts.rpc.call<Receipt | null>("eth_getTransactionReceipt", [hash]),
      ),
    );
    for (const [index, flight] of flights.entries()) {
      const receipt = receipts[index] ?? null;
      if (receipt === null) continue;
      if (receipt.status === "0x1") flight.done.resolve(receipt);
      else
        flight.done.reject(
          await reasonOf(this.#parts.rpc, this.address, flight.instruction, receipt),
        );
      this.#inFlight.delete(flight.nonce);
    }
  }

  /** Sends again what has waited for long, and fills what is missing before it. */
  async #resend(): Promise<void> {
    const now = Date.now();
    const due = [...this.#inFlight.values()].filter(
      ({ sentMs }) => now - sentMs >= this.#options.resendMs,
    );
    if (due.length === 0) return;
    const [used, pending] = await Promise.all([this.#count("latest"), this.#count("pending")]);
    const last = Math.max(...due.map(({ nonce }) => nonce));
    for (let nonce = pending; nonce < last; nonce++) {
      // Sent before this process began, and lost with the chain's pool: nothing after it would ever go in.
      if (!this.#inFlight.has(nonce)) await this.#fill(nonce);
    }
    for (const flight of due) {
      if (flight.nonce >= used) {
        flight.sentMs = now;
        await offer(this.#parts.rpc, flight.raw).catch((error: unknown) =>
          this.#warn(error, flight.nonce),
        );
        continue;
      }
      flight.passedSinceMs ??= now;
      if (now - flight.passedSinceMs < this.#options.lagMs) continue;
      this.#inFlight.delete(flight.nonce);
      flight.done.reject(new NonceTakenError(this.address, flight.nonce));
    }
  }

  async #fill(nonce: number): Promise<void> {
    const { rpc, chainId, key } = this.#parts;
    const instruction = { to: this.address, data: "0x" } as const;
    const fees = await readFees(rpc);
    const { raw } = await signTransaction(key, chainId, {
      instruction,
      nonce,
      gas: FILLER_GAS,
      fees,
    });
    await offer(rpc, raw).catch((error: unknown) => this.#warn(error, nonce));
  }

  #warn(error: unknown, nonce: number): void {
    if (error instanceof ChainDownError) throw error;
    this.#parts.logger.warn(
      { err: error, address: this.address, nonce },
      "the chain does not take a transaction that waits",
    );
  }
}
