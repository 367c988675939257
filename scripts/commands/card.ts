/** `tallystick card`: a wallet's folder as a card in a virtual reader. */
import type { Command } from "commander";
import { CardApplication } from "../../device/nfc/card-application.ts";
import { parseWhole } from "../arguments.ts";
import { VirtualCard, VPCD_PORT } from "../card/virtual-card.ts";
import { Wallet } from "../wallet/wallet.ts";

type Options = { readonly folder: string; readonly host: string; readonly port: number };

const help = `
The folder is made, enrolled and loaded by "tallystick wallet". The card stays in the reader until this ends:
Ctrl-C takes it out, and whatever was under way goes on when it is put in again.

The reader is Debian's vsmartcard-vpcd, under pcscd. This card is software: a chip keeps its key from its owner too.`;

export function registerCard(program: Command): void {
  program
    .command("card")
    .description("be a card, in a virtual reader that PC/SC programs take for a real one")
    .requiredOption("-f, --folder <dir>", "a wallet's folder")
    .option("--host <address>", "where the virtual reader listens", "127.0.0.1")
    .option("--port <number>", "and at which port", parseWhole, VPCD_PORT)
    .addHelpText("after", help)
    .action(run);
}

async function run({ folder, host, port }: Options): Promise<void> {
  await using wallet = await Wallet.open(folder);
  await using card = await VirtualCard.insert(host, port, () => new CardApplication(wallet.purse));
  process.stdout.write(`The card is in the reader at ${host}:${port}. Ctrl-C takes it out.\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void card[Symbol.asyncDispose]());
  }
  await card.out;
  process.stdout.write("The card is out of the reader.\n");
}
