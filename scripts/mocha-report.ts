/**
 * What our mocha reporter leaves of a run, and what becomes of it when files that failed are run once more.
 *
 * Many tests start networks of processes, and several files run at a time: a machine that is busy with the others may
 * keep a test waiting for longer than it waits. So a file that failed is run again by itself. What fails then has
 * failed; what passes is counted, and named as unsteady, for it is a fault as well, of the test or of what it tests.
 */
import type { Counts } from "./stage.ts";

export type Report = {
  /** Full titles, as mocha puts them together. */
  readonly passed: readonly string[];
  readonly skipped: readonly string[];
  readonly failed: readonly Failure[];
};

/** Of a test, or of a hook: then tests around it have not run. The file is empty where mocha itself failed. */
export type Failure = { readonly title: string; readonly file: string };

/** As mocha calls a hook that failed, and the first test that it kept from running. */
const hook = /"(?:before|after) (?:all|each)" hook/;

/** With more the machine is not to blame, and nothing is run again. */
const AGAIN_MAX = 4;

/** The files that are to be run again by themselves. */
export function filesAgain({ failed }: Report): readonly string[] {
  const files = [...new Set(failed.map(({ file }) => file))];
  return files.length <= AGAIN_MAX && !files.includes("") ? files : [];
}

/**
 * The run with what was found by running its failed files again: of those, that alone counts. A test that failed and was
 * not met again has failed.
 */
export function withAgain(run: Report, again: Report): Report {
  const met = new Set([...again.passed, ...again.skipped, ...again.failed.map(titleOf)]);
  const missing = run.failed.filter(({ title }) => !hook.test(title) && !met.has(title));
  const isNew = (title: string) => !run.passed.includes(title) && !run.skipped.includes(title);
  const hasFailed = new Set(again.failed.map(titleOf));
  return {
    passed: [...run.passed.filter((title) => !hasFailed.has(title)), ...again.passed.filter(isNew)],
    skipped: [...run.skipped, ...again.skipped.filter(isNew)],
    failed: [...again.failed, ...missing],
  };
}

/** Titles that failed beside others, and not in the `whole` with what was run alone. */
export function unsteady(run: Report, whole: Report): readonly string[] {
  const hasFailed = new Set(whole.failed.map(titleOf));
  return run.failed.map(titleOf).filter((title) => !hasFailed.has(title));
}

export function countsOf({ passed, failed, skipped }: Report): Counts {
  return { passed: passed.length, failed: failed.length, skipped: skipped.length };
}

function titleOf({ title }: Failure): string {
  return title;
}
