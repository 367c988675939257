/** `tallystick online`: a shop that is paid online with an authorization code, and a customer who pays there. */
import { once } from "node:events";
import type { Command } from "commander";
import { type Currency, formatAmount, parseAmount } from "../../protocol/money.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { untilAborted } from "../../node/service/until-aborted.ts";
import { wholeBetween } from "../arguments.ts";
import { reach } from "../fetch-json.ts";
import { timeText } from "../report.ts";
import { codeIn, Customer } from "../shop/customer.ts";
import type { Order, Result } from "../shop/result.ts";
import { openShop, readShopFile } from "../shop/shop-file.ts";

type Config = { readonly config: string };

const DAY_S = 86_400;

const help = `
A devnet has a shop and a customer. In one terminal an order, which waits until it is paid:

  tallystick online sell 12.50 --config .devnet/shop/shop.yaml

It says where the order is paid: open that address in a browser, or pay without one:

  tallystick online pay '<the address>' --config .devnet/customer/customer.yaml

"tallystick online shop" is a shop for browsers. docs/MERCHANTS.md says what each step is.`;

export function registerOnline(program: Command): void {
  const online = program
    .command("online")
    .description("sell and pay online, with an authorization code")
    .addHelpText("after", help);
  withConfig(online.command("shop"), "the shop: a YAML file")
    .description("be a shop for browsers, until it is stopped; each result is checked, and printed")
    .action(keepShop);
  withConfig(online.command("sell <amount>"), "the shop: a YAML file")
    .description("take one order, say where it is paid, and wait for the bank's signed result")
    .option("--wait <seconds>", "how long", wholeBetween(1, DAY_S), 1_800)
    .action(sell);
  withConfig(online.command("pay <address>"), "the customer: a YAML file")
    .description("pay an order without a browser: identity, password, and the code that was sent")
    .action(pay);
}

function withConfig(command: Command, what: string): Command {
  return command.requiredOption("-c, --config <file>", what);
}

async function keepShop({ config }: Config): Promise<void> {
  const settings = await readShopFile(config);
  const { currency } = settings.network;
  await using shop = await openShop(settings, {
    onOrder: (order) => write(orderLines(order, currency)),
    onResult: (result) => write(resultLines(result, currency)),
    onFault: (error) => process.stderr.write(`a customer was not served: ${String(error)}\n`),
  });
  write([`The shop is open: ${shop.url}`]);
  await Promise.race((["SIGINT", "SIGTERM"] as const).map((signal) => once(process, signal)));
}

async function sell(text: string, { config, wait }: Config & { wait: number }): Promise<void> {
  const settings = await readShopFile(config);
  const { currency } = settings.network;
  const amount = parseAmount(text, currency);
  await using shop = await openShop(settings);
  const order = await reach(settings.bank, () => shop.order(amount));
  write(orderLines(order, currency));
  const late = new Refusal("unavailable", `order ${order.number} is not paid after ${wait} s`);
  const waited = new AbortController();
  const timer = setTimeout(() => waited.abort(late), wait * 1000);
  try {
    const result = await untilAborted(shop.paid(order.number), waited.signal);
    write(resultLines(result, currency));
  } finally {
    clearTimeout(timer);
  }
}

async function pay(address: string, { config }: Config): Promise<void> {
  const order = address.slice(address.indexOf("#") + 1);
  const customer = await Customer.load(config);
  const begun = await reach(customer.bank, () => customer.begin(order));
  const { merchant, number, amount, currency } = begun.order;
  write([
    `Signed in, to pay ${formatAmount(BigInt(amount), currency)} to ${merchant} (${number}).`,
  ]);
  const message = await customer.askForCode(begun);
  write([`A message has come: ${message}`]);
  await customer.authorize(begun, codeIn(message));
  const { state, reason } = await customer.untilEnded(begun);
  if (state !== "paid") throw new Refusal("unavailable", `the bank has not paid: ${reason}`);
  write(["The code is right, and the bank has paid."]);
}

function orderLines({ number, amount, notAfter, paymentUrl }: Order, currency: Currency): string[] {
  const what = `Order ${number} of ${formatAmount(BigInt(amount), currency)}`;
  return [`${what} can be paid until ${timeText(notAfter)}:`, paymentUrl];
}

/** What the bank has said, once it is known to be the bank's word to this shop. */
function resultLines({ number, state, amount, record, refused }: Result, currency: Currency) {
  const money = formatAmount(BigInt(amount), currency);
  if (state === "paid")
    return [`Order ${number} is paid: ${money}, record ${record}. The bank has signed it.`];
  return [`Order ${number} of ${money} is ${state}${refused === undefined ? "" : `: ${refused}`}.`];
}

function write(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
