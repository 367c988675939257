/** `tallystick admin emergency`: the authority moves devices' offline limits for a while, by its trust key. */
import type { Command } from "commander";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { fromHex } from "../../protocol/bytes.ts";
import type { PlaceCode } from "../../protocol/emergency-profile.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { endProfile, publishProfile } from "../admin/emergency-profile.ts";
import { parseWhole, readText } from "../arguments.ts";
import { say, timeText } from "../report.ts";

type EmergencyOptions = {
  readonly network: string;
  readonly trust: string;
  readonly payment: number;
  readonly count: number;
  readonly balance: number;
  readonly depth: number;
  readonly place?: readonly PlaceCode[];
  readonly hours?: number;
  readonly end?: true;
  readonly json?: true;
};

export function registerEmergency(admin: Command): void {
  admin
    .command("emergency <file>")
    .description("raise or lower what devices may do offline, in some places and for some time")
    .option("--network <file>", "the network file", "network.json")
    .option("--json", "one JSON value")
    .requiredOption("--trust <key-file>", "the trust key that devices know by now")
    .option("--payment <percent>", "of the limit on one payment", parsePercent, 100)
    .option("--count <percent>", "of the payments in a window", parsePercent, 100)
    .option("--balance <percent>", "of what a device may hold", parsePercent, 100)
    .option("--depth <percent>", "of the payments before money must be synced", parsePercent, 100)
    .option("--place <code...>", "where, such as CN-31 or DE; everywhere if none is named")
    .option("--hours <number>", "for how long: it ends by itself", parseWhole)
    .option("--end", "end the one that is in force, now")
    .addHelpText(
      "after",
      `
<file> is the one that trust lists are published in: gateways fetch both, and devices hand them to each other.
There is one profile at a time; the next one takes its place. No profile lets a device hold more than its
member guarantees. Nothing goes to the chain.

  tallystick admin emergency trust-lists.bin --trust trust.json --place CN-31 --hours 72 --payment 300 --depth 200
  tallystick admin emergency trust-lists.bin --trust trust.json --end`,
    )
    .action(async (path: string, options: EmergencyOptions) => {
      const { network, hours, place: places = [], end, json = false } = options;
      const key = await loadKeyFile(options.trust, "P-256");
      const { networkId: id } = parseNetworkFile(await readText(network));
      const when = { networkId: fromHex(id, 32), now: Date.now() };
      if (end === true) {
        const { version, notAfter } = await endProfile(path, key, when);
        const lines = [`Profile ${version} in ${path} ends the one that was in force.`];
        say({ lines, data: { version, notAfter } }, json);
        return;
      }
      if (hours === undefined || hours === 0) {
        throw new Refusal("malformed", "say for how long, in hours: --hours 72");
      }
      const { payment, count, balance, depth } = options;
      const factors = { payment, count, balance, depth };
      const profile = { ...when, factors, places, lifeMs: hours * 3_600_000 };
      const { version, notAfter } = await publishProfile(path, key, profile);
      const where = places.length === 0 ? "everywhere" : `in ${places.join(", ")}`;
      const lines = [
        `Profile ${version} is in ${path}, in force ${where} until ${timeText(notAfter)}:`,
        ...Object.entries(factors).map(([limit, percent]) => `  ${limit} ${percent} %`),
      ];
      say({ lines, data: { version, notAfter, factors, places } }, json);
    });
}

/** @throws Refusal `malformed`. */
function parsePercent(text: string): number {
  const percent = parseWhole(text);
  if (percent <= 0xffff) return percent;
  throw new Refusal("malformed", `"${text}" is more than 65,535 percent`);
}
