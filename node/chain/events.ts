/**
 * From logs of the contracts to events of the ledger. Pure. What a contract's interface knows and the
 * ledger does not need is passed over; what the interface does not know is an error, since an event
 * left out would make this node's ledger another than everyone's.
 */
import { Interface, type Result } from "ethers";
import { concat, fromHex, type Hex } from "../../protocol/bytes.ts";
import { type MemberStatus, memberStatus } from "../../protocol/rules.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { transparentUpgradeableProxyAbi } from "./abi.ts";
import { interfaces } from "./contracts.ts";
import { ChainUnknownEventError } from "./errors.ts";

/** A log as JSON-RPC has it; quantities are hexadecimal. */
export type RpcLog = {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly logIndex: Hex;
};

/** The contracts that write the log. */
export type LogWriter = "registry" | "settlement";

const proxy = new Interface(transparentUpgradeableProxyAbi);

/** How each event of the ledger is read, by its name in the contracts. */
const decoders: Readonly<Record<string, (args: Result) => LedgerEvent>> = {
  Protocol: ({ seq, version, reclaimDelay }) => ({
    kind: "protocol",
    seq: integer(seq),
    version: integer(version),
    reclaimDelayS: integer(reclaimDelay),
  }),
  MemberChanged: ({ seq, member, status, issuer, treasury }) => ({
    kind: "member-changed",
    seq: integer(seq),
    member: integer(member),
    status: statusOf(status),
    issuer: fromHex(issuer, 33),
    treasury: fromHex(treasury, 33),
  }),
  Deposited: ({ seq, member, amount }) => ({
    kind: "deposited",
    seq: integer(seq),
    member: integer(member),
    amount,
  }),
  Sequenced: ({ seq, member, number, count, root, time }) => ({
    kind: "sequenced",
    seq: integer(seq),
    member: integer(member),
    number: integer(number),
    count: integer(count),
    root: fromHex(root, 32),
    timeS: integer(time),
  }),
  Restituted: ({ seq, id, index, loser, owner, member, amount, time }) => ({
    kind: "restituted",
    seq: integer(seq),
    outpoint: concat(fromHex(id, 32), Uint8Array.of(integer(index))),
    loser: fromHex(loser, 32),
    owner: fromHex(owner, 20),
    member: integer(member),
    amount,
    timeS: integer(time),
  }),
  Awarded: ({ seq, payer, owner, member, amount }) => ({
    kind: "awarded",
    seq: integer(seq),
    member: integer(payer),
    owner: fromHex(owner, 20),
    custodian: integer(member),
    amount,
  }),
  Revoked: ({ seq, member, owner, time }) => ({
    kind: "revoked",
    seq: integer(seq),
    member: integer(member),
    owner: fromHex(owner, 20),
    timeS: integer(time),
  }),
  CycleClosed: ({ seq, cycle }) => ({
    kind: "cycle-closed",
    seq: integer(seq),
    cycle: integer(cycle),
  }),
  Settled: ({ seq, cycle }) => ({ kind: "settled", seq: integer(seq), cycle: integer(cycle) }),
};

/** @returns the event, or null for one that is beside the ledger. @throws ChainUnknownEventError. */
export function decodeLog(
  writer: LogWriter,
  { topics, data, blockNumber }: RpcLog,
): LedgerEvent | null {
  try {
    const log = { topics: [...topics], data };
    const parsed = interfaces[writer].parseLog(log) ?? proxy.parseLog(log);
    if (parsed === null) throw new Error(`its first topic is ${topics[0] ?? "missing"}`);
    const decode = decoders[parsed.name];
    if (decode !== undefined) return decode(parsed.args);
    if (parsed.fragment.inputs.some(({ name }) => name === "seq"))
      throw new Error(`its name is ${parsed.name}`);
    return null;
  } catch (cause) {
    throw new ChainUnknownEventError(writer, Number(blockNumber), (cause as Error).message);
  }
}

/** A count or a time: the chain's integers are larger than ours. */
function integer(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`${value} is 2^53 or more`);
  return number;
}

function statusOf(value: bigint): MemberStatus {
  const status = Object.values(memberStatus).find((each) => BigInt(each) === value);
  if (status === undefined) throw new Error(`${value} is no member's status`);
  return status;
}
