/** What the gateway shows of an order and of a payment, as `gateway/authorization/schema.ts` has it. */
export type OrderView = {
  readonly merchant: string;
  readonly number: string;
  readonly amount: string;
  readonly currency: { readonly code: string; readonly digits: number };
  readonly returnUrl: string;
};

export type PaymentView = {
  readonly order: OrderView;
  readonly state: "named" | "sent" | "authorised" | "paid" | "refused";
  readonly reason?: string;
  readonly codesLeft?: number;
  readonly mode?: "page" | "reply";
  readonly accounts: readonly string[];
  readonly terminals: readonly { readonly id: string; readonly name: string }[];
  readonly mayDesignate: boolean;
};
