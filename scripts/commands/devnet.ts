/** `tallystick devnet`: a whole network on this machine, the same after every restart. */
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { makeLogger } from "../../node/service/telemetry.ts";
import { wholeBetween } from "../arguments.ts";
import { devnetPaths, GATEWAYS, MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import { bundlePages, compileContracts } from "../devnet/compile.ts";
import { Devnet } from "../devnet/network.ts";
import { CUSTOMER, onlinePaths, SHOP } from "../devnet/online-blueprint.ts";
import { openOnlinePayments } from "../devnet/online-opening.ts";

type Options = { readonly folder: string; readonly fresh?: true; readonly cycle?: number };

const CYCLE_S = 10;
const DAY_S = 86_400;

export function registerDevnet(program: Command): void {
  program
    .command("devnet")
    .description(
      "run four members, an observer, two gateways and an embedded chain until they are stopped",
    )
    .option("--folder <dir>", "where the network lives", ".devnet")
    .option("--fresh", "begin anew: what is in the folder is deleted")
    .option(
      "--cycle <seconds>",
      `of a new network: how long a cycle stays open once something happened in it (default: ${CYCLE_S})`,
      wholeBetween(1, DAY_S),
    )
    .action(run);
}

async function run({ folder, fresh, cycle }: Options): Promise<void> {
  const asked = Promise.withResolvers<undefined>();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => asked.resolve(undefined));
  const path = resolve(folder);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (fresh) await clear(path);
  const logger = makeLogger({ name: "devnet", level: "warn" });
  const cycleMs = (cycle ?? CYCLE_S) * 1000;
  const devnet = await Devnet.open({ folder: path, cycleMs, logger });
  try {
    if (cycle !== undefined && !devnet.isNew)
      say("--cycle is for a new network: this one keeps what its node.yaml files say.");
    compileContracts();
    bundlePages();
    const ended = await Promise.race([asked.promise, keepUp(devnet, say)]);
    if (ended !== undefined)
      throw new Error(`${ended} has ended: see ${devnetPaths(path).log(ended)}`);
  } finally {
    await devnet.stop();
  }
  say("Stopped. Start again to go on where it was.");
  // What was being started may still wait for what is gone.
  process.exit();
}

/** Starts everything, and returns the name of the first process that ends by itself. */
async function keepUp(devnet: Devnet, say: (text: string) => void): Promise<string> {
  await start(devnet, say);
  await describe(devnet, say);
  return await devnet.someoneEnded();
}

async function start(devnet: Devnet, say: (text: string) => void): Promise<void> {
  say(`chain      ${await devnet.startChain()}`);
  const { networkId } = await devnet.deploy();
  say(`network    ${networkId}`);
  await devnet.startNodes();
  for (const node of [...MEMBERS, OBSERVER]) {
    say(`${node === OBSERVER ? "observer  " : `node ${node}    `} ${devnet.apiUrl(node)}`);
  }
  await devnet.startGateways();
  for (const member of GATEWAYS) {
    say(
      `gateway ${member}  ${devnet.deviceUrl(member)} (devices)  ${devnet.staffUrl(member)} (staff)`,
    );
  }
  await openOnlinePayments(devnet);
}

async function describe(devnet: Devnet, say: (text: string) => void): Promise<void> {
  const { folder } = devnet;
  const { network } = devnetPaths(folder);
  const { shop, messages } = onlinePaths(folder);
  const { member, identity, password } = CUSTOMER;
  say(`
The network is up; Ctrl-C stops it, and the next start goes on where it was.
  Its state:      curl ${devnet.apiUrl(1)}/v1/status
  What it offers: curl ${devnet.apiUrl(1)}/openapi.json
  Its file:       ${network}
  To look at it:  ${await devnet.consoleLink()}
  A wallet:       ${devnet.deviceUrl(GATEWAYS[0])}/wallet/, a till: …/wallet/terminal/
  Pay by hand:    docs/DEVICE-MAKERS.md
  Pay online:     npx tallystick online shop --config ${shop}
    opens the ${SHOP.label} for browsers. Who pays there is ${identity}, a customer of member ${member} (its payment page:
    ${devnet.paymentPageUrl(member)}), with the password "${password}" and the code that comes to
    ${messages(member)}
    Without a browser: docs/MERCHANTS.md`);
}

/** Deletes a devnet, and nothing that is not one. */
async function clear(folder: string): Promise<void> {
  const lock = await Devnet.lock(folder);
  await lock.close();
  await rm(folder, { recursive: true, force: true });
}
