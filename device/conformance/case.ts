/** A case: one thing that an implementation must do, or must not, and the rules that it proves. */
import type { RuleId } from "./rules.ts";
import type { Trial } from "./trial.ts";

export type Case = {
  /** By which reports name it: it is never used for anything else. */
  readonly name: string;
  readonly rules: readonly RuleId[];
  /** What holds, as a sentence without its subject: "refuses …", "gives …". */
  readonly title: string;
  /** @throws Finding if it does not hold; NotHere if it cannot be tried. */
  readonly run: (trial: Trial) => Promise<void>;
};

/** The case needs what this implementation, or the way to it, does not have. */
export class NotHere extends Error {}
