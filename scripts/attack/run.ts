/** Plays attacks one after the other, and holds what each cost against what it may cost. */
import type { Attack } from "./attack.ts";
import { areWithin, type Losses, lossesOf, sum } from "./books.ts";
import type { Stage } from "./stage.ts";

/** What one attack came to. */
export type Row = {
  readonly attack: string;
  readonly tried: string;
  readonly happened: readonly string[];
  readonly losses: Losses;
  /** Honest people, and how many of them have all that is theirs. */
  readonly honest: number;
  readonly whole: number;
  /** Whether no party lost more than it may. */
  readonly holds: boolean;
  readonly seconds: number;
};

/**
 * @param policy that the bounds are computed from: the network's, unless somebody asks what would not hold.
 * @throws Error if the consortium does not come to the end that it promises, or its identities fail.
 */
export async function play(stage: Stage, attack: Attack, policy = stage.policy): Promise<Row> {
  const start = performance.now();
  const before = await stage.books();
  const trial = await attack.run(stage);
  // Members say when it is over: the observer, by whose ledger losses are counted, may hear of it later.
  await stage.checkIdentities();
  const after = await stage.books();
  const missing = await stage.missing(trial.honest);
  const losses = lossesOf(policy, trial, before, after, sum(missing));
  return {
    attack: attack.name,
    tried: attack.tried,
    happened: trial.happened,
    losses,
    holds: areWithin(losses),
    honest: trial.honest.length,
    whole: missing.filter((amount) => amount === 0n).length,
    seconds: (performance.now() - start) / 1000,
  };
}
