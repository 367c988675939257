/** Embedded chains for tests: a folder of their own, a funded account, plain JSON-RPC to them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type TransactionRequest, Wallet } from "ethers";
import { EmbeddedChain, type EmbeddedChainOptions } from "../../scripts/devnet/chain.ts";
import type { ChainProcessMessage } from "../../scripts/devnet/chain-process.ts";
import type { Hex } from "../../protocol/bytes.ts";

export const CHAIN_ID = 7411;

/** Holds coins on every chain made here. */
export const payer = new Wallet(`0x${"5a".repeat(32)}`);

/** A folder that is gone when the test is. */
export async function makeFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "tallystick-chain-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export function chainOptions(
  folder: string,
  more: Partial<EmbeddedChainOptions> = {},
): EmbeddedChainOptions {
  const funded = [payer.address.toLowerCase() as Hex];
  return { folder, port: 0, blockPeriodMs: 20, chainId: CHAIN_ID, funded, ...more };
}

export function makeChain(
  folder: string,
  more: Partial<EmbeddedChainOptions> = {},
  now = Date.now,
): EmbeddedChain {
  const onFailure = (error: Error): void => {
    throw error;
  };
  return new EmbeddedChain({ now, onFailure }, chainOptions(folder, more));
}

/**
 * A chain in a process of its own, and what it said first.
 * @param fileBlocksMax no file of the process may grow beyond so many times 512 bytes.
 */
export async function forkChain(
  options: EmbeddedChainOptions,
  fileBlocksMax?: number,
): Promise<{ readonly child: ChildProcess; readonly message: ChainProcessMessage }> {
  const script = fileURLToPath(new URL("../../scripts/devnet/chain-process.ts", import.meta.url));
  const command = `ulimit -f ${fileBlocksMax ?? "unlimited"}; exec "$0" "$@"`;
  const child = spawn("sh", ["-c", command, process.execPath, script, JSON.stringify(options)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [message] = (await once(child, "message")) as [ChainProcessMessage];
  return { child, message };
}

/** One call, its result or its error's code and text. */
export async function post(
  url: string,
  body: unknown,
): Promise<{ result?: unknown; error?: { code: number; message: string } }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
}

/** @throws Error with the chain's text when it answers with an error. */
export async function call<T>(url: string, method: string, ...params: unknown[]): Promise<T> {
  const { result, error } = await post(url, { jsonrpc: "2.0", id: 1, method, params });
  if (error !== undefined) throw new Error(`${error.code}: ${error.message}`);
  return result as T;
}

/** A signed transfer to the payer itself. */
export async function transfer(nonce: number): Promise<string> {
  return signed({ nonce, gasLimit: 30_000, to: payer.address, value: 1n });
}

/** A signed transaction that writes to storage until it has used 16 million gas: three of them fill a block. */
export async function burner(nonce: number): Promise<string> {
  return signed({ nonce, gasLimit: 16_000_000, data: "0x5f5b600101808055600156" });
}

function signed(transaction: TransactionRequest): Promise<string> {
  const fees = { maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n };
  return payer.signTransaction({ type: 2, chainId: CHAIN_ID, ...fees, ...transaction });
}

export async function until<T>(
  probe: () => Promise<T | undefined | false | null>,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false && value !== null) return value;
    if (Date.now() > end) throw new Error(`nothing within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
