/**
 * The plan of a ceremony: who holds shares of which epoch's audit key, and how many of them open. It is what
 * every holder signs for, by its id, in each later message.
 *
 *     version u8 | epoch u32 | salt 16 | threshold u8 | count u8
 *     | (signing key 33 | account 20 | name length u8 + bytes) × count
 *
 * Holders are numbered from 1 in this order, which is ascending by signing key, so that no key stands twice.
 * The salt tells a ceremony from the same one held again.
 */
import { type Hex, Reader, toHex, utf8, Writer, fromHex } from "../bytes.ts";
import { KEY_LENGTH, readKeyOnCurve } from "../key.ts";
import { limits } from "../limits.ts";
import { digest } from "../message.ts";
import { Refusal } from "../refusal.ts";

export const PLAN_VERSION = 1;
const SALT_LENGTH = 16;
const ACCOUNT_LENGTH = 20;

export type PlannedHolder = {
  /** Signs its messages in the ceremony. Compressed P-256. */
  readonly signingKey: Uint8Array;
  /** The chain account by which it approves disclosures. */
  readonly account: Hex;
  readonly name: string;
};

export type CeremonyPlan = {
  /** From 1; each ceremony that counts is a new one. */
  readonly epoch: number;
  readonly salt: Uint8Array;
  /** How many holders open together. */
  readonly threshold: number;
  /** Ascending by signing key; the first is holder 1. */
  readonly holders: readonly PlannedHolder[];
};

export function encodePlan(plan: CeremonyPlan): Uint8Array {
  const writer = new Writer(512)
    .u8(PLAN_VERSION)
    .u32(plan.epoch)
    .fixed(plan.salt, SALT_LENGTH)
    .u8(plan.threshold)
    .u8(plan.holders.length);
  for (const { signingKey, account, name } of plan.holders) {
    writer
      .fixed(signingKey, KEY_LENGTH)
      .fixed(fromHex(account), ACCOUNT_LENGTH)
      .short(utf8.encode(name));
  }
  return writer.done();
}

/** @throws Refusal `unsupported-version`; `malformed` naming field and offset. */
export function decodePlan(bytes: Uint8Array): CeremonyPlan {
  const reader = new Reader(bytes);
  const version = reader.u8("version");
  if (version !== PLAN_VERSION) {
    const place = { field: "version", offset: 0 };
    throw new Refusal("unsupported-version", `ceremonies of version ${version} are unknown`, place);
  }
  const epoch = reader.u32("epoch");
  if (epoch === 0) throw reader.refuse("epochs count from 1", "epoch", 4);
  const salt = reader.take(SALT_LENGTH, "salt");
  const threshold = reader.count(1, 1, limits.shareHoldersMax, "threshold");
  const count = reader.count(1, threshold, limits.shareHoldersMax, "count");
  const holders: PlannedHolder[] = [];
  for (let i = 0; i < count; i++) holders.push(readHolder(reader, `holders[${i}]`, holders));
  reader.end("plan");
  return { epoch, salt, threshold, holders };
}

/** By what all messages of the ceremony name it. */
export function ceremonyId(networkId: Uint8Array, plan: CeremonyPlan): Hex {
  return toHex(digest("ceremony", networkId, encodePlan(plan)));
}

/** The holder's number by its key. @throws Refusal `forbidden`. */
export function holderNumber(plan: CeremonyPlan, signingKey: Uint8Array): number {
  const key = toHex(signingKey);
  const index = plan.holders.findIndex((holder) => toHex(holder.signingKey) === key);
  if (index < 0) throw new Refusal("forbidden", `key ${key} is of no holder of this ceremony`);
  return index + 1;
}

function readHolder(
  reader: Reader,
  field: string,
  before: readonly PlannedHolder[],
): PlannedHolder {
  const signingKey = readKeyOnCurve(reader, `${field}.signingKey`);
  const last = before.at(-1);
  if (last !== undefined && toHex(signingKey) <= toHex(last.signingKey)) {
    throw reader.refuse("holders are not ascending by key", `${field}.signingKey`, KEY_LENGTH);
  }
  const account = toHex(reader.take(ACCOUNT_LENGTH, `${field}.account`));
  if (before.some((holder) => holder.account === account)) {
    throw reader.refuse("two holders have one account", `${field}.account`, ACCOUNT_LENGTH);
  }
  return { signingKey, account, name: reader.text(limits.nameMax, `${field}.name`) };
}
