/** Money for somebody who has no wallet: under a code, which is told here and stands in the history. */
import type { Report } from "../report.ts";
import { payConfirmed, underCode } from "./second-factor.ts";
import type { Wallet } from "./wallet.ts";

export type CodePayment = {
  /** The payee's. */
  readonly password: string;
  /** The member with whom the money waits; the wallet's own without it. */
  readonly bank: number | undefined;
  /** What confirms a high amount. */
  readonly secondFactor: string | undefined;
};

export async function payCode(
  wallet: Wallet,
  text: string,
  { password, bank, secondFactor }: CodePayment,
): Promise<Report> {
  const amount = wallet.parse(text);
  const payment = () => underCode(wallet, text);
  const { code, id } = await payConfirmed(wallet, payment, secondFactor, () =>
    wallet.purse.payCode(amount, password, bank),
  );
  const lines = [
    `${wallet.format(amount)} is for whoever has this code and the password:`,
    `  ${code}`,
    "It is worth nothing until the payment has settled: sync with a gateway.",
    `record ${id}`,
  ];
  return { lines, data: { amount, code, bank: bank ?? wallet.settings.member, record: id } };
}
