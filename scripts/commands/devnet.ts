/** `tallystick devnet`: a whole network on this machine, the same after every restart. */
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { makeLogger } from "../../node/service/telemetry.ts";
import { devnetPaths, GATEWAYS, MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import { bundlePages, compileContracts } from "../devnet/compile.ts";
import { Devnet } from "../devnet/network.ts";

type Options = { readonly folder: string; readonly fresh?: true; readonly cycle: string };

export function registerDevnet(program: Command): void {
  program
    .command("devnet")
    .description(
      "run four members, an observer, two gateways and an embedded chain until they are stopped",
    )
    .option("--folder <dir>", "where the network lives", ".devnet")
    .option("--fresh", "begin anew: what is in the folder is deleted")
    .option("--cycle <seconds>", "how long a cycle stays open once something happened in it", "10")
    .action(async ({ folder, fresh, cycle }: Options) => {
      const path = resolve(folder);
      const say = (text: string) => process.stdout.write(`${text}\n`);
      if (fresh) await clear(path);
      compileContracts();
      bundlePages();
      const logger = makeLogger({ name: "devnet", level: "warn" });
      const devnet = await Devnet.open({ folder: path, cycleMs: Number(cycle) * 1000, logger });
      const asked = Promise.withResolvers<void>();
      for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.on(signal, () => asked.resolve());
      try {
        await Promise.race([start(devnet, say), asked.promise]);
        describe(devnet, say);
        const ended = await Promise.race([asked.promise, devnet.someoneEnded()]);
        if (ended !== undefined)
          throw new Error(`${ended} has ended: see ${devnetPaths(path).log(ended)}`);
      } finally {
        await devnet.stop();
      }
      say("Stopped. Start again to go on where it was.");
    });
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
}

function describe(devnet: Devnet, say: (text: string) => void): void {
  const { network } = devnetPaths(devnet.folder);
  say(`
The network is up; Ctrl-C stops it, and the next start goes on where it was.
  Its state:      curl ${devnet.apiUrl(1)}/v1/status
  What it offers: curl ${devnet.apiUrl(1)}/openapi.json
  Its file:       ${network}
  A wallet:       ${devnet.deviceUrl(GATEWAYS[0])}/wallet/, a till: …/wallet/terminal/
  Pay by hand:    docs/DEVICE-MAKERS.md`);
}

/** Deletes a devnet, and nothing that is not one. */
async function clear(folder: string): Promise<void> {
  const lock = await Devnet.lock(folder);
  await lock.close();
  await rm(folder, { recursive: true, force: true });
}
