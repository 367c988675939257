/** `tallystick wallet second-factor`: the code by which another device of the holder's pays a high amount. */
import { type Command, Option } from "commander";
import type { Owner } from "../../protocol/key.ts";
import { parseHex } from "../arguments.ts";
import { readMessage, STANDARD } from "../wallet/message-file.ts";
import { requested, secondFactorReport, underCode } from "../wallet/second-factor.ts";
import { command, type Common, run } from "./wallet-options.ts";
import { unlock } from "./wallet-pin.ts";

type Options = Common & {
  readonly in: string;
  readonly amount?: string;
  readonly device?: Owner;
  readonly pin?: string;
};

const help = `
  tallystick wallet second-factor --folder c --in 1.message
  tallystick wallet pay           --folder a --in 1.message --second-factor "4071 8253" --out 2.message

Both have read the same message 1. The bank says from which amount on "pay" and "pay-code" need a code, and which
device shows it; without one its voice line says it. A code is good for its payment alone, for a minute, once.`;

export function registerSecondFactor(wallet: Command): void {
  command(wallet, "second-factor", "show the code by which another device pays what message 1 asks")
    .option("-i, --in <file>", "message 1, or - for stdin", STANDARD)
    .option("--amount <amount>", "for money under a code (pay-code), which has no message 1")
    .addOption(
      new Option("--device <owner>", "which device, where codes of several are shown").argParser(
        (text) => parseHex(text, 20, "an owner"),
      ),
    )
    .option("--pin <file>", "the PIN of a purse that has one, in a file")
    .addHelpText("after", help)
    .action(({ amount, device, pin, in: path, ...options }: Options) =>
      run(options, async (it) => {
        await unlock(it, pin);
        const payment =
          amount === undefined ? requested(it, await readMessage(path)) : underCode(it, amount);
        return secondFactorReport(it, payment, device);
      }),
    );
}
