/** `tallystick wallet second-factor`: the code by which another device of the holder's pays a high amount. */
import { type Command, Option } from "commander";
import type { Owner } from "../../protocol/key.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { parseHex } from "../arguments.ts";
import { readMessage, STANDARD } from "../wallet/message-file.ts";
import {
  requested,
  type SaidPayment,
  saidOf,
  secondFactorReport,
  typedPayment,
  underCode,
} from "../wallet/second-factor.ts";
import type { Wallet } from "../wallet/wallet.ts";
import { command, type Common, run } from "./wallet-options.ts";
import { unlock } from "./wallet-pin.ts";

type Options = Common & {
  readonly in: string;
  readonly amount?: string;
  readonly payee?: string;
  readonly device?: Owner;
  readonly pin?: string;
};

const help = `
  tallystick wallet second-factor --folder c --in 1.message
  tallystick wallet second-factor --folder c --amount 450 --payee "0719 3552 7410"
  tallystick wallet pay           --folder a --in 1.message --second-factor "4071 8253" --out 2.message

Both have read the same message 1, or what the one shows is typed on the other. The bank says from which
amount on "pay" and "pay-code" need a code, and which device shows it; without one its voice line says it.
A code is good for its payment alone, for a minute, once.`;

export function registerSecondFactor(wallet: Command): void {
  command(wallet, "second-factor", "show the code by which another device pays what message 1 asks")
    .option("-i, --in <file>", "message 1, or - for stdin", STANDARD)
    .option("--amount <amount>", "what is paid, where message 1 is not at hand")
    .option(
      "--payee <number>",
      "to whom, as the other device shows it; to nobody (pay-code) without",
    )
    .addOption(
      new Option("--device <owner>", "which device, where codes of several are shown").argParser(
        (text) => parseHex(text, 20, "an owner"),
      ),
    )
    .option("--pin <file>", "the PIN of a purse that has one, in a file")
    .addHelpText("after", help)
    .action(({ device, pin, ...options }: Options) =>
      run(options, async (it) => {
        await unlock(it, pin);
        return secondFactorReport(it, await paymentOf(it, options), device);
      }),
    );
}

async function paymentOf(
  wallet: Wallet,
  { in: path, amount, payee }: Pick<Options, "in" | "amount" | "payee">,
): Promise<SaidPayment> {
  if (amount !== undefined) {
    return payee === undefined
      ? saidOf(underCode(wallet, amount))
      : typedPayment(wallet, amount, payee);
  }
  if (payee !== undefined) throw new Refusal("malformed", "--payee needs the --amount beside it");
  return saidOf(requested(wallet, await readMessage(path)));
}
