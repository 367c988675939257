/** The ledger under test, and the contract for double spends beside it. */
import { type FoldContext, fold } from "../../node/ledger/fold.ts";
import { type Accounting, checkIdentities } from "../../node/ledger/identities.ts";
import { LedgerState } from "../../node/ledger/state.ts";
import { context as realContext } from "../support/ledger.ts";
import type { MakeDisputes } from "./contract.ts";
import { Disputes } from "./disputes.ts";
import { RememberingVerifier } from "./signatures.ts";

export const context: FoldContext = {
  ...realContext,
  verifier: new RememberingVerifier(realContext.verifier),
};

/** The ledger under test: the real one, or one with a bug planted in it. */
export type Subject = {
  readonly makeState: () => LedgerState;
  readonly fold: typeof fold;
  readonly check: (ledger: Accounting) => void;
  readonly makeDisputes: MakeDisputes;
};

export const realLedger: Subject = {
  makeState: () => new LedgerState(1),
  fold,
  check: checkIdentities,
  makeDisputes: (...of) => new Disputes(...of),
};
