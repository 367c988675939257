/**
 * Transactions of one account, by nonce. A call is signed once, with one nonce, and those same bytes are
 * sent until they are included: a chain that lost its pool, or an answer that never came, can therefore
 * not make it happen twice. Calls go out one after the other and may wait for their blocks together.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Transaction } from "ethers";
import { type Hex, fromHex, toHex } from "../../protocol/bytes.ts";
import { signTypedDigest, validatorAddress } from "../../protocol/typed-data.ts";
import type { Logger } from "../service/telemetry.ts";
import { untilAborted } from "../service/until-aborted.ts";
import { decodeRevert } from "./contracts.ts";
import { ChainDownError, ChainRevert, ChainRpcError, NonceTakenError } from "./errors.ts";
import { type ChainRpc, quantity, revertDataOf } from "./rpc.ts";

/** The secp256k1 key of an account, here or in an HSM. */
export type AccountKey = {
  /** Lower case. */
  readonly address: Hex;
  /** @returns r ‖ s ‖ v over a 32-byte digest, 65 bytes, low s, v 27 or 28. */
  sign(digest: Uint8Array): Promise<Uint8Array>;
};

/** What to do: `to` is absent where a contract is created. */
export type Instruction = {
  readonly to?: Hex;
  readonly data: Hex;
  /** Bound on the gas. Estimated where absent, which also tells a revert before anything is sent. */
  readonly gas?: bigint;
};

/** Where a transaction was included. Quantities are hexadecimal, as JSON-RPC has them. */
export type Receipt = {
  readonly transactionHash: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly status: Hex;
  readonly gasUsed: Hex;
  readonly contractAddress: Hex | null;
};

export type ChainAccountParts = {
  readonly rpc: ChainRpc;
  readonly chainId: number;
  readonly key: AccountKey;
  readonly logger: Pick<Logger, "warn">;
};

export type ChainAccountOptions = {
  /** How often receipts are looked for. */
  readonly pollMs: number;
  /** After how long what is not included is sent again. */
  readonly resendMs: number;
  /** How far servers of one chain may be apart: no verdict on what is missing comes sooner. */
  readonly lagMs: number;
};

type InFlight = {
  readonly nonce: number;
  readonly hash: Hex;
  readonly raw: Hex;
  readonly instruction: Instruction;
  readonly done: PromiseWithResolvers<Receipt>;
  sentMs: number;
  /** Since when the nonce has been used while there is no receipt. */
  passedSinceMs: number | undefined;
};

type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** Estimates are of the state now; by inclusion a call may touch a few slots more. */
const GAS_MARGIN_PERCENT = 25n;
/** What one transaction may use at most (EIP-7825). */
const GAS_MAX = 1n << 24n;
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

  /** Signs it with the next nonce and offers it to the chain. Where that fails for good the nonce is free again. */
  async #dispatch(instruction: Instruction): Promise<InFlight> {
    this.#stop.signal.throwIfAborted();
    const gas = instruction.gas ?? (await this.#estimate(instruction));
    const [fees, nonce] = await Promise.all([this.#fees(), this.#nextNonce()]);
    const signed = await this.#sign(instruction, nonce, gas, fees);
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
      await this.#offer(flight.raw);
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

  async #estimate({ to, data }: Instruction): Promise<bigint> {
    try {
      const gas = BigInt(
        await this.#parts.rpc.call<Hex>("eth_estimateGas", [{ from: this.address, to, data }]),
      );
      const roomy = (gas * (100n + GAS_MARGIN_PERCENT)) / 100n;
      return roomy > GAS_MAX && gas <= GAS_MAX ? GAS_MAX : roomy;
    } catch (error) {
      throw asRevert(error) ?? error;
    }
  }

  /** Room for the base fee to double before it is included. A chain without fees asks for none. */
  async #fees(): Promise<Fees> {
    const [price, block] = await Promise.all([
      this.#parts.rpc.call<Hex>("eth_gasPrice"),
      this.#parts.rpc.block("latest"),
    ]);
    const base = BigInt(block?.baseFeePerGas ?? 0);
    const tip = BigInt(price) > base ? BigInt(price) - base : 0n;
    return { maxFeePerGas: 2n * base + tip, maxPriorityFeePerGas: tip };
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

  async #sign(
    instruction: Instruction,
    nonce: number,
    gasLimit: bigint,
    fees: Fees,
  ): Promise<{ raw: Hex; hash: Hex }> {
    const { to = null, data } = instruction;
    const transaction = Transaction.from({
      type: 2,
      chainId: this.#parts.chainId,
      nonce,
      to,
      data,
      gasLimit,
      ...fees,
    });
    transaction.signature = toHex(
      await this.#parts.key.sign(fromHex(transaction.unsignedHash, 32)),
    );
    return { raw: transaction.serialized as Hex, hash: transaction.hash as Hex };
  }

  async #offer(raw: Hex): Promise<void> {
    try {
      await this.#parts.rpc.call("eth_sendRawTransaction", [raw]);
    } catch (error) {
      if (
        !(
          error instanceof ChainRpcError &&
          /already (known|imported)|known transaction/i.test(error.message)
        )
      )
        throw error;
    }
  }

  /** Runs while something is in flight. */
  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#inFlight.size > 0 && !signal.aborted) {
      await sleep(this.#options.pollMs, undefined, { signal }).catch(() => undefined);
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
      else flight.done.reject(await this.#reasonOf(flight, receipt));
      this.#inFlight.delete(flight.nonce);
    }
  }

  /** Why a transaction that was included failed: what the same call says on the state around it. */
  async #reasonOf(
    { instruction: { to, data } }: InFlight,
    { blockNumber, transactionHash }: Receipt,
  ): Promise<ChainRevert> {
    for (const block of [BigInt(blockNumber) - 1n, BigInt(blockNumber)]) {
      try {
        await this.#parts.rpc.call("eth_call", [{ from: this.address, to, data }, quantity(block)]);
      } catch (error) {
        const revert = asRevert(error);
        if (revert !== undefined) return revert;
        if (error instanceof ChainDownError) throw error;
      }
    }
    return new ChainRevert("unknown", [transactionHash]);
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
        await this.#offer(flight.raw).catch((error: unknown) => this.#warn(error, flight.nonce));
        continue;
      }
      flight.passedSinceMs ??= now;
      if (now - flight.passedSinceMs < this.#options.lagMs) continue;
      this.#inFlight.delete(flight.nonce);
      flight.done.reject(new NonceTakenError(this.address, flight.nonce));
    }
  }

  async #fill(nonce: number): Promise<void> {
    const { raw } = await this.#sign(
      { to: this.address, data: "0x" },
      nonce,
      FILLER_GAS,
      await this.#fees(),
    );
    await this.#offer(raw).catch((error: unknown) => this.#warn(error, nonce));
  }

  #warn(error: unknown, nonce: number): void {
    if (error instanceof ChainDownError) throw error;
    this.#parts.logger.warn(
      { err: error, address: this.address, nonce },
      "the chain does not take a transaction that waits",
    );
  }
}

function asRevert(error: unknown): ChainRevert | undefined {
  if (!(error instanceof ChainRpcError)) return undefined;
  const data = revertDataOf(error);
  return data === undefined ? undefined : decodeRevert(data, { cause: error });
}

/** Hardhat, geth and Besu each say it in their own words. */
function isNonceTaken(error: unknown): boolean {
  return (
    error instanceof ChainRpcError &&
    /nonce.*too low|nonce below|replacement|underpriced/i.test(error.message)
  );
}
