/** A customer pays a merchant's order online, and each sees its own side: between two banks of a whole consortium. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PaymentView } from "../../../gateway/authorization/schema.ts";
import type { OrderRow } from "../../../gateway/merchants/schema.ts";
import type { Fetch } from "../../../node/service/mutual-fetch.ts";
import { ask, checked } from "../../gateway/support/bank.ts";
import type { ConsortiumBank } from "../../support/consortium-bank.ts";
import type { Consortium } from "../../support/consortium.ts";
import { until } from "../../support/until.ts";

export type PaidOrder = {
  /** The customer's bank, which writes codes to a file, and the merchant's. */
  readonly payers: ConsortiumBank;
  readonly payees: ConsortiumBank;
  /** As the merchant. */
  readonly shop: Fetch;
  readonly number: string;
  readonly identity: string;
  readonly password: string;
};

/** Makes the order, and waits until it is paid. */
export async function payOrder(
  { folder }: Consortium,
  { payers, payees, shop, number, identity, password }: PaidOrder,
): Promise<void> {
  const url = `${payees.gateway.merchantsUrl}/v1/orders`;
  const seen = async (path = "", init?: Parameters<Fetch>[1]) =>
    (await (await checked(await shop(url + path, init))).json()) as OrderRow;
  const { paymentUrl } = await seen("", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ number, amount: "10" }),
  });
  const page = <Reply>(path: string, body: object) =>
    ask<Reply>(`${payers.gateway.url}/v1/pay/payments${path}`, body);
  const order = new URL(paymentUrl).hash.slice(1);
  const begun = { order, identity, password };
  const { id, token, terminals } = await page<PaymentView & { token: string }>("", begun);
  const terminal = terminals[0]!.id;
  await page(`/${id}/code`, { token, account: 0, terminal, mode: "page" });
  const messages = await readFile(join(folder, `messages${payers.member}`), "utf8");
  const [code] = /\d{4} \d{4}/.exec(messages.trim().split("\n").at(-1)!)!;
  await page(`/${id}/authorization`, { token, code });
  await until("the order is paid", async () => (await seen(`/${number}`)).state === "paid");
}
