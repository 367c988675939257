/** `tallystick wallet pin`: the PIN without which no money leaves. It is read from a file or from stdin, and never an argument. */
import type { Command } from "commander";
import { Refusal } from "../../protocol/refusal.ts";
import { readText } from "../arguments.ts";
import type { Report } from "../report.ts";
import { STANDARD } from "../wallet/message-file.ts";
import type { Wallet } from "../wallet/wallet.ts";
import { command, type Common, run } from "./wallet-options.ts";

type From = Common & { readonly from: string };

const help = `
  echo 4711          | tallystick wallet pin set --folder anna
  echo 4711 0815     | tallystick wallet pin change --folder anna
  echo 12345678 0815 | tallystick wallet pin unblock --folder anna

Three wrong ones block the PIN, and ten wrong unblocking codes block that for good. From then on "pay" and "redeem"
take the PIN by --pin, and a terminal asks for it when the folder is its card. In software a PIN stops whoever has the
wallet in hand, and nobody who reads its files.`;

export function registerPin(wallet: Command): void {
  const pin = wallet
    .command("pin")
    .description("have no money leave without a PIN")
    .addHelpText("after", help);
  const each = (
    name: string,
    says: string,
    work: (it: Wallet, words: string[]) => Promise<Report>,
  ) =>
    command(pin, name, says)
      .option("--from <file>", "where it is read, or - for stdin", STANDARD)
      .action(async ({ from, ...options }: From) => {
        const words = (await readSecret(from)).split(/\s+/);
        await run(options, (it) => work(it, words));
      });
  each("set", "give the purse a PIN; says the unblocking code", async ({ purse }, words) => {
    const unblockingCode = purse.pin.makeUnblockingCode();
    await purse.pin.set(only(words, 1)[0]!, unblockingCode);
    const lines = [`The unblocking code is ${unblockingCode}: write it down, it is shown once.`];
    return { lines, data: { unblockingCode } };
  });
  each("change", "another PIN: reads the present one and the next", async ({ purse }, words) => {
    const [present, next] = only(words, 2);
    await purse.pin.change(present!, next!);
    return { lines: ["The PIN is another one now."], data: {} };
  });
  each("unblock", "another PIN: reads the unblocking code and it", async ({ purse }, words) => {
    const [code, next] = only(words, 2);
    await purse.pin.unblock(code!, next!);
    return { lines: ["The PIN is another one now."], data: {} };
  });
}

/** Lets money leave, for as long as the command runs. @param path of the PIN, if one was said. */
export async function unlock({ purse }: Wallet, path: string | undefined): Promise<void> {
  if (path !== undefined) await purse.pin.unlock(await readSecret(path));
}

/** @param path a file, or "-" for standard input. @throws Refusal `bad-configuration`. */
export async function readSecret(path: string): Promise<string> {
  if (path !== STANDARD) return (await readText(path)).trim();
  let text = "";
  for await (const piece of process.stdin.setEncoding("utf8")) text += piece as string;
  return text.trim();
}

function only(words: string[], count: number): string[] {
  if (words.length === count) return words;
  throw new Refusal("malformed", `${words.length} words were read where ${count} are needed`);
}
