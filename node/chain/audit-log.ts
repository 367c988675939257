/** The audit log in our words and units: epochs of the audit key, and requests to open what is sealed to them. */
import type { Result } from "ethers";
import { type Hex, fromHex } from "../../protocol/bytes.ts";
import type { BlockName, ContractReader } from "./reader.ts";

/** An audit key as the log has it. */
export type EpochEntry = {
  readonly epoch: number;
  readonly threshold: number;
  /** SHA-256 of the transcript of its ceremony. */
  readonly transcript: Hex;
  readonly publicKey: Hex;
  /** Accounts of the holders, by number from 1. */
  readonly holders: readonly Hex[];
};

export type DisclosureEntry = {
  readonly id: number;
  readonly requester: Hex;
  readonly epoch: number;
  /** Seconds: the last at which it may be approved or answered. */
  readonly untilS: number;
  /** Numbers of the holders that approved, ascending. */
  readonly approvedBy: readonly number[];
  readonly subject: Hex;
  readonly legalBasis: Hex;
  /** What answers are sealed to. Compressed P-256. */
  readonly requesterKey: Uint8Array;
  /** Whether it was granted and had not ended, by the block's time. */
  readonly isGranted: boolean;
};

/** An epoch by its number, undefined where there is none. */
export async function readEpoch(
  reader: ContractReader,
  epoch: number,
  at: BlockName = "latest",
): Promise<EpochEntry | undefined> {
  const last = Number((await reader.read("auditLog", "epochCount", [], at))[0]);
  if (epoch < 1 || epoch > last) return undefined;
  const row = (await reader.read("auditLog", "getEpoch", [epoch], at))[0] as Result;
  return {
    epoch,
    threshold: Number(row["threshold"]),
    transcript: row["transcript"],
    publicKey: row["publicKey"],
    holders: (row["holders"] as Result).map((account: string) => account.toLowerCase() as Hex),
  };
}

/** A request by its number, undefined where there is none. */
export async function readDisclosure(
  reader: ContractReader,
  id: number,
  at: BlockName = "latest",
): Promise<DisclosureEntry | undefined> {
  const [[last], [isGranted]] = await Promise.all([
    reader.read("auditLog", "requestCount", [], at),
    reader.read("auditLog", "isGranted", [id], at),
  ]);
  if (id < 1 || id > Number(last)) return undefined;
  const row = (await reader.read("auditLog", "getDisclosure", [id], at))[0] as Result;
  const approvedBy = Number(row["approvedBy"]);
  return {
    id,
    requester: (row["requester"] as string).toLowerCase() as Hex,
    epoch: Number(row["epoch"]),
    untilS: Number(row["until"]),
    approvedBy: Array.from({ length: 32 }, (_, i) => i + 1).filter(
      (number) => ((approvedBy >>> (number - 1)) & 1) === 1,
    ),
    subject: row["subject"],
    legalBasis: row["legalBasis"],
    requesterKey: fromHex(row["requesterKey"]),
    isGranted,
  };
}

/** How many requests there were, and how many of them were granted. */
export async function countDisclosures(
  reader: ContractReader,
): Promise<{ readonly requests: number; readonly grants: number }> {
  const [[requests], [grants]] = await Promise.all([
    reader.read("auditLog", "requestCount"),
    reader.read("auditLog", "grantCount"),
  ]);
  return { requests: Number(requests), grants: Number(grants) };
}
