/** References of requests: what purses act on, what is free text, and what is neither. */
import { sha256 } from "#sha256";
import { toHex, utf8 } from "../../protocol/bytes.ts";
import { formatReference, parseReference, type Reference } from "../../protocol/reference.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { plain } from "./vector.ts";

export function references() {
  const of = toHex(sha256(utf8.encode("the payment")));
  const refund = formatReference({ kind: "refund", of });
  const good: readonly Reference[] = [
    { kind: "free", text: "" },
    { kind: "free", text: "order 7: two coffees" },
    { kind: "free", text: "refunds: see the counter" },
    { kind: "free", text: "Price: 700" },
    { kind: "refund", of },
    { kind: "change", of },
    { kind: "change", of: `0x${"00".repeat(32)}` },
    { kind: "change", of: `0x${"ff".repeat(32)}` },
    { kind: "price", price: 700n, text: "" },
    { kind: "price", price: 2n ** 64n - 1n, text: "order 7" },
    { kind: "price", price: 1n, text: " two spaces" },
  ];
  return {
    good: good.map((expected) => ({ text: formatReference(expected), expected: plain(expected) })),
    bad: [
      "refund:",
      refund.slice(0, -1),
      `${refund}A`,
      `${refund}=`,
      `refund: ${refund.slice(7, -1)}`,
      // The last character would leave bits over.
      `change:${"A".repeat(42)}B`,
      `change:${of}`,
      `change:${"/".repeat(43)}`,
      "price:",
      "price:0",
      "price:007",
      "price:-7",
      "price:7 ",
      "price:7,order",
      "price:18446744073709551616",
    ].map(malformed),
  };
}

function malformed(text: string) {
  try {
    parseReference(text);
  } catch (error) {
    if (error instanceof Refusal) return { text, expected: { code: error.code } };
    throw error;
  }
  throw new Error(`nothing refuses "${text}"`);
}
