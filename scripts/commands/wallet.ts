/** `tallystick wallet`: a purse in a folder, and an offline payment by hand. */
import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { parseNetworkFile } from "../../protocol/network-file.ts";
import { formatReference } from "../../protocol/reference.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { DeviceClass } from "../../protocol/certificate.ts";
import { parseHex, parseWhole, readText } from "../arguments.ts";
import { profiles } from "../deploy/plan.ts";
import { type Report, say } from "../report.ts";
import * as act from "../wallet/actions.ts";
import { readMessage, STANDARD, textOf, writeMessage } from "../wallet/message-file.ts";
import { showCodes } from "../wallet/show-codes.ts";
import { Wallet } from "../wallet/wallet.ts";
import { makeWalletFile, parseDeviceClass } from "../wallet/wallet-file.ts";
import { registerCode } from "./wallet-code.ts";
import { command, type Common, gateway, type Gateway, run } from "./wallet-options.ts";
import { registerParcel } from "./wallet-parcel.ts";
import { readSecret, registerPin, unlock } from "./wallet-pin.ts";
import { registerSecondFactor } from "./wallet-second-factor.ts";

type Out = Common & { readonly out: string; readonly text?: true; readonly qr?: true };
type In = Common & { readonly in: string };
type Pinned = { readonly pin?: string };
type Waiting = Gateway & { readonly wait: number };

type InitOptions = Common & {
  readonly network: string;
  readonly member: number;
  readonly class: DeviceClass;
  readonly gateway?: string;
  readonly trustKey: Hex;
  readonly receiptLife: number;
};

const help = `
A payment by hand, between the folders "a" (pays) and "b" (is paid), with no network:

  tallystick wallet request 12.50 --folder b --out 1.message
  tallystick wallet pay     --folder a --in 1.message --out 2.message
  tallystick wallet receive --folder b --in 2.message --out 3.message
  tallystick wallet confirm --folder a --in 3.message

Messages are files, or text that can be pasted where a file is "-", as it is by default. With --qr they are shown
as codes, and what a scanner prints is read as text is: zbarcam | tallystick wallet pay --folder a --qr
Whatever answers a message can be run again: the same payment, never a second one. Later, either side syncs with
any gateway.

This purse is software. A copy of its folder is refused; a key that others may read is, too.`;

export function registerWallet(program: Command): void {
  const wallet = program
    .command("wallet")
    .description("hold money in a folder, pay and be paid offline, and settle with a bank")
    .addHelpText("after", help);
  registerBank(wallet);
  registerPayment(wallet);
  registerCode(wallet);
  registerViews(wallet);
  registerParcel(wallet);
  registerPin(wallet);
  registerSecondFactor(wallet);
}

/** What needs a gateway, and what comes before. */
function registerBank(wallet: Command): void {
  command(wallet, "init", "make a wallet: its settings, its key, its purse")
    .requiredOption("--network <file>", "the network file, from the bank or the authority")
    .requiredOption("--member <number>", "the bank that is to keep the coins", parseWhole)
    .requiredOption("--trust-key <0x…>", "the authority's public trust key, from a trusted place")
    .option(
      "--class <name>",
      "what the bank knows the device as: software, host, terminal, merchant, element or chip",
      parseDeviceClass,
      "software",
    )
    .option("--gateway <url>", "the bank's gateway; the network file's by default")
    .option(
      "--receipt-life <seconds>",
      "how long receipts and certificates of the network may live",
      parseWhole,
      profiles.production.parameters.receiptLifeS,
    )
    .action(init);
  waiting(wallet, "enrol", "become a device of the bank: enrolled on the ledger, and certified")
    .requiredOption("--credential <text>", 'what the bank gave for this; "-" reads it from stdin')
    .option("--label <text>", "what payers' screens show; merchants only", "")
    .action(async (options: Waiting & { credential: string; label: string }) => {
      const { credential: said } = options;
      const credential = said === STANDARD ? await readSecret(said) : said;
      await run(options, (it) => act.enrolWallet(it, { ...options, credential }));
    });
  waiting(wallet, "load <amount>", "move money from the account into the purse, such as 12.50")
    .option("--anew", "let go of a load that is under way: what comes of it comes with a sync")
    .action((amount: string, options: Waiting & { anew?: true }) =>
      run(options, (it) => act.loadAmount(it, amount, options)),
    );
  pinned(waiting(wallet, "redeem <amount>", "move money from the purse to the account")).action(
    (amount: string, options: Waiting & Pinned) =>
      run(options, async (it) => {
        await unlock(it, options.pin);
        return act.redeemAmount(it, amount, options);
      }),
  );
  gateway(wallet, "sync", "hand in what is pending, hear what settled, renew receipts")
    .option("--member <number>", "the member whose gateway it is; any member will do", parseWhole)
    .action((options: Gateway & { member?: number }) =>
      run(options, (it) => act.syncWallet(it, options)),
    );
}

