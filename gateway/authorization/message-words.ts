/** What terminals are told, in their language: codes with all that they authorize, and what happens to the service. */
import { type Currency, formatAmount } from "../../protocol/money.ts";
import type { SignedPaymentOrder } from "../../protocol/payment-order.ts";
import { formatShortCode } from "../../protocol/short-code.ts";
import type { Language } from "./terminals.ts";

/** What a holder is told of the service at once. */
export type Notice = "opened" | "changed" | "cancelled" | "locked" | "unlocked";

type Payment = {
  readonly code: string;
  readonly amount: string;
  readonly merchant: string;
  readonly number: string;
  /** Time of day, in UTC. */
  readonly until: string;
};

const codeTexts: Record<Language, (payment: Payment) => string> = {
  en: ({ code, amount, merchant, number, until }) =>
    `Pay ${amount} to ${merchant} (order ${number})? Then the code is ${code}, until ${until} UTC. If this is not your payment, tell nobody the code and call your bank.`,
  zh: ({ code, amount, merchant, number, until }) =>
    `您将向 ${merchant} 支付 ${amount}（订单 ${number}）。授权码 ${code}，有效至 ${until}（UTC）。若非本人操作，请勿将授权码告诉任何人，并立即联系银行。`,
};

const noticeTexts: Record<Language, Record<Notice, string>> = {
  en: {
    opened: "Online payments are now open for you. If you did not ask for it, call your bank.",
    changed: "Your settings for online payments were changed. If it was not you, call your bank.",
    cancelled: "Online payments are now closed for you. If you did not ask for it, call your bank.",
    locked: "Online payments are locked after too many wrong tries. Your bank unlocks them.",
    unlocked: "Online payments are unlocked again. If you did not ask for it, call your bank.",
  },
  zh: {
    opened: "您的网上支付已开通。若非本人申请，请联系银行。",
    changed: "您的网上支付设置已更改。若非本人操作，请联系银行。",
    cancelled: "您的网上支付已取消。若非本人申请，请联系银行。",
    locked: "因多次输错，您的网上支付已锁定。请联系银行解锁。",
    unlocked: "您的网上支付已解锁。若非本人申请，请联系银行。",
  },
};

export function codeText(
  language: Language,
  order: SignedPaymentOrder,
  code: string,
  currency: Currency,
  expires: number,
): string {
  return codeTexts[language]({
    code: formatShortCode(code),
    amount: formatAmount(order.amount, currency),
    merchant: order.merchant,
    number: order.number,
    until: new Date(expires).toISOString().slice(11, 16),
  });
}

export function noticeText(language: Language, notice: Notice): string {
  return noticeTexts[language][notice];
}
