/** What every part of `tallystick wallet` takes on the command line, and the wallet that it is for. */
import type { Command } from "commander";
import { type Report, say } from "../report.ts";
import { Wallet } from "../wallet/wallet.ts";

export type Common = { readonly folder: string; readonly json?: true };
export type Gateway = Common & { readonly gateway?: string };

export function command(parent: Command, usage: string, says: string): Command {
  return parent
    .command(usage)
    .description(says)
    .requiredOption("-f, --folder <dir>", "the wallet's folder")
    .option("--json", "one JSON value; amounts in minor units");
}

export function gateway(parent: Command, usage: string, says: string): Command {
  return command(parent, usage, says).option(
    "--gateway <url>",
    "another gateway than the bank's usual one",
  );
}

export async function run(
  { folder, json }: Common,
  work: (wallet: Wallet) => Promise<Report>,
): Promise<void> {
  await using wallet = await Wallet.open(folder);
  say(await work(wallet), json ?? false);
}
