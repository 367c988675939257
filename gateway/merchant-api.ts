/**
 * What a gateway's listener answers to, by route. Written by scripts/api-types.ts out of its OpenAPI document;
 * a test compares it with what a gateway serves.
 */
export type MerchantApi = {
  /** This description */
  "GET /openapi.json": {
    reply: object;
  };
  /** Takes an order, or finds the one of this number; send the customer to its address */
  "POST /v1/orders": {
    body: {
      readonly number: string;
      readonly amount: string;
      readonly returnUrl?: string;
      readonly onBehalfOf?: string;
    };
    reply: {
      readonly number: string;
      readonly state: "open" | "expired" | "paid";
      readonly amount: string;
      readonly merchant: string;
      readonly created: number;
      readonly notAfter: number;
      readonly paymentUrl: string;
      readonly record?: string;
      readonly paid?: number;
      readonly refused?: string;
      readonly refunds: readonly {
        readonly reference: string;
        readonly amount: string;
        readonly state: "pending" | "paid" | "refused";
        readonly reason?: string;
      }[];
    };
  };
  /** How an order stands */
  "GET /v1/orders/{number}": {
    params: { readonly number: string };
    reply: {
      readonly number: string;
      readonly state: "open" | "expired" | "paid";
      readonly amount: string;
      readonly merchant: string;
      readonly created: number;
      readonly notAfter: number;
      readonly paymentUrl: string;
      readonly record?: string;
      readonly paid?: number;
      readonly refused?: string;
      readonly refunds: readonly {
        readonly reference: string;
        readonly amount: string;
        readonly state: "pending" | "paid" | "refused";
        readonly reason?: string;
      }[];
    };
  };
  /** Gives back all or part of what an order brought, once for each reference */
  "POST /v1/orders/{number}/refunds": {
    params: { readonly number: string };
    body: { readonly reference: string; readonly amount: string };
    reply: {
      readonly number: string;
      readonly state: "open" | "expired" | "paid";
      readonly amount: string;
      readonly merchant: string;
      readonly created: number;
      readonly notAfter: number;
      readonly paymentUrl: string;
      readonly record?: string;
      readonly paid?: number;
      readonly refused?: string;
      readonly refunds: readonly {
        readonly reference: string;
        readonly amount: string;
        readonly state: "pending" | "paid" | "refused";
        readonly reason?: string;
      }[];
    };
  };
  /** How many results wait to be told, and since when none was heard */
  "GET /v1/results": {
    reply: {
      readonly waiting: number;
      readonly failing?: number;
      readonly parked?: number;
      readonly dropped?: number;
    };
  };
  /** Has the results told that are kept since nothing is sent any more, in order */
  "POST /v1/results/resume": {
    reply: {
      readonly waiting: number;
      readonly failing?: number;
      readonly parked?: number;
      readonly dropped?: number;
    };
  };
  /** What the merchant's account was credited with for orders of a day, one by one */
  "GET /v1/payouts/{day}": {
    params: { readonly day: string };
    reply: {
      readonly day: string;
      readonly credited: string;
      readonly refunded: string;
      readonly orders: readonly {
        readonly number: string;
        readonly state: "open" | "expired" | "paid";
        readonly amount: string;
        readonly merchant: string;
        readonly created: number;
        readonly notAfter: number;
        readonly paymentUrl: string;
        readonly record?: string;
        readonly paid?: number;
        readonly refused?: string;
        readonly refunds: readonly {
          readonly reference: string;
          readonly amount: string;
          readonly state: "pending" | "paid" | "refused";
          readonly reason?: string;
        }[];
      }[];
    };
  };
};
