/**
 * The table of requirements, held against a run of the tests: which requirement is shown by which tests.
 *
 *     node scripts/requirements.ts [report]           checks the table and prints the coverage
 *     node scripts/requirements.ts [report] --write   puts the titles of the run into the table
 *
 * A test cites a requirement by its number in brackets in its title. Whether that shows the requirement, or
 * only a part of it, is judged by people and stands in the table; that nothing is claimed without a test
 * that passed, and no test is left out, is checked here.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report as FullReport } from "./mocha-report.ts";

export type Requirement = {
  /** N-01 to N-27. */
  readonly number: string;
  readonly clause: string;
  readonly status: string;
  /** Full titles of tests. */
  readonly tests: readonly string[];
};

export type Report = Pick<FullReport, "passed" | "skipped">;

export const table = join(import.meta.dirname, "../docs/REQUIREMENTS.md");

const statuses = ["shown", "partly", "open"];
const row = /^\| ([RN]-\d+) \| (.*?) \| (\w+) \| (.*?) \|$/;
const separator = "<br>";

/** The numbers there are, in their order. */
export const numbers = [
  ...Array.from({ length: 172 }, (_, i) => `R-${String(i + 1).padStart(3, "0")}`),
  ...Array.from({ length: 27 }, (_, i) => `N-${String(i + 1).padStart(2, "0")}`),
];

export function parseTable(markdown: string): Requirement[] {
  return markdown.split("\n").flatMap((line) => {
    const match = row.exec(line);
    if (match === null) return [];
    const [, number = "", clause = "", status = "", tests = ""] = match;
    return [{ number, clause, status, tests: tests === "–" ? [] : tests.split(separator) }];
  });
}

/** The numbers that a test's title cites: `[R-027]`, `[R-056, R-107]`. */
export function cited(title: string): string[] {
  return [...title.matchAll(/\[([^\]]*)\]/g)].flatMap(([, inside = ""]) =>
    [...inside.matchAll(/\b(?:R-\d{3}|N-\d{2})\b/g)].map(([number]) => number),
  );
}

/** What is wrong with the table itself: a number missing, twice or out of order, a status unknown. */
export function checkTable(requirements: readonly Requirement[]): string[] {
  const wrong = requirements
    .filter(({ status }) => !statuses.includes(status))
    .map(({ number, status }) => `${number} is "${status}", not one of ${statuses.join(", ")}`);
  const listed = requirements.map(({ number }) => number);
  const misplaced = numbers.findIndex((number, i) => listed[i] !== number);
  if (misplaced !== -1) wrong.push(`row ${misplaced + 1} is not ${numbers[misplaced]}`);
  if (listed.length > numbers.length) wrong.push(`there is no ${listed.at(-1)}`);
  return wrong;
}

/**
 * What the table says otherwise than the run: titles left out or gone, claims without a test. What was skipped
 * neither shows a claim nor refutes it; where CI=true nothing may be skipped.
 */
export function checkRun(requirements: readonly Requirement[], report: Report): string[] {
  const known = new Set(numbers);
  const unknown = [...report.passed, ...report.skipped].flatMap((title) =>
    cited(title)
      .filter((number) => !known.has(number))
      .map((number) => `"${title}" cites ${number}, which there is not`),
  );
  const wrong = requirements.flatMap(({ number, status, tests }) => {
    const run = testsOf(number, report);
    const problems: string[] = [];
    for (const title of tests) {
      if (!run.includes(title)) problems.push(`${number}: no test "${title}" passed`);
    }
    for (const title of run) {
      if (!tests.includes(title)) problems.push(`${number}: the table lacks "${title}"`);
    }
    if (status !== "open" && run.length === 0) {
      problems.push(`${number} is ${status} and no test cites it`);
    }
    if (status === "open" && run.length > 0) problems.push(`${number} is open and tests cite it`);
    return problems;
  });
  return [...unknown, ...wrong];
}

/**
 * The table with the titles of the run. Clauses and statuses stay as they are, but that an open row with a test
 * is shown in part at the least.
 */
export function withTests(markdown: string, report: Report): string {
  return markdown
    .split("\n")
    .map((line) => {
      const match = row.exec(line);
      if (match === null) return line;
      const [, number = "", clause = "", status = ""] = match;
      const tests = testsOf(number, report).join(separator);
      const present = status === "open" && tests !== "" ? "partly" : status;
      return `| ${number} | ${clause} | ${present} | ${tests || "–"} |`;
    })
    .join("\n");
}

/** "shown 12 of 199, partly 3, open 184". */
export function coverage(requirements: readonly Requirement[]): string {
  const counts = statuses.map(
    (status) => `${status} ${requirements.filter((each) => each.status === status).length}`,
  );
  return `${counts.join(", ")} of ${requirements.length} requirements`;
}

/** A pipe would end the cell. */
function testsOf(number: string, report: Report): string[] {
  const titles = [...report.passed, ...report.skipped].filter((title) =>
    cited(title).includes(number),
  );
  return [...new Set(titles.map((title) => title.replaceAll("|", "/")))].toSorted();
}

function main(args: readonly string[]): void {
  const file = args.find((arg) => !arg.startsWith("--")) ?? "cache/test-report.json";
  const report: Report = JSON.parse(readFileSync(file, "utf8"));
  if (args.includes("--write")) {
    writeFileSync(table, withTests(readFileSync(table, "utf8"), report));
  }
  const requirements = parseTable(readFileSync(table, "utf8"));
  const problems = [...checkTable(requirements), ...checkRun(requirements, report)];
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) {
    process.stdout.write(
      "Titles are put into the table by: node scripts/requirements.ts --write\n",
    );
    process.exitCode = 1;
  }
  process.stdout.write(`${coverage(requirements)}\n`);
}

if (import.meta.main) main(process.argv.slice(2));
