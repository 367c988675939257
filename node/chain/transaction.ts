/** One transaction: what it costs, its bytes, and why it failed. Which nonce it has is for its account. */
import { Transaction } from "ethers";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { decodeRevert } from "./contracts.ts";
import { ChainDownError, ChainRevert, ChainRpcError } from "./errors.ts";
import { type ChainRpc, quantity, revertDataOf } from "./rpc.ts";

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
  /** 0x1, or 0x0 if it was included and failed. */
  readonly status: Hex;
  readonly gasUsed: Hex;
  readonly contractAddress: Hex | null;
};

export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

export type SignedTransaction = { readonly raw: Hex; readonly hash: Hex };

type Draft = {
  readonly instruction: Instruction;
  readonly nonce: number;
  readonly gas: bigint;
  readonly fees: Fees;
};

/** Estimates are of the state now; by inclusion a call may touch a few slots more. */
const GAS_MARGIN_PERCENT = 25n;
/** What one transaction may use at most (EIP-7825). */
const GAS_MAX = 1n << 24n;

/** Gas enough for the call. @throws ChainRevert when the contract would say no. */
export async function estimateGas(
  rpc: ChainRpc,
  from: Hex,
  { to, data }: Instruction,
): Promise<bigint> {
  try {
    const gas = BigInt(await rpc.call<Hex>("eth_estimateGas", [{ from, to, data }]));
    const roomy = (gas * (100n + GAS_MARGIN_PERCENT)) / 100n;
    return roomy > GAS_MAX && gas <= GAS_MAX ? GAS_MAX : roomy;
  } catch (error) {
    throw asRevert(error) ?? error;
  }
}

/** Room for the base fee to double before it is included. A chain without fees asks for none. */
export async function readFees(rpc: ChainRpc): Promise<Fees> {
  const [price, block] = await Promise.all([rpc.call<Hex>("eth_gasPrice"), rpc.block("latest")]);
  const base = BigInt(block?.baseFeePerGas ?? 0);
  const tip = BigInt(price) > base ? BigInt(price) - base : 0n;
  return { maxFeePerGas: 2n * base + tip, maxPriorityFeePerGas: tip };
}

export async function signTransaction(
  key: { sign(digest: Uint8Array): Promise<Uint8Array> },
  chainId: number,
  { instruction: { to, data }, nonce, gas: gasLimit, fees }: Draft,
): Promise<SignedTransaction> {
  const transaction = Transaction.from({
    type: 2,
    chainId,
    nonce,
    to: to ?? null,
    data,
    gasLimit,
    ...fees,
  });
  transaction.signature = toHex(await key.sign(fromHex(transaction.unsignedHash, 32)));
  return { raw: transaction.serialized as Hex, hash: transaction.hash as Hex };
}

/** Gives it to the chain, which may have it already. */
export async function offer(rpc: ChainRpc, raw: Hex): Promise<void> {
  try {
    await rpc.call("eth_sendRawTransaction", [raw]);
  } catch (error) {
    const isKnown =
      error instanceof ChainRpcError &&
      /already (known|imported)|known transaction/i.test(error.message);
    if (!isKnown) throw error;
  }
}

/** Hardhat, geth and Besu each say it in their own words. */
export function isNonceTaken(error: unknown): boolean {
  return (
    error instanceof ChainRpcError &&
    /nonce.*too low|nonce below|replacement|underpriced/i.test(error.message)
  );
}

/** Why a transaction that was included failed: what the same call says on the state around it. */
export async function reasonOf(
  rpc: ChainRpc,
  from: Hex,
  { to, data }: Instruction,
  { blockNumber, transactionHash }: Receipt,
): Promise<ChainRevert> {
  for (const block of [BigInt(blockNumber) - 1n, BigInt(blockNumber)]) {
    try {
      await rpc.call("eth_call", [{ from, to, data }, quantity(block)]);
    } catch (error) {
      const revert = asRevert(error);
      if (revert !== undefined) return revert;
      if (error instanceof ChainDownError) throw error;
    }
  }
  return new ChainRevert("unknown", [transactionHash]);
}

function asRevert(error: unknown): ChainRevert | undefined {
  if (!(error instanceof ChainRpcError)) return undefined;
  const data = revertDataOf(error);
  return data === undefined ? undefined : decodeRevert(data, { cause: error });
}
