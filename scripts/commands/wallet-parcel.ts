/** `tallystick wallet parcel`: records on their way to a bank in others' hands, and its answers on their way back. */
import type { Command } from "commander";
import { say } from "../report.ts";
import { carryParcels, deliverParcels } from "../wallet/carried.ts";
import { takeAnswers, writeParcels } from "../wallet/parcels.ts";
import { command, type Common, gateway, type Gateway, run } from "./wallet-options.ts";

const help = `
Where the bank is out of reach for long, whoever travels carries for others. "stick" is a folder that sender and
courier both reach, such as a memory stick:

  tallystick wallet parcel write stick --folder anna     what the purse has to say to its bank, sealed
  tallystick wallet parcel carry stick --folder cleo     takes it along
  tallystick wallet parcel deliver     --folder cleo     at any gateway of the network
  tallystick wallet parcel carry stick --folder cleo     leaves the answers
  tallystick wallet parcel take stick  --folder anna     as good as a sync: what was paid is settled

A courier sees which bank a parcel is for, and nothing else. It can lose what it carries, and nothing else: hand the
same folder to as many as you like. Run "write" again after "take" to ask what became of what was handed in.`;

export function registerParcel(wallet: Command): void {
  const parcel = wallet
    .command("parcel")
    .description("reach the bank through others, and carry for them")
    .addHelpText("after", help);
  command(
    parcel,
    "write <dir>",
    "seal what the purse has to say to its bank, into a folder",
  ).action((dir: string, options: Common) => run(options, (it) => writeParcels(it, dir)));
  command(parcel, "take <dir>", "take the bank's answers that a courier has left there").action(
    (dir: string, options: Common) => run(options, (it) => takeAnswers(it, dir)),
  );
  command(
    parcel,
    "carry <dir>",
    "take others' parcels along, and leave the answers to them",
  ).action(async (dir: string, { folder, json }: Common) =>
    say(await carryParcels(folder, dir), json ?? false),
  );
  gateway(parcel, "deliver", "hand over what is carried; any gateway will do").action(
    async ({ folder, gateway: url, json }: Gateway) =>
      say(await deliverParcels(folder, url), json ?? false),
  );
}
