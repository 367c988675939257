/** What is shown of payments and services: to the customer what is needed to choose, and no account whole. */
import type { Currency } from "../../protocol/money.ts";
import type { SignedPaymentOrder } from "../../protocol/payment-order.ts";
import { orderOf } from "./payment-book.ts";
import { CODES_MAX } from "./payment-state.ts";
import type { Opened } from "./payments.ts";
import type * as Api from "./schema.ts";
import { isLocked, type Service } from "./services.ts";
import { maskTerminal } from "./terminals.ts";

export function orderView(order: SignedPaymentOrder, currency: Currency): Api.OrderView {
  const { merchant, number, amount, notAfter, returnUrl } = order;
  return { merchant, number, amount: String(amount), currency, notAfter, returnUrl };
}

export function paymentView({ id, payment, service }: Opened, currency: Currency): Api.PaymentView {
  const { state } = payment;
  const { accounts, terminals, mayDesignate } = service;
  return {
    id,
    order: orderView(orderOf(payment), currency),
    state: state.kind,
    ...(state.kind === "refused" ? { reason: state.reason.code } : {}),
    ...(state.kind === "sent"
      ? {
          codesLeft: CODES_MAX - state.codes,
          triesLeft: state.tries,
          expires: state.challenge.expires,
          mode: state.challenge.mode,
        }
      : {}),
    accounts: accounts.map(maskAccount),
    terminals: terminals.map((each) => ({ id: each.id, name: maskTerminal(each) })),
    mayDesignate,
  };
}

export function serviceView(service: Service, told?: number): Api.ServiceView {
  const { id, identities, accounts, limits, mayDesignate, terminals, cancelled } = service;
  const { perPayment, perDay } = limits;
  return {
    service: id,
    identities: [...identities],
    accounts: accounts.map(maskAccount),
    limits: {
      perPayment: perPayment === undefined ? null : String(perPayment),
      perDay: perDay === undefined ? null : String(perDay),
    },
    mayDesignate,
    terminals: terminals.map((each) => ({ id: each.id, name: maskTerminal(each) })),
    isLocked: isLocked(service),
    ...(cancelled === undefined ? {} : { cancelled: cancelled.time }),
    ...(told === undefined ? {} : { told }),
  };
}

/** Enough for its owner to tell it from the others. */
function maskAccount(account: string): string {
  return `•••${account.slice(-4)}`;
}
