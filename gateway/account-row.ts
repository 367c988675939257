/** An account as staff sees it: whose it is, what is in it, and its devices. */
import type { AccountId, Accounts } from "./accounts.ts";
import type { Devices } from "./devices.ts";
import type { AccountRow } from "./schema.ts";

export type AccountRowParts = {
  readonly accounts: Accounts;
  readonly devices: Pick<Devices, "of">;
};

/** @throws Refusal `not-found`, `unavailable`. */
export async function accountRow(
  { accounts, devices }: AccountRowParts,
  account: AccountId,
): Promise<AccountRow> {
  const { customer, isClosed } = await accounts.account(account);
  const { available, held, onDevices } = await accounts.balance(account);
  return {
    account,
    customer,
    ...(isClosed && { isClosed }),
    available: String(available),
    held: String(held),
    onDevices: String(onDevices),
    devices: await devices.of(account),
  };
}
