/** What the merchants' routes say and hear. Amounts are decimal strings of minor units. */
import { type Static, Type } from "typebox";
import { limits } from "../../protocol/limits.ts";
import { AccountName, Deposited } from "../schema.ts";
import { webAddress } from "../web-address.ts";

const strict = { additionalProperties: false } as const;
const time = (description: string) =>
  Type.Integer({ minimum: 0, description: `${description}, in milliseconds` });

export const MerchantName = Type.String({
  pattern: "^[A-Za-z0-9._:-]{1,64}$",
  description: "The bank's name for the merchant",
});
/** Printable, so that a customer reads what the merchant wrote, and safe in an address. */
export const OrderNumber = Type.String({
  pattern: "^[A-Za-z0-9._:-]{1,64}$",
  description: "The merchant's own number of the order: the same number is the same order",
});
const Label = Type.String({
  pattern: "^[\\p{L}\\p{N}][\\p{L}\\p{N} .,&'+-]{0,31}$",
  description: "What customers' screens show; at most 32 bytes",
});
export const ByMerchant = Type.Object({ merchant: MerchantName });
export const ByNumber = Type.Object({ number: OrderNumber });

export const NewMerchant = Type.Object(
  {
    merchant: MerchantName,
    account: AccountName,
    label: Label,
    resultsUrl: Type.Optional(
      Type.String({
        pattern: webAddress,
        maxLength: limits.urlMax,
        description: "Where results are told; without it the merchant asks",
      }),
    ),
    isIntermediary: Type.Boolean({
      default: false,
      description: "Whether it may hold orders for other merchants",
    }),
  },
  strict,
);
export const NewCertificate = Type.Object(
  { certificate: Type.String({ maxLength: 16_384, description: "The certificate, in PEM" }) },
  strict,
);
export const ByFingerprint = Type.Object({
  merchant: MerchantName,
  fingerprint: Type.String({ pattern: "^0x[0-9a-f]{64}$", description: "SHA-256 of the DER" }),
});
export const MerchantRow = Type.Object({
  merchant: MerchantName,
  account: AccountName,
  label: Type.String(),
  resultsUrl: Type.Optional(Type.String()),
  isIntermediary: Type.Boolean(),
  certificates: Type.Array(Type.String({ description: "SHA-256 of each that it may show" })),
});

export const NewOrder = Type.Object(
  {
    number: OrderNumber,
    amount: Deposited,
    returnUrl: Type.String({
      pattern: `^$|${webAddress}`,
      maxLength: limits.returnUrlMax,
      default: "",
      description: "Where the customer goes back to",
    }),
    onBehalfOf: Type.Optional(Label),
  },
  strict,
);

export const RefundRow = Type.Object({
  reference: Type.String(),
  amount: Deposited,
  state: Type.Enum(["pending", "paid", "refused"]),
  reason: Type.Optional(Type.String({ description: "Why nothing went back" })),
});

/** What a merchant hears of an order, as an answer and as a result: nothing of who pays it. */
export const OrderRow = Type.Object({
  number: Type.String(),
  state: Type.Enum(["open", "expired", "paid"], {
    description: "Deliver when it is paid, and never before",
  }),
  amount: Deposited,
  merchant: Type.String({ description: "What the customer is shown" }),
  created: time("When"),
  notAfter: time("From when on no customer begins to pay it"),
  paymentUrl: Type.String({ description: "Where the customer is sent" }),
  record: Type.Optional(Type.String({ description: "The record that paid it, on the ledger" })),
  paid: Type.Optional(time("When it was credited")),
  refused: Type.Optional(
    Type.String({ description: "Why the last try to pay came to nothing; another may follow" }),
  ),
  refunds: Type.Array(RefundRow),
});

export const NewRefund = Type.Object(
  {
    reference: Type.String({
      pattern: "^[A-Za-z0-9._:-]{1,64}$",
      description: "The merchant's own: the same reference is the same refund",
    }),
    amount: Deposited,
  },
  strict,
);

export const ByDay = Type.Object({
  day: Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description: "Of UTC" }),
});
export const Payout = Type.Object({
  day: Type.String(),
  credited: Type.String({ description: "For orders paid that day" }),
  refunded: Type.String({ description: "Of orders seen that day" }),
  orders: Type.Array(OrderRow),
});

export type OrderRow = Static<typeof OrderRow>;
export type MerchantRow = Static<typeof MerchantRow>;
export type Payout = Static<typeof Payout>;
