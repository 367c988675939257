/**
 * Payments by what identifies them: the customer's account, its device, the device on the other side, or any of
 * these together. The member's node finds them in its index for traces; who a device is, the gateway knows of its own.
 */
import { NOBODY, type Owner } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { NodeClient, OwnerRecords } from "../node/client.ts";
import type { AccountId, Accounts } from "./accounts.ts";
import type { Devices } from "./devices.ts";
import { whileNodeAnswers } from "./node-watch.ts";

/** What identifies a payment: at least one of the three. */
export type PaymentQuestion = {
  readonly account?: AccountId | undefined;
  /** A device of this bank's. */
  readonly device?: Owner | undefined;
  /** The device on the other side, of any bank: the till, for one who pays. */
  readonly other?: Owner | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
};

/** A record as one of the devices asked for had a part in it. */
export type FoundPayment = {
  readonly record: string;
  readonly kind: OwnerRecords["records"][number]["kind"];
  readonly device: Owner;
  readonly role: "payer" | "payee";
  /** What the payer gave away, or the payee got. */
  readonly amount: Amount;
  /** Who is on the other side. */
  readonly others: readonly Owner[];
  /** Milliseconds. */
  readonly time: number;
  readonly cycle: number;
};

/** Device after device, the latest first of each; a page may be short, or empty, and more follow. */
export type FoundPayments = {
  readonly payments: readonly FoundPayment[];
  readonly next: string | undefined;
};

export type PaymentSearchParts = {
  readonly accounts: Pick<Accounts, "account">;
  readonly devices: Pick<Devices, "get" | "of">;
  readonly node: Pick<NodeClient, "recordsOf">;
};

/**
 * @throws Refusal `malformed` where nothing is asked for; `not-found` for an account or a device that is not here,
 *   and where the node keeps no index.
 */
export async function searchPayments(
  parts: PaymentSearchParts,
  question: PaymentQuestion,
): Promise<FoundPayments> {
  const { other, limit, after } = question;
  const owners = await ownersOf(parts, question);
  const [reached, place] = after?.split("/") ?? [owners[0]];
  const at = owners.indexOf(reached as Owner);
  const owner = owners[at];
  if (owner === undefined) return { payments: [], next: undefined };
  const narrowed = owner === other ? undefined : other;
  const { records, next } = await whileNodeAnswers(() =>
    parts.node.recordsOf(owner, {
      limit,
      ...(narrowed === undefined ? {} : { with: narrowed }),
      ...(place === undefined ? {} : { after: place }),
    }),
  );
  return {
    payments: records.map((record) => paymentOf(owner, record)),
    next: next === undefined ? owners[at + 1] : `${owner}/${next}`,
  };
}

/** Whose records are looked through. */
async function ownersOf(
  { accounts, devices }: PaymentSearchParts,
  { account, device, other }: PaymentQuestion,
): Promise<readonly Owner[]> {
  if (account !== undefined) await accounts.account(account);
  if (device !== undefined) {
    const registered = await devices.get(device);
    if (registered === undefined) throw new Refusal("not-found", `there is no device ${device}`);
    return account === undefined || registered.account === account ? [device] : [];
  }
  if (account !== undefined) return devices.of(account);
  if (other !== undefined) return [other];
  throw new Refusal(
    "malformed",
    "a payment is found by account, device or other, or by some of them",
  );
}

function paymentOf(device: Owner, found: OwnerRecords["records"][number]): FoundPayment {
  const { id, kind, signer, outputs, timeS, cycle } = found;
  const isPayer = signer === device;
  const given = outputs.filter(({ owner }) => (owner === device) !== isPayer);
  const payees = new Set(given.map(({ owner }) => owner as Owner));
  payees.delete(NOBODY);
  return {
    record: id,
    kind,
    device,
    role: isPayer ? "payer" : "payee",
    amount: given.reduce((sum, { amount }) => sum + BigInt(amount), 0n),
    others: isPayer ? [...payees] : signer === undefined ? [] : [signer as Owner],
    time: timeS * 1000,
    cycle,
  };
}
