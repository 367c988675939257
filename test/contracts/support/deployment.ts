/**
 * What the contracts' tests start from: a consortium of four behind proxies, deployed once a file and
 * restored for each test.
 */
import { isError, Result } from "ethers";
import { network } from "hardhat";
import {
  type Connection,
  type Consortium,
  deployConsortium,
  quorum,
  seed,
  settle,
  sign,
} from "../../../scripts/bench/consortium.ts";
import { type BatchHeader, batchDigest } from "../../../protocol/batch.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import type { Checkpoint, Position } from "../../../protocol/checkpoint.ts";

export const ROOT: Hex = toHex(seed("a root"));

/**
 * One chain for the tests of a `describe`; call it there. The function it returns gives the consortium
 * as it was deployed, to each test anew.
 */
export function useConsortium(memberCount = 4): () => Promise<Consortium> {
  let connection: Connection;
  before(async () => {
    connection = await network.create();
  });
  after(async () => {
    await connection.close();
  });
  const deploy = () => deployConsortium(connection, memberCount);
  return () => connection.networkHelpers.loadFixture(deploy);
}

/** A batch that would be taken: the first of member 1. */
export function batch(fields: Partial<BatchHeader> = {}): BatchHeader {
  return { member: 1, number: 1, count: 1, root: ROOT, ...fields };
}

/** Deposits from a member's own account. */
export async function deposit({ settlement, members }: Consortium, member: number, amount: bigint) {
  await settlement.connect(members[member - 1]!.operator).deposit(member, amount);
}

/** Waits out the shortest cycle and closes the open one. @returns its number. */
export async function closeCycle({ settlement, members, connection }: Consortium): Promise<bigint> {
  const cycle = await settlement.openCycle();
  await connection.networkHelpers.time.increase(2);
  await settlement.connect(members[0]!.operator).closeCycle();
  return cycle;
}

/** The checkpoint of a closed cycle in which only the given positions came about. */
export async function checkpoint(
  { settlement }: Consortium,
  positions: readonly Position[] = [],
  fields: Partial<Checkpoint> = {},
): Promise<Checkpoint> {
  const number = Number((await settlement.settledCycle()) + 1n);
  const { boundary, inflow } = await settlement.getCycle(number);
  const { supply } = await settlement.getCycle(number - 1);
  const withdrawn = positions.reduce((sum, position) => sum + position.withdrawn, 0n);
  return {
    number,
    seq: Number(boundary),
    applied: 7,
    appliedRoot: toHex(seed(`applied ${number}`)),
    supply: supply + inflow - withdrawn,
    positions,
    stateRoot: toHex(seed(`state ${number}`)),
    ...fields,
  };
}

/** A quorum's signatures over a batch. */
export function endorse({ domain, members }: Consortium, header: BatchHeader): Hex {
  return sign(batchDigest(domain, header), quorum(members));
}

/** Closes a cycle with these positions and settles it. */
export async function settleCycle(consortium: Consortium, positions: readonly Position[]) {
  await closeCycle(consortium);
  await settle(consortium, await checkpoint(consortium, positions));
}

/** What a contract returned as plain data: structs as their fields, lists as arrays, at every depth. */
export function plain(value: unknown): unknown {
  if (!(value instanceof Result)) return value;
  const parts = value.toArray().map(plain);
  const names = fieldNames(value);
  return names === undefined ? parts : Object.fromEntries(names.map((name, i) => [name, parts[i]]));
}

/** The fields of a struct. Those of a list have no names: ethers refuses, or calls a single one "_". */
function fieldNames(result: Result): string[] | undefined {
  try {
    const names = Object.keys(result.toObject());
    return names.length === 0 || names[0] === "_" ? undefined : names;
  } catch (error) {
    if (isError(error, "UNSUPPORTED_OPERATION")) return undefined;
    throw error;
  }
}
