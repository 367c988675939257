/** What a party to a payment signs to show it to somebody else. */
import { compareBytes, toHex } from "../../protocol/bytes.ts";
import { checkShowingSignature, decodeShowing, signShowing } from "../../protocol/showing.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { bytes, networkId } from "./keys.ts";
import { certify, now, payee, payer } from "./parties.ts";
import { bad, badLengths, good, patch, type Vectors } from "./vector.ts";

/** Where the words begin, and what follows them. */
const WORDS = 75;
const SIGNATURE = 64;

export async function showings(): Promise<Vectors> {
  const words = "Tax office, file 77, number 4031";
  const fields = { id: toHex(bytes("record", 32)), time: now, words };
  const named = await Promise.all([
    certify(payer, 1, { label: "Ada's stall" }),
    certify(payee, 2, { label: "Café" }),
  ]);
  const ascending = named.toSorted((a, b) => compareBytes(a.deviceKey, b.deviceKey));
  const bare = await signShowing(networkId, { ...fields, certificates: [] }, payer);
  const both = await signShowing(networkId, { ...fields, certificates: ascending }, payer);
  const longest = { ...fields, words: "é".repeat(100), certificates: ascending.slice(0, 1) };
  const count = WORDS + words.length + SIGNATURE;
  const first = ascending[0]!.bytes.length;
  const swapped = new Uint8Array([
    ...both.bytes.subarray(0, count + 1),
    ...both.bytes.subarray(count + 1 + first),
    ...both.bytes.subarray(count + 1, count + 1 + first),
  ]);
  const check = (input: Uint8Array) =>
    checkShowingSignature(networkId, decodeShowing(input), portableVerifier);
  return {
    good: [
      good("no party has a name", bare),
      good("both have", both),
      good("the longest words", await signShowing(networkId, longest, payer)),
    ],
    bad: [
      ...badLengths(bare.bytes, decodeShowing),
      bad("version 2", patch(bare.bytes, 0, 2), decodeShowing),
      bad("a key that is none", patch(bare.bytes, 1, 5), decodeShowing),
      bad("in nobody's words", patch(bare.bytes, WORDS - 1, 0), decodeShowing),
      bad("201 bytes of words", patch(bare.bytes, WORDS - 1, 201), decodeShowing),
      bad("words that are no UTF-8", patch(bare.bytes, WORDS, 0xff), decodeShowing),
      bad("three certificates", patch(both.bytes, count, 3), decodeShowing),
      bad("certificates that descend", swapped, decodeShowing),
      bad("another record", patch(bare.bytes, 34, bare.bytes[34]! ^ 1), check),
      bad("other words", patch(bare.bytes, WORDS, 0x74), check),
    ],
  };
}
