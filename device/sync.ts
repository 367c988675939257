/**
 * What a device does when it reaches a gateway: it learns the time, hands in what is pending, parents
 * first, hears what became of it, has its receipts and its certificate renewed, and makes few coins of
 * many. Any gateway takes records in; only the own member's says what counts about the purse's own money.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { CarriedList } from "../protocol/carried-lists.ts";
import { checkCertificateSignature, type SignedCertificate } from "../protocol/certificate.ts";
import { limits } from "../protocol/limits.ts";
import { decodeTrustList } from "../protocol/lists.ts";
import type { Outpoint } from "../protocol/output.ts";
import type { Reason } from "../protocol/reason.ts";
import { isRefusal } from "../protocol/refusal.ts";
import { askGateway, type GatewayClient } from "./gateway-client.ts";
import type { PendingRecord } from "./pending-store.ts";
import type { Purse } from "./purse.ts";

export type SyncReport = {
  /** Records the gateway acknowledged now. */
  readonly handedIn: number;
  /** Records that are known to have applied since the last sync. */
  readonly settled: number;
  /** Records that the ledger does not take, and why. */
  readonly refused: readonly { readonly id: Hex; readonly reason: Reason }[];
  /** Records that are on their way. */
  readonly pending: number;
};

/** A submission well within what a gateway takes at once. */
const CHUNK_BYTES = limits.gatewayPayloadMax / 2;

/** Records of a sync that merge coins: a till's 256, and the rest with the next syncs. */
const MERGED_MAX = 16;

/** @throws Refusal as the gateway says; Error if it is out of reach. What was done until then stays. */
export async function sync(purse: Purse, gateway: GatewayClient): Promise<SyncReport> {
  const before = purse.pending().length;
  const lists = await syncLists(purse, gateway);
  const handedIn = await handIn(purse, gateway);
  if (gateway.member === purse.member) {
    await syncStatus(purse, gateway);
    await syncReceipts(purse, gateway);
    await syncCertificate(purse, gateway, lists);
  }
  const settled = before - purse.pending().length;
  const merged = gateway.member === purse.member ? await merge(purse, gateway) : 0;
  const pending = purse.pending();
  const refused = pending.flatMap(({ id, reason }) =>
    reason === undefined ? [] : [{ id, reason }],
  );
  return {
    handedIn: handedIn + merged,
    settled,
    refused,
    pending: pending.length - refused.length,
  };
}

/** Takes the lists that are newer than the device's, and the time with them. @returns what came. */
export async function syncLists(
  purse: Purse,
  gateway: GatewayClient,
): Promise<readonly CarriedList[]> {
  const { versions } = purse.identity();
  const { lists } = await askGateway(purse, gateway, { kind: "lists", versions });
  await purse.refresh({ lists });
  return lists;
}

/** Takes receipts for the coins that the own member knows of, old and new. */
export async function syncReceipts(purse: Purse, gateway: GatewayClient): Promise<void> {
  const seen = await askReceipts(purse, gateway, []);
  if (seen.size < limits.askedMax) return;
  const others = purse.coins().map(({ outpoint }) => outpoint);
  const left = others.filter((outpoint) => !seen.has(outpoint)).sort();
  for (let i = 0; i < left.length; i += limits.askedMax) {
    await askReceipts(purse, gateway, left.slice(i, i + limits.askedMax));
  }
}

/** Makes few coins of many small ones, and hands in what does. @returns how many records. */
async function merge(purse: Purse, gateway: GatewayClient): Promise<number> {
  let made = 0;
  while (made < MERGED_MAX && (await purse.merge())) made += 1;
  return made === 0 ? 0 : handIn(purse, gateway);
}

/** Hands in what this gateway has not acknowledged. @returns how many records. */
async function handIn(purse: Purse, gateway: GatewayClient): Promise<number> {
  const isOwn = gateway.member === purse.member;
  const open = purse.pending().filter((record) => record.acknowledgedBy !== gateway.member);
  const plain = open.filter(({ role }) => role !== "redeemed");
  for (const records of chunksOf(plain, CHUNK_BYTES)) {
    const leaves = records.map(({ record }) => record.bytes);
    const { acknowledgement } = await askGateway(purse, gateway, { kind: "submit", leaves });
    await purse.acknowledged(acknowledgement, records);
  }
  const redeemed = open.filter(({ role }) => role === "redeemed" && isOwn);
  for (const pending of redeemed) {
    const { record } = pending;
    const { acknowledgement } = await askGateway(purse, gateway, { kind: "redeem", record });
    await purse.acknowledged(acknowledgement, [pending]);
  }
  return plain.length + redeemed.length;
}

/** Records that go in one submission each, in their order. */
export function chunksOf(records: readonly PendingRecord[], bytesMax: number): PendingRecord[][] {
  const chunks: PendingRecord[][] = [];
  let room = 0;
  for (const pending of records) {
    const length = pending.record.bytes.length;
    const last = chunks.at(-1);
    if (last === undefined || length > room || last.length === limits.submissionLeavesMax) {
      chunks.push([pending]);
      room = bytesMax;
    } else {
      last.push(pending);
    }
    room -= length;
  }
  return chunks;
}

async function syncStatus(purse: Purse, gateway: GatewayClient): Promise<void> {
  const ids = purse.pending().map(({ id }) => id);
  for (let i = 0; i < ids.length; i += limits.askedMax) {
    const asked = ids.slice(i, i + limits.askedMax);
    const { records } = await askGateway(purse, gateway, { kind: "status", ids: asked });
    for (const record of records) {
      if (record.state === "applied") await purse.settled(record.statement);
      else await purse.noted(record);
    }
  }
}

async function askReceipts(
  purse: Purse,
  gateway: GatewayClient,
  outpoints: readonly Outpoint[],
): Promise<Set<Outpoint>> {
  const { receipts } = await askGateway(purse, gateway, { kind: "receipts", outpoints });
  await purse.refresh({ receipts });
  return new Set(receipts.map(({ outpoint }) => outpoint));
}

/**
 * A certificate that has lived half its life is renewed, and one whose issuer key another has replaced: it counts
 * for a while only, or not at all if the key was compromised.
 */
async function syncCertificate(
  purse: Purse,
  gateway: GatewayClient,
  lists: readonly CarriedList[],
): Promise<void> {
  const { certificate: held, signedTime } = purse.identity();
  const isYoung = held !== undefined && signedTime * 2 < held.notBefore + held.notAfter;
  if (isYoung && !isOutdated(purse, held, lists)) return;
  const { certificate } = await askGateway(purse, gateway, { kind: "certify" });
  await purse.refresh({ certificate });
}

/** Whether a trust list that came now names another issuer key than the one that signed it. */
function isOutdated(purse: Purse, held: SignedCertificate, lists: readonly CarriedList[]): boolean {
  const newest = lists.findLast(({ kind }) => kind === "trust");
  if (newest === undefined) return false;
  const row = decodeTrustList(newest.bytes).members.find(({ member }) => member === held.member);
  if (row === undefined) return false;
  try {
    checkCertificateSignature(purse.networkId, held, row.issuer, purse.verifier);
    return false;
  } catch (error) {
    if (!isRefusal(error, "bad-signature")) throw error;
    return true;
  }
}
