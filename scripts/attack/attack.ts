/** What an attack is: somebody breaks promises in some way, and says afterwards which. */
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Person } from "./person.ts";
import type { Stage } from "./stage.ts";

/** A device that was made to sign more than it had. */
export type Cheat = {
  readonly bank: MemberId;
  /** Payments that lost a coin to others of its payments, and the amount of each. */
  readonly losers: number;
  readonly amount: Amount;
  /** Sum of the coins that were lost. */
  readonly lost: Amount;
};

/** A member's signature under what is not so. */
export type FalsePromise = {
  readonly bank: MemberId;
  /** What the statement was good for. */
  readonly amount: Amount;
  /** What honest people took for it. */
  readonly taken: Amount;
};

/** A regulator had a bank pay for a double spend above its guarantee. */
export type Ruling = { readonly bank: MemberId; readonly amount: Amount };

/** What was done, as the attackers know it. The losses are measured by others. */
export type Trial = {
  readonly cheats: readonly Cheat[];
  readonly promises?: readonly FalsePromise[];
  readonly rulings?: readonly Ruling[];
  /** Everyone who kept the rules: what is theirs is counted on the ledger. */
  readonly honest: readonly Person[];
  /** What came of it, in a sentence each. */
  readonly happened: readonly string[];
};

export type Attack = {
  readonly name: string;
  /** What is tried, in a sentence. */
  readonly tried: string;
  /** Returns when the consortium has done with it what it does. @throws Error if that does not come to be. */
  readonly run: (stage: Stage) => Promise<Trial>;
};
