/** `tallystick terminal`: a till, with codes and cards. */
import { createInterface, type Interface } from "node:readline";
import type { Command } from "commander";
import type { PendingRecord } from "../../device/pending-store.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { parseWhole } from "../arguments.ts";
import { CardReaders } from "../pcsc/card-readers.ts";
import { frameIn } from "../scanned-line.ts";
import { keepUp } from "../terminal/keeping-up.ts";
import { joinShop } from "../terminal/shop.ts";
import { startScanner } from "../terminal/scanner.ts";
import { plainScreen, terminalScreen } from "../terminal/screen.ts";
import { Till } from "../terminal/till.ts";
import { Wallet } from "../wallet/wallet.ts";

type Options = {
  readonly folder: string;
  readonly cards: boolean;
  readonly scanner?: string;
  readonly syncEvery: number;
  readonly shop?: string;
  readonly shopAddress?: string;
};

const help = `
Enter an amount. The payer's device scans the code, and its answer is scanned here; or a card is held to the reader.
What is taken is unverified until it is synced, which happens by itself as soon as the bank's gateway can be reached.

After "r" the till scans what a customer's device shows who wants money back ("tallystick wallet request --refund"), and
pays it: to the device that paid, and never more than it paid.

A scanner that types is read as typed. Any other is a command that prints a line a code: --scanner "zbarcam --raw".
A card that asks for its PIN gets it from "p 1234", typed in sight: tills with a PIN pad keep it from the counter.
Tills of one shop that have copies of one --shop file warn each other of the coins they have taken, over the shop's
own network: what was paid at one is refused at the others. The file is made if it is not there.
Card readers are those of PC/SC: scripts/pcsc/README.md says what to install. --no-cards does without.
The folder is made and enrolled by "tallystick wallet".`;

const PROMPT = "amount, r refund, t totals, s sync, c cancel, q quit > ";

export function registerTerminal(program: Command): void {
  program
    .command("terminal")
    .description("be a till: take payments by codes and cards, offline too")
    .requiredOption("-f, --folder <dir>", "a wallet's folder")
    .option("--no-cards", "no card reader")
    .option("--scanner <command>", "prints the texts of codes that are scanned, a line each")
    .option(
      "--sync-every <seconds>",
      "how often the gateway is tried while something waits",
      parseWhole,
      10,
    )
    .option("--shop <file>", "the key that the shop's tills share")
    .option("--shop-address <ip>", "this machine's address on the shop's network")
    .addHelpText("after", help)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { folder, cards, scanner, syncEvery, shop, shopAddress: address } = options;
  await using parts = new AsyncDisposableStack();
  const alarm = shop === undefined ? undefined : await joinShop(folder, shop, { address });
  parts.defer(() => alarm?.stop());
  const wallet = parts.use(await Wallet.open(folder, (coin) => alarm?.rival(coin)));
  alarm?.tell(wallet.purse.pending());
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const shown = isTerminal ? { output: process.stdout, prompt: PROMPT } : {};
  const lines = createInterface({ input: process.stdin, ...shown });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => lines.close());
  // Where the keyboard is read key by key, Ctrl-C is one of them.
  lines.once("SIGINT", () => lines.close());
  const screen = isTerminal ? terminalScreen(process.stdout, lines) : plainScreen(process.stdout);
  parts.defer(() => screen.end());
  const { show, note } = screen;
  const tell = (records: readonly PendingRecord[]) => alarm?.tell(records);
  const till = new Till(wallet, { clock: Date.now, show, note, tell });
  const { promise: failure, reject: fail } = Promise.withResolvers<never>();
  const report = (problem: unknown) => {
    if (!isRefusal(problem)) return fail(problem);
    note([problem.message, problem.remedy]);
  };
  show({ lines: ["Ready. Enter an amount."] });
  if (cards) await watchCards(till, report, parts);
  if (scanner !== undefined) parts.use(startScanner(scanner, (text) => till.scan(text), report));
  const ended = new AbortController();
  parts.defer(() => ended.abort());
  const keeping = keepUp(till, { everyMs: syncEvery * 1000, note, signal: ended.signal });
  await Promise.race([serveLines(lines, till), keeping, failure]);
}

/** A till without a reader goes on with codes. */
async function watchCards(
  till: Till,
  report: (problem: unknown) => void,
  parts: AsyncDisposableStack,
): Promise<void> {
  try {
    parts.use(await CardReaders.watch((channel) => till.card(channel), report));
  } catch (error) {
    report(error);
  }
}

/** What is typed, until it ends. */
async function serveLines(lines: Interface, till: Till): Promise<void> {
  for await (const line of lines) {
    const frame = frameIn(line);
    if (frame !== undefined) await till.scan(frame);
    else if (line.trim() === "q") return lines.close();
    else if (line.trim() === "") lines.prompt();
    else await typed(line.trim(), till);
  }
}

async function typed(text: string, till: Till): Promise<void> {
  const pin = /^p *(\d+)$/.exec(text)?.[1];
  if (pin !== undefined) return till.enterPin(pin);
  switch (text) {
    case "r":
      return till.refund();
    case "c":
      return till.cancel();
    case "t":
      return till.totals();
    case "s":
      return till.syncNow();
    default:
      return till.ask(text);
  }
}