/** The three messages. */
function registerPayment(wallet: Command): void {
  out(command(wallet, "request <amount>", "ask to be paid: makes message 1"))
    .option("--reference <text>", "what the payment is for, at most 64 bytes", "")
    .addOption(
      new Option("--refund <record>", "of which payment it is money back")
        .argParser((text) => parseHex(text, 32, "a record"))
        .conflicts("reference"),
    )
    .action((amount: string, options: Out & { reference: string; refund?: Hex }) =>
      send(options, (it) => act.requestAmount(it, amount, referenceOf(options))),
    );
  pinned(out(into(command(wallet, "pay", "pay what message 1 asks: makes message 2"), 1)))
    .option("--second-factor <digits>", "the code that confirms a high amount, and this one alone")
    .action((options: In & Out & Pinned & { secondFactor?: string }) =>
      send(options, async (it) => {
        await unlock(it, options.pin);
        return act.pay(it, await readMessage(options.in), options.secondFactor);
      }),
    );
  out(into(command(wallet, "receive", "take message 2: makes message 3"), 2)).action(
    (options: In & Out) =>
      send(options, async (it) => act.receive(it, await readMessage(options.in))),
  );
  into(command(wallet, "confirm", "take message 3: the change is free"), 3).action((options: In) =>
    run(options, async (it) => act.confirm(it, await readMessage(options.in))),
  );
}

function registerViews(wallet: Command): void {
  const view = (name: string, says: string, report: (wallet: Wallet) => Report) =>
    command(wallet, name, says).action((options: Common) => run(options, async (it) => report(it)));
  view("balance", "what the purse holds, and what of it can be paid now", act.balance);
  view("history", "what was paid and received, the latest first", act.history);
  view("coins", "the coins, and until when each is vouched for", act.coins);
  view("pending", "records that are not settled, parents first", act.pending);
  view("identity", "the device's key, its bank, its limits", act.identity);
  gateway(
    wallet,
    "show <record>",
    "show one payment to somebody else, and no other: the file for it",
  )
    .requiredOption("--words <text>", "what that one asked to see it in, at most 200 bytes")
    .requiredOption("-o, --out <file>", "where it is written")
    .action((record: string, options: Gateway & { words: string; out: string }) =>
      run(options, async (it) => {
        const { file, report } = await act.show(it, parseHex(record, 32, "a record"), options);
        await writeFile(options.out, file);
        return report;
      }),
    );
  command(wallet, "proof <record>", "what vouched for a record: for the bank, to open a case with")
    .requiredOption("-o, --out <file>", "where it is written")
    .action((record: string, options: Common & { readonly out: string }) =>
      run(options, async (it) => {
        const { message, report } = act.proof(it, parseHex(record, 32, "a record"));
        await writeMessage(options.out, message, false);
        return report;
      }),
    );
}

function waiting(wallet: Command, usage: string, says: string): Command {
  return gateway(wallet, usage, says).option(
    "--wait <seconds>",
    "how long to wait for the ledger",
    parseWhole,
    30,
  );
}

function pinned(each: Command): Command {
  return each.option("--pin <file>", "the PIN of a purse that has one, in a file");
}

function into(each: Command, number: number): Command {
  const says = `message ${number}, or - for stdin: text, or the codes that a scanner prints`;
  return each.option("-i, --in <file>", says, STANDARD);
}

function out(each: Command): Command {
  return each
    .option("-o, --out <file>", "where the message goes, or - for text on stdout", STANDARD)
    .option("--text", "write the file as text too")
    .option("--qr", "show the message as codes for the other side's camera");
}

function referenceOf({ reference, refund }: { reference: string; refund?: Hex }): string {
  return refund === undefined ? reference : formatReference({ kind: "refund", of: refund });
}

async function init(options: InitOptions): Promise<void> {
  const { folder, member, class: named, trustKey, receiptLife } = options;
  const network = parseNetworkFile(await readText(options.network));
  const url = options.gateway ?? network.gateways.find((each) => each.member === member)?.url;
  if (url === undefined)
    throw new Refusal(
      "bad-configuration",
      `the network file names no gateway of member ${member}: say --gateway`,
    );
  const own = { member, class: named, gateway: url, trustKey, receiptLifeS: receiptLife };
  await makeWalletFile(folder, { network, ...own });
  await run(options, async (it) => act.identity(it));
}

/** The message goes out before anything is said: whoever waits for it comes first. */
async function send(
  { folder, json, out: path, text, qr }: Out,
  work: (wallet: Wallet) => Promise<act.Sent>,
): Promise<void> {
  const { message, report, refusal } = await worked(folder, work);
  const isJson = json ?? false;
  const isShown = path === STANDARD;
  if (qr) {
    if (!isShown) await writeMessage(path, message, text ?? false);
    say(report, isJson, process.stderr);
    await showCodes(message);
  } else if (isShown && isJson) {
    say({ lines: [], data: { ...report.data, message: textOf(message) } }, isJson);
  } else {
    await writeMessage(path, message, text ?? false);
    say(report, isJson, isShown ? process.stderr : process.stdout);
  }
  if (refusal !== undefined) throw refusal;
}

/** The wallet is closed before its message is shown, for as long as that takes. */
async function worked(
  folder: string,
  work: (wallet: Wallet) => Promise<act.Sent>,
): Promise<act.Sent> {
  await using wallet = await Wallet.open(folder);
  return await work(wallet);
}
