/** `tallystick gateway message`: a banking message, as the gateway's staff, to standard output. */
import type { Command } from "commander";
import { Refusal } from "../../protocol/refusal.ts";
import { parseProblem } from "../../node/service/problem.ts";
import { reach } from "../fetch-json.ts";
import { staffHeaders, type StaffOptions, withStaffOptions } from "../staff-api.ts";

type Options = StaffOptions & {
  readonly cycle?: string;
  readonly account?: string;
  readonly day?: string;
  readonly after?: string;
};

const TIMEOUT_MS = 60_000;

/** What each is of, as the gateway's routes have it. */
const ofCycle = ["pacs.009", "pacs.002", "payments.csv"];
const ofDay = ["camt.053", "statement.csv"];
const sinceEntry = ["camt.054"];

export function registerBanking(gateway: Command): void {
  withStaffOptions(gateway.command("message <name>"))
    .description(`a banking message: ${[...ofCycle, ...ofDay, ...sinceEntry].join(", ")}`)
    .option("--cycle <number>", `of ${ofCycle.join(", ")}`)
    .option("--account <name>", `of ${[...ofDay, ...sinceEntry].join(", ")}`)
    .option("--day <date>", `of ${ofDay.join(", ")}: such as 2026-11-27, one that is over`)
    .option("--after <entry>", `of ${sinceEntry.join(", ")}: the last entry known already`)
    .action(async (name: string, options: Options) => {
      const url = `${options.staff.replace(/\/$/, "")}/v1/banking/${pathOf(name, options)}`;
      process.stdout.write(await messageAt(url, await staffHeaders(options.token)));
    });
}

/** @throws Refusal as the gateway says; `unavailable`. */
function messageAt(url: string, headers: Record<string, string>): Promise<string> {
  return reach(url, async () => {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await answer.text();
    if (answer.ok) return text;
    throw (
      parseProblem(text) ?? new Refusal("unavailable", `${url} was answered with ${answer.status}`)
    );
  });
}

/** @throws Refusal `malformed` with what the message is of. */
function pathOf(name: string, { cycle, account, day, after = "0" }: Options): string {
  const need = (value: string | undefined, option: string) => {
    if (value !== undefined) return encodeURIComponent(value);
    throw new Refusal("malformed", `${name} takes ${option}`);
  };
  if (ofCycle.includes(name)) return `cycles/${need(cycle, "--cycle")}/${name}`;
  const of = `accounts/${need(account, "--account")}/${name}`;
  if (ofDay.includes(name)) return `${of}?day=${need(day, "--day")}`;
  if (sinceEntry.includes(name)) return `${of}?after=${need(after, "--after")}`;
  throw new Refusal("malformed", `no message is called "${name}"`);
}
