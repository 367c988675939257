/**
 * What a request is for, as the payee's signature and, through the nonce, the payer's cover it: a text of
 * at most 64 bytes. It is free, an order number or a place, but for three forms that purses act on:
 *
 *     refund:<id>           pays back all or part of what record <id> paid
 *     change:<id>           gives the change of it
 *     price:<units>[ text]  asks for more than the price: the payee owes the rest as change
 *
 * <id> is a record's 32 bytes in base64url, 43 characters. <units> are minor units in decimal, from 1 on. A
 * text that begins with the name of a form and a colon, and does not follow the form, is malformed.
 */
import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";
import { fromHex, type Hex, toHex } from "./bytes.ts";
import { type Amount, parseMinorUnits } from "./money.ts";
import { Refusal } from "./refusal.ts";

export type Reference =
  | { readonly kind: "free"; readonly text: string }
  | { readonly kind: "price"; readonly price: Amount; readonly text: string }
  | PayingBack;

/** The payee of record `of` pays its payer. */
export type PayingBack = { readonly kind: "refund" | "change"; readonly of: Hex };

export function isPayingBack(reference: Reference): reference is PayingBack {
  return reference.kind === "refund" || reference.kind === "change";
}

/** @throws Refusal `malformed`. */
export function parseReference(text: string): Reference {
  const { kind, rest = "" } =
    /^(?<kind>refund|change|price):(?<rest>.*)$/s.exec(text)?.groups ?? {};
  if (kind === "refund" || kind === "change") return { kind, of: parseId(rest) };
  if (kind === "price") return parsePrice(rest);
  return { kind: "free", text };
}

/** @throws Refusal `malformed` for a free text that has the look of another form. */
export function formatReference(reference: Reference): string {
  if (isPayingBack(reference)) {
    return `${reference.kind}:${encodeBase64Url(fromHex(reference.of, 32, "of"))}`;
  }
  if (reference.kind === "price") {
    return `price:${reference.price}${reference.text === "" ? "" : ` ${reference.text}`}`;
  }
  if (parseReference(reference.text).kind !== "free") {
    throw new Refusal("malformed", `"${reference.text}" is no free text`);
  }
  return reference.text;
}

function parseId(text: string): Hex {
  const bytes = decodeBase64Url(text);
  if (bytes.length !== 32) throw new Refusal("malformed", `"${text}" is no record's id`);
  return toHex(bytes);
}

function parsePrice(rest: string): Reference {
  const [, units = "", text] = /^(\d+)(?: (.+))?$/s.exec(rest) ?? [];
  const price = parseMinorUnits(units);
  if (price === 0n) throw new Refusal("malformed", "the price is zero");
  return { kind: "price", price, text: text ?? "" };
}
