/** What the contracts say, read in one voice: all that belongs together is read at one block. */
import type { Result } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { NetworkContracts } from "../../protocol/network-file.ts";
import { type MemberId, type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import {
  addressOf,
  type ContractCall,
  type ContractName,
  decodeResult,
  encodeCall,
} from "./contracts.ts";
import {
  type BondEntry,
  bondOf,
  type CaseEntry,
  caseOf,
  type Debt,
  debtOf,
  type PairState,
  pairStates,
} from "./disputes.ts";
import { ChainDownError } from "./errors.ts";
import {
  directoryOf,
  type NetworkParameters,
  parametersOf,
  type RegistryDirectory,
} from "./members.ts";
import { type ChainRpc, quantity } from "./rpc.ts";

/** A number of a block, or the latest. */
export type BlockName = number | "latest";

/** What a cycle left behind; zero where it has not come so far. */
export type CycleEntry = {
  readonly cycle: number;
  /** `seq` of the event that closed it. */
  readonly boundary: number;
  readonly closedAtS: number;
  readonly settledAtS: number;
  /** Records applied in it. */
  readonly applied: number;
  /** Reserves that entered during it. */
  readonly inflow: Amount;
  /** Sum of all coins at its end. */
  readonly supply: Amount;
  readonly appliedRoot: Hex;
  readonly stateRoot: Hex;
};

export type AccountEntry = {
  readonly member: MemberId;
  /** Reserves held for its coins. */
  readonly reserve: Amount;
  readonly withdrawable: Amount;
  /** Number of its last batch. */
  readonly batches: number;
};

/** The chain's side of the identities, at the end of one block. */
export type SettlementEntry = {
  readonly blockNumber: number;
  /** Of the last event in that block or before. */
  readonly seq: number;
  /** By member, all that were ever admitted. */
  readonly accounts: readonly AccountEntry[];
  /** The last settled cycle, those that wait to be settled, and the open one. */
  readonly cycles: readonly CycleEntry[];
  readonly openCycle: number;
  readonly settledCycle: number;
  /** All that is held for anyone: reserves, what may be withdrawn, bonds, and fines that were paid. */
  readonly owed: Amount;
  /** Tokens that the Settlement holds: at least what is owed. */
  readonly tokens: Amount;
};

export class ContractReader {
  readonly #rpc: ChainRpc;
  readonly #contracts: NetworkContracts;

  constructor(rpc: ChainRpc, contracts: NetworkContracts) {
    this.#rpc = rpc;
    this.#contracts = contracts;
  }

  /**
   * What a function that changes nothing returns.
   * @throws ChainDownError also when the contract is not there: a chain that lags, or another one.
   */
  async read(
    contract: ContractName,
    method: string,
    args: readonly unknown[] = [],
    at: BlockName = "latest",
  ): Promise<Result> {
    const call: ContractCall = { contract, method, args };
    const to = addressOf(this.#contracts, contract);
    const block = at === "latest" ? at : quantity(at);
    const data = await this.#rpc.call<Hex>("eth_call", [{ to, data: encodeCall(call) }, block]);
    if (data === "0x")
      throw new ChainDownError(`no ${contract} at ${to}: it lags behind, or is another chain`);
    return decodeResult(call, data);
  }

  async networkId(): Promise<Hex> {
    return (await this.read("registry", "networkId"))[0];
  }

  async parameters(): Promise<NetworkParameters> {
    return parametersOf((await this.read("registry", "parameters"))[0]);
  }

  /** @param notBefore a block: an answer from before it is none. @throws Error of a server that lags behind it. */
  async directory(notBefore = 0): Promise<RegistryDirectory> {
    const head = Number(await this.#rpc.call("eth_blockNumber"));
    return directoryOf(await this.read("registry", "directory", [], Math.max(head, notBefore)));
  }

  /** The number of a member's last batch, 0 for none. */
  async batchesOf(member: MemberId): Promise<number> {
    return Number((await this.read("settlement", "batchesOf", [member]))[0]);
  }

  async cycle(cycle: number, at: BlockName = "latest"): Promise<CycleEntry> {
    const row = (await this.read("settlement", "getCycle", [cycle], at))[0] as Result;
    return {
      cycle,
      boundary: Number(row["boundary"]),
      closedAtS: Number(row["closedAt"]),
      settledAtS: Number(row["settledAt"]),
      applied: Number(row["applied"]),
      inflow: row["inflow"],
      supply: row["supply"],
      appliedRoot: row["appliedRoot"],
      stateRoot: row["stateRoot"],
    };
  }

  /** Everything the identities need of the chain, as it stood after one block. */
  async settlement(at: BlockName = "latest"): Promise<SettlementEntry> {
    const blockNumber = at === "latest" ? Number(await this.#rpc.call("eth_blockNumber")) : at;
    const one = async (contract: ContractName, method: string, ...args: readonly unknown[]) =>
      (await this.read(contract, method, args, blockNumber))[0];
    const [seq, members, open, settled, owed, tokens] = await Promise.all([
      one("registry", "seq"),
      one("registry", "memberCount"),
      one("settlement", "openCycle"),
      one("settlement", "settledCycle"),
      one("settlement", "owed"),
      one("token", "balanceOf", this.#contracts.settlement),
    ]);
    const [openCycle, settledCycle] = [Number(open), Number(settled)];
    const [accounts, cycles] = await Promise.all([
      Promise.all(
        counted(1, Number(members)).map(async (member) => ({
          member,
          reserve: await one("settlement", "reserveOf", member),
          withdrawable: await one("settlement", "withdrawable", member),
          batches: Number(await one("settlement", "batchesOf", member)),
        })),
      ),
      Promise.all(counted(settledCycle, openCycle).map((cycle) => this.cycle(cycle, blockNumber))),
    ]);
    return {
      blockNumber,
      seq: Number(seq),
      accounts,
      cycles,
      openCycle,
      settledCycle,
      owed,
      tokens,
    };
  }

  /** A member's bond, and what is asked of it. */
  async bond(member: MemberId): Promise<BondEntry> {
    const [[minimum], [row]] = await Promise.all([
      this.read("disputes", "minimumOf", [member]),
      this.read("disputes", "bondOf", [member]),
    ]);
    return bondOf(member, minimum, row);
  }

  /** The oldest debts that wait for a member's bond, at most `max`. */
  async queue(member: MemberId, max: number): Promise<readonly Debt[]> {
    const [rows] = await this.read("disputes", "queueOf", [member, max]);
    return (rows as Result[]).map(debtOf);
  }

  /** Whether a coin exists once more for a losing record, or waits to. */
  async pairState(outpoint: Outpoint, record: Hex): Promise<PairState> {
    const { id, index } = splitOutpoint(outpoint);
    return pairStates[Number((await this.read("disputes", "stateOf", [id, index, record]))[0])]!;
  }

  /** What reports have been paid or queued for a device: at most its bank's guarantee. */
  async covered(owner: Owner): Promise<Amount> {
    return (await this.read("disputes", "coveredOf", [owner]))[0];
  }

  /** A case by its number, undefined for one that was never opened. */
  async case(caseId: number): Promise<CaseEntry | undefined> {
    const entry = caseOf(caseId, (await this.read("disputes", "getCase", [caseId]))[0]);
    return entry.status === "none" ? undefined : entry;
  }

  /** How many cases were ever opened: they are numbered from 1. */
  async caseCount(): Promise<number> {
    return Number((await this.read("disputes", "caseCount"))[0]);
  }

  /** What an account holds of the reserve token. */
  async tokensOf(account: Hex): Promise<Amount> {
    return (await this.read("token", "balanceOf", [account]))[0];
  }
}

function counted(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
