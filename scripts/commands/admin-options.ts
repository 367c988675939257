/** What every part of `tallystick admin` takes on the command line: where the network is, and as whom to act. */
import type { Command } from "commander";
import type { DeedOptions } from "../admin/deed.ts";
import type { AdminSession } from "../admin/session.ts";
import { parseWhole } from "../arguments.ts";
import { Authority } from "../deploy/authority.ts";

/** What is announced first where the caller's role has a delay. */
export type Privileged = DeedOptions & { readonly wait: number };

export function looking(parent: Command, usage: string, says: string): Command {
  return parent
    .command(usage)
    .description(says)
    .option("--network <file>", "the network file", "network.json")
    .option("--rpc <url...>", "JSON-RPC of the chain, instead of the network file's")
    .option("--json", "one JSON value; amounts in minor units");
}

export function acting(parent: Command, usage: string, says: string): Command {
  return looking(parent, usage, says).option("--key <file>", "key file of the account to act as");
}

export function privileged(parent: Command, usage: string, says: string): Command {
  return acting(parent, usage, says).option(
    "--wait <seconds>",
    "how long to wait for an announced call to become ready",
    parseWhole,
    60,
  );
}

export function authority({ client }: AdminSession, { wait }: Privileged): Authority {
  return new Authority(client, wait);
}
