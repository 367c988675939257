/**
 * How a cycle was settled: the checkpoint, the signatures under it and who the validators were. The chain
 * keeps the signatures nowhere but in the transaction that brought them.
 */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import { memberStatus } from "../../protocol/rules.ts";
import { VALIDATOR_SIGNATURE_LENGTH } from "../../protocol/typed-data.ts";
import { interfaces, topicOf } from "./contracts.ts";
import { directoryOf, type MemberEntry } from "./members.ts";
import type { ContractReader } from "./reader.ts";
import { type ChainRpc, quantity } from "./rpc.ts";

export type SettledCycle = {
  readonly transaction: Hex;
  readonly blockNumber: number;
  readonly checkpoint: Checkpoint;
  /** 65 bytes each, ascending by signer. */
  readonly signatures: readonly Uint8Array[];
  /** The active members after that block, ascending by number. */
  readonly members: readonly MemberEntry[];
};

type Log = { readonly transactionHash: Hex; readonly topics: readonly Hex[] };
type Transaction = { readonly input: Hex };

/**
 * @param block of the cycle's `Settled`.
 * @throws Error if the signatures cannot be read there: another contract may have brought them.
 */
export async function readSettledCycle(
  rpc: ChainRpc,
  reader: ContractReader,
  network: NetworkFile,
  cycle: number,
  block: number,
): Promise<SettledCycle> {
  const topic = `0x${cycle.toString(16).padStart(64, "0")}`;
  const range = { fromBlock: quantity(block), toBlock: quantity(block) };
  const filter = {
    address: network.contracts.settlement,
    topics: [topicOf("settlement", "Settled"), null, topic],
  };
  const [log] = await rpc.call<readonly Log[]>("eth_getLogs", [{ ...range, ...filter }]);
  if (log === undefined) throw new Error(`block ${block} does not settle cycle ${cycle}`);
  const { transactionHash: transaction } = log;
  const [sent, directory] = await Promise.all([
    rpc.call<Transaction | null>("eth_getTransactionByHash", [transaction]),
    reader.read("registry", "directory", [], block),
  ]);
  const call = sent === null ? null : interfaces.settlement.parseTransaction({ data: sent.input });
  if (call?.name !== "settle")
    throw new Error(`the signatures of cycle ${cycle} are not in transaction ${transaction}`);
  const members = directoryOf(directory).members.filter(
    ({ status }) => status === memberStatus.active,
  );
  return {
    transaction,
    blockNumber: block,
    checkpoint: checkpointFrom(call.args[0]),
    signatures: split(fromHex(call.args[1])),
    members: members.toSorted((a, b) => a.member - b.member),
  };
}

/** As the contract's struct has it. */
type Row = {
  readonly number: bigint;
  readonly seq: bigint;
  readonly applied: bigint;
  readonly appliedRoot: Hex;
  readonly supply: bigint;
  readonly positions: readonly {
    readonly member: bigint;
    readonly delta: bigint;
    readonly withdrawn: bigint;
  }[];
  readonly stateRoot: Hex;
};

function checkpointFrom(row: Row): Checkpoint {
  return {
    number: Number(row.number),
    seq: Number(row.seq),
    applied: Number(row.applied),
    appliedRoot: row.appliedRoot,
    supply: row.supply,
    positions: row.positions.map(({ member, delta, withdrawn }) => ({
      member: Number(member),
      delta,
      withdrawn,
    })),
    stateRoot: row.stateRoot,
  };
}

function split(signatures: Uint8Array): Uint8Array[] {
  const count = Math.floor(signatures.length / VALIDATOR_SIGNATURE_LENGTH);
  return Array.from({ length: count }, (_, i) =>
    signatures.subarray(i * VALIDATOR_SIGNATURE_LENGTH, (i + 1) * VALIDATOR_SIGNATURE_LENGTH),
  );
}
