/** `tallystick wallet pay-code`: pays somebody who has no wallet and no account. */
import type { Command } from "commander";
import { parseWhole } from "../arguments.ts";
import { payCode } from "../wallet/pay-code.ts";
import { command, type Common, run } from "./wallet-options.ts";
import { readSecret, unlock } from "./wallet-pin.ts";

type Options = Common & {
  readonly password: string;
  readonly bank?: number;
  readonly pin?: string;
  readonly secondFactor?: string;
};

const help = `
  echo "a word of bert's" | tallystick wallet pay-code 20 --folder anna --password -

The payee chooses the password. With it and the code the money is had at any bank, on the counter or over the
network; without either it is not, and what nobody comes for returns to your account.`;

export function registerCode(wallet: Command): void {
  command(wallet, "pay-code <amount>", "pay whoever has a code, which this says, and the password")
    .requiredOption("--password <file>", "the payee's, 4 to 64 bytes, in a file, or - for stdin")
    .option("--bank <number>", "the bank where the money waits; one's own by default", parseWhole)
    .option("--pin <file>", "the PIN of a purse that has one, in a file")
    .option("--second-factor <digits>", "the code that confirms a high amount")
    .addHelpText("after", help)
    .action((amount: string, { password: path, bank, pin, secondFactor, ...options }: Options) =>
      run(options, async (wallet) => {
        await unlock(wallet, pin);
        const password = await readSecret(path);
        return await payCode(wallet, amount, { password, bank, secondFactor });
      }),
    );
}
