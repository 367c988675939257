/**
 * The demo's online payment: a shop's order is paid from an account at another bank, with a password and a code that
 * comes over another channel than the page. The money moves as a record on the ledger, and the shop takes its bank's
 * signed word for it, nothing else.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { onlinePaths, SHOP } from "../devnet/online-blueprint.ts";
import { openService, registerShop } from "../devnet/online-opening.ts";
import { codeIn, Customer } from "../shop/customer.ts";
import { openShop, readShopFile } from "../shop/shop-file.ts";
import { until } from "./patience.ts";
import { Staff } from "./staff.ts";
import { banks, counterOf, gatewayOf, type Stage } from "./stage.ts";
import { short } from "./story.ts";

/** What the shop's bank has signed, the amount as a decimal string of minor units. */
export type OnlineOutcome = {
  readonly number: string;
  readonly amount: string;
  readonly record: Hex;
};

/** B, who pays from its account; its code comes to its telephone. */
const PAYER = {
  member: banks.b,
  account: "b",
  identity: "b.online",
  terminal: "b-phone",
  password: "green kettle",
} as const;
const WRONG = "0000 0000";

/** The shop's bank registers it, and B's bank opens B's service: B has an account there. */
export async function openOnline({ devnet, story }: Stage): Promise<void> {
  await Promise.all([registerShop(devnet), openService(devnet, PAYER)]);
  story.step(
    `member ${SHOP.member} registers the ${SHOP.label}'s certificate; member ${PAYER.member} lets B pay online`,
  );
}

export async function payOnline(stage: Stage): Promise<OnlineOutcome> {
  const { devnet, story, amounts } = stage;
  const paths = onlinePaths(devnet.folder);
  const { available } = await counterOf(stage, "b").account("b");
  await using shop = await openShop(await readShopFile(paths.shop));
  const order = await shop.order(amounts.order);
  story.step(
    `the ${SHOP.label} has order ${order.number} of ${story.money(amounts.order)} signed by its bank, member ${SHOP.member}`,
  );
  const { url: bank } = gatewayOf(stage, "b");
  const customer = new Customer({ ...PAYER, bank, messages: paths.messages(PAYER.member) });
  const begun = await customer.begin(new URL(order.paymentUrl).hash.slice(1));
  story.step(`B signs in at its own bank, member ${PAYER.member}, with identity and password`);
  const message = await customer.askForCode(begun);
  story.quote("a message comes to B's telephone, which is no part of the page", [message]);
  const refused = await customer
    .authorize(begun, otherThan(codeIn(message)))
    .catch((error) => error);
  if (!isRefusal(refused, "wrong-code"))
    throw new Error("a wrong code was not refused", { cause: refused });
  await customer.authorize(begun, codeIn(message));
  const { state, reason } = await customer.untilEnded(begun);
  if (state !== "paid") throw new Error(`B's bank has not paid: ${reason}`);
  await until("the shop is told", async () => shop.delivered.has(order.number));
  const { number, amount, record } = await shop.paid(order.number);
  story.step(
    `a wrong code is refused, the right one pays: record ${short(record!)} moves the money from bank to bank`,
  );
  await checkAccounts(stage, BigInt(available));
  story.step(
    "its bank has told the shop: signature, order, amount and address are right, and the goods leave",
  );
  return { number, amount, record: record as Hex };
}

/** The shop has been credited, and B debited, with the order's amount. @param before what B had available. */
async function checkAccounts(stage: Stage, before: bigint): Promise<void> {
  const { devnet, amounts } = stage;
  const shop = await new Staff(devnet.staffUrl(SHOP.member)).account(SHOP.merchant);
  const payer = await counterOf(stage, "b").account("b");
  if (
    BigInt(shop.available) !== amounts.order ||
    before - BigInt(payer.available) !== amounts.order
  )
    throw new Error(`the shop has ${shop.available}, B ${payer.available} of ${before}`);
}

function otherThan(code: string): string {
  return code === WRONG ? "0000 0001" : WRONG;
}
