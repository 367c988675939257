/** An account's entries, page by page, and its balance together with the entry up to which it is. */
import type { AccountId, Accounts, Balance, Entry } from "./accounts.ts";

/** Of one page. */
export const ENTRIES_PAGE = 1_000;

/** The latest first, with numbers below `before`. @throws Refusal `not-found`. */
export async function* entriesBefore(
  accounts: Pick<Accounts, "statement">,
  account: AccountId,
  before?: number,
): AsyncGenerator<Entry> {
  for (let last = before; ; ) {
    const page = await accounts.statement(account, ENTRIES_PAGE, last);
    yield* page;
    if (page.length < ENTRIES_PAGE) return;
    last = page.at(-1)!.number;
  }
}

/** Asks again while entries come between: the balance is the sum of those up to `latest`. @throws Refusal `not-found`. */
export async function standing(
  accounts: Pick<Accounts, "balance" | "statement">,
  account: AccountId,
): Promise<{ readonly latest: number; readonly balance: Balance }> {
  const latestOf = async () => (await accounts.statement(account, 1))[0]?.number ?? 0;
  for (let latest = await latestOf(); ; ) {
    const balance = await accounts.balance(account);
    const now = await latestOf();
    if (now === latest) return { latest, balance };
    latest = now;
  }
}
