/** The kit as a program: runs it against a program, checks a report, lists the cases. Node only. */
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { openDeviceKey } from "../node-keys.ts";
import { allCases } from "./cases/cases.ts";
import type { Case } from "./case.ts";
import { KIT_PROTOCOL, KIT_VERSION } from "./command.ts";
import { ProcessChannel } from "./process-channel.ts";
import { formatReport, outcomeOf, type Report, signReport, verifyReport } from "./report.ts";
import { linesOf, usage } from "./report-text.ts";
import { runCases } from "./run.ts";
import { Seed } from "./seed.ts";
import { BrokenOff, Subject } from "./subject.ts";
import { readDeviceVectors } from "./vector-files.ts";

/**
 * @param vectors the folder of the published vectors. @param say takes lines for people.
 * @returns whether what was run, or what was verified, passes.
 * @throws Refusal for arguments that are none, and as `verifyReport` does.
 */
export async function conformance(
  args: readonly string[],
  vectors: string,
  say: (line: string) => void,
): Promise<boolean> {
  const [action, ...rest] = args;
  const cases = allCases(await readDeviceVectors(vectors));
  switch (action) {
    case "run":
      return run(rest, cases, say);
    case "verify":
      return verify(rest, cases, say);
    case "list":
      for (const { name, rules, title } of cases) say(`${name} [${rules.join(", ")}] ${title}`);
      return true;
    default:
      say(usage);
      return action === undefined || action === "help" || action === "--help";
  }
}

async function run(
  args: readonly string[],
  all: readonly Case[],
  say: (line: string) => void,
): Promise<boolean> {
  const { values, positionals: command } = parse(args, {
    out: { type: "string" },
    key: { type: "string" },
    seed: { type: "string", default: randomBytes(8).toString("hex") },
    only: { type: "string" },
    timeout: { type: "string", default: "20" },
  });
  if (command.length === 0) {
    throw new Refusal("bad-configuration", "name the program after --, as in: run -- ./my-device");
  }
  const signer =
    values.key === undefined ? undefined : await openDeviceKey(values.key, systemRandom);
  const timeoutMs = Number(values.timeout) * 1000;
  const report = await reportOn(command, chosen(all, values.only), values.seed, timeoutMs);
  const outcome = outcomeOf(report, all);
  for (const line of linesOf(report, outcome)) say(line);
  if (values.out !== undefined) {
    const file = signer === undefined ? { report } : await signReport(report, signer);
    await writeFile(values.out, formatReport(file));
  }
  return outcome.passes;
}

async function reportOn(
  command: readonly string[],
  cases: readonly Case[],
  seed: string,
  timeoutMs: number,
): Promise<Report> {
  const channel = new ProcessChannel(command, { timeoutMs });
  try {
    const { protocol, name, version, class: deviceClass } = await greet(new Subject(channel));
    if (protocol !== KIT_PROTOCOL) {
      const detail = `the program speaks protocol ${protocol}, this kit ${KIT_PROTOCOL}`;
      throw new Refusal("unsupported-version", detail);
    }
    const begun = new Date().toISOString();
    const results = await runCases(channel, cases, {
      seed: new Seed(seed),
      verifier: new NodeVerifier(),
      clock: () => performance.now(),
    });
    return {
      kit: { version: KIT_VERSION, protocol },
      implementation: { name, version, class: deviceClass },
      seed,
      begun,
      ended: new Date().toISOString(),
      cases: results,
    };
  } finally {
    await channel.close();
  }
}

/** @throws Refusal where there is nothing at the other end that could be tried. */
async function greet(subject: Subject) {
  try {
    return await subject.hello();
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    throw new Refusal("bad-configuration", error.message);
  }
}

function chosen(all: readonly Case[], only: string | undefined): readonly Case[] {
  if (only === undefined) return all;
  return only.split(",").map((name) => {
    const found = all.find((each) => each.name === name);
    if (found === undefined) throw new Refusal("not-found", `there is no case "${name}"`);
    return found;
  });
}

async function verify(
  args: readonly string[],
  cases: readonly Case[],
  say: (line: string) => void,
): Promise<boolean> {
  const { values, positionals } = parse(args, { key: { type: "string" } });
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) {
    throw new Refusal("bad-configuration", "name one report file");
  }
  const { report, publicKey } = verifyReport(await readText(path), new NodeVerifier());
  if (values.key !== undefined && values.key !== publicKey) {
    throw new Refusal("bad-signature", `the report is signed by ${publicKey}`);
  }
  const outcome = outcomeOf(report, cases);
  for (const line of linesOf(report, outcome)) say(line);
  say(`Signed by ${publicKey}.`);
  return outcome.passes;
}

/** @throws Refusal `bad-configuration` where the file cannot be read. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal("bad-configuration", `${path} cannot be read (${code})`);
  }
}

/** @throws Refusal `bad-configuration` on options that there are not. */
function parse<const O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new Refusal("bad-configuration", (error as Error).message);
  }
}
