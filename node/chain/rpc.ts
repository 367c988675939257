/**
 * Plain JSON-RPC to the chain, by any of its URLs: Hardhat, anvil, geth and Besu are the same here. Calls
 * made together travel together. When a URL fails the next one is asked from then on, and trouble is
 * told apart: the chain is down, or it said no.
 */
import { FetchRequest, isError, JsonRpcProvider, Network } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import { ChainDownError, ChainRpcError } from "./errors.ts";

export type RpcOptions = {
  readonly urls: readonly string[];
  readonly chainId: number;
  readonly timeoutMs: number;
};

/** What is read of a block. Quantities are hexadecimal, as JSON-RPC has them. */
export type RpcBlock = {
  readonly number: Hex;
  readonly hash: Hex;
  readonly timestamp: Hex;
  readonly baseFeePerGas?: Hex;
};

/** Larger batches are refused by many servers. */
const BATCH_MAX = 50;
/** JSON-RPC's "resource unavailable": a chain that is starting. */
const UNAVAILABLE = -32_002;

export class ChainRpc {
  readonly #providers: readonly JsonRpcProvider[];
  readonly #urls: readonly string[];
  #current = 0;
  #downSinceMs: number | undefined;

  constructor({ urls, chainId, timeoutMs }: RpcOptions) {
    this.#urls = urls;
    this.#providers = urls.map((url) => {
      const request = new FetchRequest(url);
      request.timeout = timeoutMs;
      // Being turned away is for us to see, not to be waited out inside.
      request.setThrottleParams({ maxAttempts: 1 });
      return new JsonRpcProvider(request, Network.from(chainId), {
        staticNetwork: true,
        cacheTimeout: -1,
        polling: true,
        batchMaxCount: BATCH_MAX,
        batchStallTime: 0,
      });
    });
  }

  /** Since when no call has been answered, in ms since 1970; undefined while the chain answers. */
  get downSinceMs(): number | undefined {
    return this.#downSinceMs;
  }

  /**
   * @returns the call's result as JSON-RPC has it.
   * @throws ChainDownError when there is no answer; ChainRpcError when the answer is no, its cause an
   * error whose `data` is what a contract reverted with, if it did.
   */
  async call<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    const asked = this.#current;
    try {
      const result = (await this.#providers[asked]!.send(method, [...params])) as T;
      this.#downSinceMs = undefined;
      return result;
    } catch (error) {
      const answer = answerIn(error);
      if (answer !== undefined && answer.code !== UNAVAILABLE) {
        this.#downSinceMs = undefined;
        throw new ChainRpcError(method, answer.code, answer.message, { cause: error });
      }
      this.#downSinceMs ??= Date.now();
      if (this.#current === asked) this.#current = (asked + 1) % this.#providers.length;
      throw new ChainDownError(
        `${this.#urls[asked]}, ${answer?.message ?? (error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** A block by its number or name, null if the chain has not come so far. */
  block(name: number | "latest"): Promise<RpcBlock | null> {
    return this.call("eth_getBlockByNumber", [
      typeof name === "number" ? quantity(name) : name,
      false,
    ]);
  }

  destroy(): void {
    for (const provider of this.#providers) provider.destroy();
  }
}

/** A number as JSON-RPC writes it. */
export function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}

/** What a contract reverted with, or undefined if the error is another. */
export function revertDataOf({ cause }: ChainRpcError): Hex | undefined {
  return isError(cause, "CALL_EXCEPTION") && cause.data !== null ? (cause.data as Hex) : undefined;
}

/** The error that the chain answered with, out of what ethers makes of it; undefined if it did not answer. */
function answerIn(error: unknown): { readonly code: number; readonly message: string } | undefined {
  const { error: direct, info } = error as { error?: unknown; info?: { error?: unknown } };
  const { code, message } = (direct ?? info?.error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === "number" ? { code, message: String(message) } : undefined;
}
