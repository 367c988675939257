/** What the description of the merchants' routes shows: the kiosk, a book that it sells, and its day. */
import type * as Api from "./schema.ts";

const record = "0x7c9f1e44b0a35d6288c2e0f17a9b3d54e6f8a1c2b3d4e5f60718293a4b5c6d7e";
const fingerprint = "0x9c641379fc10d519371f6c7bff524c6dad84b47d80920f5d5c3e9a0a02c91365";
const number = "2026-4711";
const created = 1_800_000_000_000;

export const byNumber = { number } as const;
export const byMerchant = { merchant: "kiosk" } as const;
export const byFingerprint = { ...byMerchant, fingerprint } as const;
export const byDay = { day: "2027-01-15" } as const;

export const newMerchant = {
  ...byMerchant,
  account: "kiosk",
  label: "Kiosk am Tor",
  resultsUrl: "https://kiosk.example/results",
  isIntermediary: false,
} as const;

/** Of a key that nobody has. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBhDCCASugAwIBAgIUTQ5mSSf/rQjDanH6w4mCZ2qP/XYwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNa2lvc2suZXhhbXBsZTAeFw0yNjExMjgxMDQ5MDlaFw0zNjEx
MjUxMDQ5MDlaMBgxFjAUBgNVBAMMDWtpb3NrLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASVy9p+wcF/AX7v9Vhxb464W/6hC7cgykTYBV5+38veOsNT
MK2sKTF8pBWUWa1awC2djz0kawOlu9uHXylhjqSWo1MwUTAdBgNVHQ4EFgQUQoNr
uOF1SUqLtEZL10OOjAk2cLowHwYDVR0jBBgwFoAUQoNruOF1SUqLtEZL10OOjAk2
cLowDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAzvRnp6xiJXyPg
WSLdUv5NX4XwgTZ9QAbqsEQ3KiEVogIgEG4rkOgDlUFO6wgAhYj5HZMgdk3CbWnv
WHzhZ9MdYuA=
-----END CERTIFICATE-----
`;

export const newCertificate = { certificate } as const;

export const merchantRow: Api.MerchantRow = { ...newMerchant, certificates: [fingerprint] };

export const newOrder = {
  number,
  amount: "1250",
  returnUrl: `https://kiosk.example/orders/${number}`,
} as const;

export const newRefund = { reference: "return-17", amount: "250" } as const;

export const parked = {
  waiting: 40,
  failing: created,
  parked: created + 3 * 86_400_000,
  dropped: 0,
} as const;

export const resumed = { waiting: 40 } as const;

/** The address is longer: after its hash sign stands the order as the bank has signed it. */
export const openOrder: Api.OrderRow = {
  number,
  state: "open",
  amount: "1250",
  merchant: "Kiosk am Tor",
  created,
  notAfter: created + 900_000,
  paymentUrl: "https://pay.bank.example/pay/#AQABH4psDlt9OSShwPbi1LiTelDGHi8AAAAAAAAE4g",
  refunds: [],
};

export const paidOrder: Api.OrderRow = {
  ...openOrder,
  state: "paid",
  record,
  paid: created + 60_000,
};

export const refundedOrder: Api.OrderRow = {
  ...paidOrder,
  refunds: [{ ...newRefund, state: "pending" }],
};

export const payout: Api.Payout = {
  ...byDay,
  credited: "1250",
  refunded: "250",
  orders: [{ ...paidOrder, refunds: [{ ...newRefund, state: "paid" }] }],
};
