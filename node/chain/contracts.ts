/** The contracts' interfaces at work: calls and results as bytes, and reverts by their names. Pure. */
import { type FunctionFragment, Interface, type Result } from "ethers";
import type { Hex } from "../../protocol/bytes.ts";
import type { NetworkContracts } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import {
  accessManagerAbi,
  auditLogAbi,
  disputesAbi,
  evidenceAbi,
  memberRegistryAbi,
  proxyAdminAbi,
  reserveTokenAbi,
  settlementAbi,
} from "./abi.ts";
import { ChainRevert } from "./errors.ts";

/** The contracts of a network, by the names its network file gives them. */
export const interfaces = {
  accessManager: new Interface(accessManagerAbi),
  registry: new Interface(memberRegistryAbi),
  token: new Interface(reserveTokenAbi),
  settlement: new Interface(settlementAbi),
  disputes: new Interface(disputesAbi),
  auditLog: new Interface(auditLogAbi),
} as const;

export type ContractName = keyof typeof interfaces;

/** What is said to a contract: made by the functions of `calls.ts`. */
export type ContractCall = {
  readonly contract: ContractName;
  readonly method: string;
  readonly args: readonly unknown[];
};

const proxyAdmin = new Interface(proxyAdminAbi);
/** What Disputes asks about bytes: its refusals reach whoever called Disputes. */
const evidence = new Interface(evidenceAbi);

/** Where a network has the contract. @throws Refusal `unavailable` where it has none. */
export function addressOf(contracts: NetworkContracts, contract: ContractName): Hex {
  const address = contracts[contract];
  if (address === undefined)
    throw new Refusal("unavailable", `this network has no ${contract} contract`);
  return address;
}

export function encodeCall({ contract, method, args }: ContractCall): Hex {
  return interfaces[contract].encodeFunctionData(fragmentOf(contract, method), args) as Hex;
}

export function decodeResult({ contract, method }: ContractCall, data: Hex): Result {
  return interfaces[contract].decodeFunctionResult(fragmentOf(contract, method), data);
}

/** First four bytes of a call of the function. */
export function selectorOf(contract: ContractName | "proxyAdmin", method: string): Hex {
  const functions = contract === "proxyAdmin" ? proxyAdmin : interfaces[contract];
  return functions.getFunction(method)!.selector as Hex;
}

/** The first topic of an event's logs. */
export function topicOf(contract: ContractName, event: string): Hex {
  return interfaces[contract].getEvent(event)!.topicHash as Hex;
}

const fragments = new Map<string, FunctionFragment>();

/** Kept, because ethers looks through all of a contract for a name, at every call. */
function fragmentOf(contract: ContractName, method: string): FunctionFragment {
  const name = `${contract}.${method}`;
  const known = fragments.get(name);
  if (known !== undefined) return known;
  const found = interfaces[contract].getFunction(method);
  if (found === null) throw new Error(`there is no function ${name}`);
  fragments.set(name, found);
  return found;
}

/** What a contract meant by the bytes it reverted with. Proxies pass on the errors of what is behind them. */
export function decodeRevert(data: Hex, options?: ErrorOptions): ChainRevert {
  for (const each of [...Object.values(interfaces), proxyAdmin, evidence]) {
    const error = each.parseError(data);
    if (error !== null) return new ChainRevert(error.name, [...error.args], options);
  }
  return new ChainRevert("unknown", data === "0x" ? [] : [data], options);
}
