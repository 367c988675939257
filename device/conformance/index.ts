/** The kit's face: what a maker's own tests can build on, beside the program. */
export type { Case } from "./case.ts";
export { allCases } from "./cases/cases.ts";
export type { DeviceVectors } from "./cases/vectors.ts";
export { type Command, KIT_PROTOCOL, KIT_VERSION, parseCommand, type Reply } from "./command.ts";
export { Consortium, DAY_MS, GUARANTEE, MEMBERS, RECEIPT_LIFE_MS } from "./consortium.ts";
export { Party } from "./party.ts";
export { formatReport, outcomeOf, type Report, signReport, verifyReport } from "./report.ts";
export { rules, type RuleId } from "./rules.ts";
export { type CaseResult, runCases, type Verdict } from "./run.ts";
export { type NamedKey, Seed } from "./seed.ts";
export { BrokenOff, type Channel } from "./subject.ts";
