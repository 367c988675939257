/** A report in words: what failed and why first, then what was not tried, then what it comes to. */
import { KIT_PROTOCOL } from "./command.ts";
import type { Outcome, Report } from "./report.ts";
import { rules } from "./rules.ts";
import type { CaseResult } from "./run.ts";

export function linesOf(report: Report, outcome: Outcome): string[] {
  const { kit, implementation, seed, begun, cases } = report;
  const { name, version, class: deviceClass } = implementation;
  const notTried = cases.filter(({ verdict }) => verdict === "not-tried");
  return [
    `${name} ${version}, class ${deviceClass}`,
    `held against the rules of a device by kit ${kit.version}, protocol ${kit.protocol}, seed ${seed}, ${begun}`,
    ...cases.filter(({ verdict }) => verdict === "fails").flatMap(failureLines),
    ...(notTried.length === 0 ? [] : ["", "Not tried:"]),
    ...notTried.map(({ name: which, why }) => `  ${which}: ${why}`),
    "",
    ...outcomeLines(outcome),
  ];
}

/** One case as it has just ended, where it does not hold. */
function failureLines({ name, rules: ids, title, why }: CaseResult): string[] {
  return [
    "",
    `FAILS ${name}: the device ${title}`,
    ...why.split("\n").map((line) => `  ${line}`),
    ...ids.map((id) => `  ${id}: ${rules[id]}`),
  ];
}

function outcomeLines({ passes, counts, missing }: Outcome): string[] {
  const { holds, fails, "not-tried": notTried } = counts;
  const left =
    missing.length === 0
      ? []
      : [`Not in the report: ${missing.length} cases, such as ${missing[0]}`];
  const verdict = passes ? "It passes." : "It does not pass.";
  return [...left, `${holds} hold, ${fails} fail, ${notTried} not tried. ${verdict}`];
}

export const usage = `Holds an implementation of the purse against the rules of a device (SPEC, section 10).

  run [options] -- PROGRAM [ARGUMENT…]    the program takes commands on standard input, a JSON object a line,
                                          and answers on standard output (protocol ${KIT_PROTOCOL}); it is killed and
                                          started again where power is to be cut
    --out FILE       writes the report, as JSON
    --key FILE       signs it with the P-256 key in this file, which is made if it is not there
    --seed TEXT      plays the same banks and strangers again; random otherwise
    --only NAMES     runs these cases alone, with commas between them
    --timeout S      how long an answer may take, in seconds; 20 otherwise
  verify FILE [--key 0x…]                 whether a report is as it was signed, and by this key
  list                                    every case, with the rules that it proves
`;
