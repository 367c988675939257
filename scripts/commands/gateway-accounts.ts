/** `tallystick gateway accounts`: whether they tie out, and whether a core system keeps what an adapter needs. */
import type { Command } from "commander";
import { runChecks } from "../../gateway/core-banking/checks.ts";
import { CoreAccounts } from "../../gateway/core-banking/core-accounts.ts";
import { CoreClient } from "../../gateway/core-banking/core-client.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { reach } from "../fetch-json.ts";
import { say } from "../report.ts";
import { staffApi, type StaffOptions, withStaffOptions } from "../staff-api.ts";

type CheckOptions = {
  readonly first: string;
  readonly second: string;
  readonly empty: string;
  readonly json?: true;
};

/** A bank with many customers has many entries to read. */
const TIE_OUT_TIMEOUT_MS = 600_000;

export function registerAccounts(gateway: Command): void {
  const accounts = gateway
    .command("accounts")
    .description("the customers' accounts: whether they tie out, and who keeps them");
  withStaffOptions(accounts.command("tie-out"))
    .description(
      "add all accounts up anew, from their entries and the ledger, and name what differs",
    )
    .option("--json", "one JSON value; amounts in minor units")
    .action(tieOut);
  accounts
    .command("check <url>")
    .description(
      "hold a core system against what the gateway asks of one (docs/BANK-INTEGRATION.md)",
    )
    .requiredOption("--first <account>", "an account with 100 minor units or more")
    .requiredOption("--second <account>", "another")
    .requiredOption("--empty <account>", "an account with nothing in it; it is closed")
    .option("--json", "one JSON value")
    .action(check);
}

async function tieOut(options: StaffOptions & { readonly json?: true }): Promise<void> {
  const api = await staffApi(options, TIE_OUT_TIMEOUT_MS);
  const data = await reach(options.staff, () => api.call("GET /v1/tie-out"));
  const { accounts, entries, devices, differences } = data;
  const lines = differences.map(({ account, what, name, expected, found }) => {
    const place = [account, what, name].filter((part) => part !== undefined).join(" ");
    return `${place}: ${expected} expected, ${found} found`;
  });
  const end =
    differences.length === 0
      ? "They tie out."
      : `They do not tie out: ${differences.length} differ.`;
  lines.push(`${accounts} accounts, ${entries} entries, ${devices} devices. ${end}`);
  say({ lines, data }, options.json ?? false);
  process.exitCode = differences.length === 0 ? 0 : 1;
}

async function check(url: string, { json, ...names }: CheckOptions): Promise<void> {
  const logger = makeLogger({ name: "check", level: "warn" });
  const options = { url, timeoutMs: 5_000, tries: 3, pauseMs: 200, logger };
  const open = async () => new CoreAccounts(new CoreClient(options));
  const results = await runChecks({ open, ...names });
  const failed = results.filter(({ finding }) => finding !== undefined).length;
  const lines = results.map(({ title, finding }) =>
    finding === undefined ? `holds  accounts ${title}` : `FAILS  accounts ${title}: ${finding}`,
  );
  const end = failed === 0 ? "It passes." : "It does not pass.";
  lines.push("", `${results.length - failed} hold, ${failed} fail. ${end}`);
  say({ lines, data: results }, json ?? false);
  process.exitCode = failed === 0 ? 0 : 1;
}
