/** Runs cases against an implementation, one after the other, and says of each whether it holds. */
import { isRefusal } from "../../protocol/refusal.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { type Case, NotHere } from "./case.ts";
import { Finding } from "./finding.ts";
import type { RuleId } from "./rules.ts";
import type { Seed } from "./seed.ts";
import { BrokenOff, type Channel, Subject, SubjectRefusal } from "./subject.ts";
import { Trial } from "./trial.ts";

export const verdicts = ["holds", "fails", "not-tried"] as const;

export type Verdict = (typeof verdicts)[number];

export type CaseResult = {
  readonly name: string;
  readonly rules: readonly RuleId[];
  readonly title: string;
  readonly verdict: Verdict;
  /** What was found, or why it was not tried; empty where it holds. */
  readonly why: string;
  readonly durationMs: number;
};

export type RunOptions = {
  readonly seed: Seed;
  readonly verifier: Verifier;
  /** Milliseconds, for durations. */
  readonly clock: () => number;
  readonly onResult?: (result: CaseResult) => void;
};

/** Each case begins with a new device in a new world, so that one that fails fails alone. */
export async function runCases(
  channel: Channel,
  cases: readonly Case[],
  options: RunOptions,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const each of cases) {
    const result = await runCase(channel, each, options);
    options.onResult?.(result);
    results.push(result);
  }
  return results;
}

async function runCase(
  channel: Channel,
  { name, rules, title, run }: Case,
  { seed, verifier, clock }: RunOptions,
): Promise<CaseResult> {
  const begun = clock();
  const outcome = await outcomeOf(() => run(new Trial(seed, new Subject(channel), verifier)));
  return { name, rules, title, ...outcome, durationMs: Math.round(clock() - begun) };
}

async function outcomeOf(
  run: () => Promise<void>,
): Promise<{ readonly verdict: Verdict; readonly why: string }> {
  try {
    await run();
    return { verdict: "holds", why: "" };
  } catch (error) {
    if (error instanceof NotHere) return { verdict: "not-tried", why: error.message };
    if (error instanceof Finding) return { verdict: "fails", why: `expected: ${error.message}` };
    if (error instanceof SubjectRefusal || error instanceof BrokenOff) {
      return { verdict: "fails", why: error.message };
    }
    // Bytes that the implementation sent, read where a case expects them to be in order.
    if (isRefusal(error)) return { verdict: "fails", why: `${error.code}: ${error.message}` };
    throw error;
  }
}
