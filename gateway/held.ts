/** What is frozen in accounts for something under way, as whoever had it frozen knows: loads, transfers. */
import type { Amount } from "../protocol/money.ts";
import type { AccountId } from "./accounts.ts";

export type Held = {
  readonly account: AccountId;
  readonly amount: Amount;
  readonly reference: string;
  /** Surely frozen once it is `paid`, and until then perhaps. */
  readonly state: "asked" | "paid";
};

export type Holder = {
  /** How the references of its holds begin. */
  readonly holdPrefix: string;
  holds(): Promise<Held[]>;
};
