/** `tallystick deploy`: opens a network on a chain, or goes on where an earlier run was cut off. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { accountKey } from "../../node/chain/account.ts";
import { ChainDownError } from "../../node/chain/errors.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import {
  formatNetworkFile,
  type NetworkFile,
  parseNetworkFile,
} from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { contractsOf } from "../deploy/creations.ts";
import { deployNetwork } from "../deploy/deploy.ts";
import { loadPlan } from "../deploy/plan-file.ts";

type Options = {
  readonly rpc: readonly string[];
  readonly plan: string;
  readonly key: string;
  readonly network: string;
};

export function registerDeploy(program: Command): void {
  program
    .command("deploy")
    .description("Open a network on any chain that speaks JSON-RPC")
    .requiredOption("--rpc <url...>", "JSON-RPC of the chain, the preferred one first")
    .requiredOption("--plan <file>", "what the network is to be (YAML or JSON)")
    .requiredOption(
      "--key <file>",
      "key file of an account made for this, with coins for gas (secp256k1)",
    )
    .requiredOption("--network <file>", "the network file to write", "network.json")
    .addHelpText(
      "after",
      `
It may be cut off anywhere and run again: what was done is found on chain. At the end the account of
--key has no power left, and the plan's authority has all of it, after its delay.`,
    )
    .action(deploy);
}

async function deploy({ rpc, plan, key, network: path }: Options): Promise<void> {
  const planned = await loadPlan(plan);
  const deployer = accountKey((await loadKeyFile(key, "secp256k1")).reveal());
  const known = await readKnown(path);
  // Before anything is sent, as far as can be said then.
  checkSame(
    path,
    known,
    ({ contracts }) => contracts.registry === contractsOf(deployer.address).registry,
  );
  const logger = makeLogger({ name: "deploy" });
  const network = await deployNetwork(
    { rpcUrls: rpc, deployer, logger },
    planned,
    new AbortController().signal,
  ).catch((error: unknown) => {
    throw error instanceof ChainDownError ? new Refusal("unavailable", error.message) : error;
  });
  checkSame(path, known, ({ networkId }) => networkId === network.networkId);
  // Who runs gateways adds them by hand.
  await replaceFile(
    path,
    formatNetworkFile({ ...network, gateways: known?.gateways ?? [] }),
    0o644,
  );
  process.stdout.write(
    `network ${network.networkId} stands on chain ${network.chainId}; written to ${path}\n`,
  );
}

async function readKnown(path: string): Promise<NetworkFile | undefined> {
  return existsSync(path) ? parseNetworkFile(await readFile(path, "utf8")) : undefined;
}

/** A network's file is never written over with another's: what it stood for could no longer be found. */
function checkSame(
  path: string,
  known: NetworkFile | undefined,
  isSame: (known: NetworkFile) => boolean,
): void {
  if (known === undefined || isSame(known)) return;
  throw new Refusal(
    "wrong-network",
    `${path} is of another network, ${known.networkId}: name another file`,
  );
}
