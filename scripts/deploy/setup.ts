/**
 * Sets a network up once its contracts are there: roles, members, observers, reserves, and at the end
 * the handing over to the authority. Each step looks at the chain first and does what is missing, so
 * that it can be cut off anywhere and run again.
 */
import type { ChainAccount } from "../../node/chain/account.ts";
import { restrictedFunctions, roles } from "../../node/chain/abi.ts";
import * as calls from "../../node/chain/calls.ts";
import {
  addressOf,
  type ContractCall,
  encodeCall,
  selectorOf,
  topicOf,
} from "../../node/chain/contracts.ts";
import type { ContractReader } from "../../node/chain/reader.ts";
import { type ChainRpc, quantity, type RpcBlock } from "../../node/chain/rpc.ts";
import type { Instruction } from "../../node/chain/transaction.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { DeployedContracts } from "./creations.ts";
import type { DeployPlan } from "./plan.ts";

export type SetupParts = {
  readonly rpc: ChainRpc;
  readonly reader: ContractReader;
  readonly account: ChainAccount;
  readonly contracts: DeployedContracts;
};

/** The AccessManager's own role, which gives the others. */
const ADMINISTRATOR = 0;
/** Where an ERC-1967 proxy keeps its administrator. */
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
/** Enough for each step. Given, not estimated: an estimate would need the steps before it to be included. */
const SETUP_GAS = 4_000_000n;

type Target = { readonly name: keyof typeof restrictedFunctions; readonly address: Hex };

/** Whether the network stands: the deployer has handed it over and can do nothing more. */
export async function isHandedOver({ reader, account }: SetupParts): Promise<boolean> {
  return !(await hasRole(reader, ADMINISTRATOR, account.address));
}

/** What is missing is sent together, and included in this order; the handing over waits until all of it is. */
export async function setUp(
  parts: SetupParts,
  plan: DeployPlan,
  signal: AbortSignal,
): Promise<void> {
  const missing = [
    ...(await missingRoles(parts, plan)),
    ...(await missingWriter(parts)),
    ...(await missingArbiter(parts)),
    ...(await missingParticipants(parts, plan)),
    ...(await missingAdmissions(parts, plan)),
    ...(await missingObservers(parts, plan)),
    ...(await missingReserves(parts, plan)),
  ];
  await Promise.all(missing.map((call) => parts.account.send(instructionOf(parts, call), signal)));
  await parts.account.send(instructionOf(parts, handOver(parts, plan)), signal);
}

/** One transaction: who may call what, and the deployer's own leave to go on. */
async function missingRoles(
  parts: SetupParts,
  { authority, regulator = authority }: DeployPlan,
): Promise<readonly ContractCall[]> {
  const { reader, account } = parts;
  // The last of the calls that are made together: if it was made they all were.
  if (await hasRole(reader, roles.AUTHORITY, account.address)) return [];
  const together = Object.entries(roles).map(([name, role]) => calls.labelRole(role, name));
  for (const { name, address } of await targetsOf(parts)) {
    for (const [role, functions] of Object.entries(restrictedFunctions[name])) {
      const selectors = functions.map((each: string) => selectorOf(contractOf[name], each));
      together.push(
        calls.setTargetFunctionRole(address, selectors, roles[role as keyof typeof roles]),
      );
    }
  }
  // Without a delay: a ruling has a deadline, and its case announced it.
  together.push(calls.grantRole(roles.REGULATOR, regulator, 0));
  together.push(calls.grantRole(roles.AUTHORITY, account.address, 0));
  return [calls.multicall(together.map(encodeCall))];
}

const contractOf = {
  MemberRegistry: "registry",
  ReserveToken: "token",
  Settlement: "settlement",
  Disputes: "disputes",
  AuditLog: "auditLog",
  ProxyAdmin: "proxyAdmin",
} as const;

async function targetsOf({
  rpc,
  contracts: { registry, token, settlement, disputes, auditLog },
}: SetupParts): Promise<readonly Target[]> {
  const adminOf = async (proxy: Hex): Promise<Hex> =>
    `0x${(await rpc.call<Hex>("eth_getStorageAt", [proxy, ADMIN_SLOT, "latest"])).slice(-40)}`;
  return [
    { name: "MemberRegistry", address: registry },
    { name: "ReserveToken", address: token },
    { name: "Settlement", address: settlement },
    { name: "Disputes", address: disputes },
    { name: "AuditLog", address: auditLog },
    { name: "ProxyAdmin", address: await adminOf(registry) },
    { name: "ProxyAdmin", address: await adminOf(settlement) },
    { name: "ProxyAdmin", address: await adminOf(disputes) },
    { name: "ProxyAdmin", address: await adminOf(auditLog) },
  ];
}

