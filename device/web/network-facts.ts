/**
 * What a wallet is set up with: network, bank, currency and the authority's trust key, as the bank's gateway says.
 *
 * The trust key comes with the page. Whoever serves the page writes the code that checks it, so a key from elsewhere
 * would add no safety against a false page; the bank's TLS name does. For people who have the key on paper, from the
 * bank or the central bank, it is shown as a number that can be compared.
 */
import { sha256 } from "#sha256";
import { concat, fromHex, type Hex, utf8 } from "../../protocol/bytes.ts";
import { end, fieldsOf, hex, integer, type Parse, take, text } from "../../protocol/json-fields.ts";
import { limits } from "../../protocol/limits.ts";
import type { Currency } from "../../protocol/money.ts";

export type NetworkFacts = {
  readonly networkId: Hex;
  /** The bank that keeps the wallet's coins, and its name. */
  readonly member: number;
  readonly name: string;
  readonly currency: Currency;
  readonly trustKey: Hex;
  readonly receiptLifeS: number;
};

/** Of five digits each: nobody finds another key whose thirty digits are the same. */
const GROUPS = 6;

/** @throws Refusal `malformed`. */
export function parseNetworkFacts(value: unknown): NetworkFacts {
  const fields = fieldsOf(value, "network");
  const facts: NetworkFacts = {
    networkId: take(fields, "networkId", hex(32)),
    member: take(fields, "member", integer(1, 0xffff)),
    name: take(fields, "name", text(limits.nameMax)),
    currency: take(fields, "currency", currency),
    trustKey: take(fields, "trustKey", hex(33)),
    receiptLifeS: take(fields, "receiptLifeS", integer(1, 0xffff_ffff)),
  };
  end(fields, "network");
  return facts;
}

/** The network and the trust key as people compare them: "04821 55120 …". */
export function checkNumber({ networkId, trustKey }: NetworkFacts): string {
  const hash = sha256(
    concat(utf8.encode("tallystick/check/v1"), fromHex(networkId), fromHex(trustKey)),
  );
  const view = new DataView(hash.buffer, hash.byteOffset);
  const groups = Array.from({ length: GROUPS }, (_, i) => view.getUint32(4 * i) % 100_000);
  return groups.map((group) => String(group).padStart(5, "0")).join(" ");
}

const currency: Parse<Currency> = (value, field) => {
  const fields = fieldsOf(value, field);
  const parsed = {
    code: take(fields, "code", text(3), `${field}.`),
    digits: take(fields, "digits", integer(0, 4), `${field}.`),
  };
  end(fields, field);
  return parsed;
};
