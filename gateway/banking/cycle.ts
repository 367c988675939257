/** A cycle as the messages about it know it, and what its payments are called. */
import type { Currency } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Day } from "./business-calendar.ts";
import { idOf, type Institution } from "./message-parts.ts";
import { netTransfers, type NetTransfer, type Position } from "./net-transfers.ts";

export type Cycle = {
  /** First eight digits of the networkId. */
  readonly network: string;
  readonly number: number;
  readonly positions: readonly Position[];
  /** When it closed, and settled, by the chain's clock: the times its messages bear, in milliseconds. */
  readonly closed: number;
  readonly settled?: number;
  /** The business day of the settlement; there once it has settled. */
  readonly settlementDay?: Day;
};

export type SettledCycle = Cycle & Required<Pick<Cycle, "settled" | "settlementDay">>;

/** The member whose messages they are, and all others that it may meet. */
export type Parties = {
  readonly own: MemberId;
  readonly institutions: readonly Institution[];
  readonly currency: Currency;
};

export function isSettled(cycle: Cycle): cycle is SettledCycle {
  return cycle.settled !== undefined && cycle.settlementDay !== undefined;
}

/** What the member pays for a cycle. */
export function ownTransfers({ positions }: Cycle, { own }: Parties): NetTransfer[] {
  return netTransfers(positions).filter(({ debtor }) => debtor === own);
}

/** @throws Refusal `bad-configuration` for a member that the configuration does not name. */
export function institutionOf({ institutions }: Parties, member: MemberId): Institution {
  const found = institutions.find((each) => each.member === member);
  if (found !== undefined) return found;
  throw new Refusal("bad-configuration", `banking.members has no BIC of member ${member}`);
}

export function pacs009Id({ network, number }: Cycle, own: MemberId): string {
  return idOf(network, "p9", number, own);
}

export function endToEndId({ network, number }: Cycle, { debtor, creditor }: NetTransfer): string {
  return idOf(network, `c${number}`, debtor, creditor);
}