async function missingWriter(parts: SetupParts): Promise<readonly ContractCall[]> {
  const { settlement } = parts.contracts;
  return (await is(parts, "registry", "isWriter", settlement))
    ? []
    : [calls.setWriter(settlement, true)];
}

async function missingArbiter(parts: SetupParts): Promise<readonly ContractCall[]> {
  const { disputes } = parts.contracts;
  return (await is(parts, "settlement", "isArbiter", disputes))
    ? []
    : [calls.setArbiter(disputes, true)];
}

async function missingParticipants(
  parts: SetupParts,
  { members }: DeployPlan,
): Promise<readonly ContractCall[]> {
  const { settlement } = parts.contracts;
  const accounts = [settlement, ...members.map(({ operator }) => operator)];
  const known = await Promise.all(
    accounts.map((account) => is(parts, "token", "isParticipant", account)),
  );
  return accounts
    .filter((_, index) => !known[index])
    .map((account) => calls.setParticipant(account, true));
}

/** @throws Refusal `conflict` when another member than the planned one was given an id. */
async function missingAdmissions(
  { reader }: SetupParts,
  { members }: DeployPlan,
): Promise<readonly ContractCall[]> {
  const { members: admitted } = await reader.directory();
  for (const { member, operator } of admitted) {
    if (members[member - 1]?.operator !== operator) {
      throw new Refusal(
        "conflict",
        `member ${member} is ${operator} on chain and another in the plan: run with the plan this network was begun with`,
      );
    }
  }
  return members
    .slice(admitted.length)
    .map((admission, index) => calls.admit(admitted.length + index + 1, admission));
}

async function missingObservers(
  { reader }: SetupParts,
  { observers }: DeployPlan,
): Promise<readonly ContractCall[]> {
  const { observers: admitted } = await reader.directory();
  const known = new Set(admitted.map(({ peerId }) => peerId));
  return observers
    .filter(({ peerId }) => !known.has(peerId))
    .map((observer) => calls.admitObserver(observer));
}

/** What was issued counts, not what is held: an operator may have used it already. */
async function missingReserves(
  parts: SetupParts,
  { members }: DeployPlan,
): Promise<readonly ContractCall[]> {
  const missing: ContractCall[] = [];
  for (const { operator, reserve } of members) {
    const issued = await issuedTo(parts, operator);
    if (issued < reserve) missing.push(calls.mint(operator, reserve - issued));
  }
  return missing;
}

async function issuedTo(parts: SetupParts, account: Hex): Promise<Amount> {
  const { rpc, contracts } = parts;
  const topics = [topicOf("token", "Transfer"), asWord("0x0"), asWord(account)];
  const fromBlock = quantity(await openedAtBlock(parts));
  const filter = { address: contracts.token, topics, fromBlock, toBlock: "latest" };
  const logs = await rpc.call<readonly { readonly data: Hex }[]>("eth_getLogs", [filter]);
  return logs.reduce((sum, { data }) => sum + BigInt(data), 0n);
}

/** The block that opened the network: the one after its anchor. */
export async function openedAtBlock({ rpc, reader }: SetupParts): Promise<number> {
  const [anchor] = await reader.read("registry", "anchor");
  const { number } = await rpc.call<RpcBlock>("eth_getBlockByHash", [anchor, false]);
  return Number(number) + 1;
}

/** One transaction: the authority gets everything, after its delay, and the deployer keeps nothing. */
function handOver(
  { account: { address } }: SetupParts,
  { authority, delayS }: DeployPlan,
): ContractCall {
  const together = [
    calls.grantRole(roles.AUTHORITY, authority, delayS),
    calls.grantRole(ADMINISTRATOR, authority, delayS),
    calls.renounceRole(roles.AUTHORITY, address),
    calls.renounceRole(ADMINISTRATOR, address),
  ];
  return calls.multicall(together.map(encodeCall));
}

async function hasRole(reader: ContractReader, role: number, account: Hex): Promise<boolean> {
  return (await reader.read("accessManager", "hasRole", [role, account]))[0];
}

async function is(
  { reader }: SetupParts,
  contract: "registry" | "token" | "settlement",
  method: string,
  account: Hex,
): Promise<boolean> {
  return (await reader.read(contract, method, [account]))[0];
}

function instructionOf({ contracts }: SetupParts, call: ContractCall): Instruction {
  return { to: addressOf(contracts, call.contract), data: encodeCall(call), gas: SETUP_GAS };
}

function asWord(value: Hex): Hex {
  return `0x${value.slice(2).padStart(64, "0")}`;
}
