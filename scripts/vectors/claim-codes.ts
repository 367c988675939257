/** Codes for payees without an account: how they are written, and the secret they and a password lead to. */
import { toHex } from "../../protocol/bytes.ts";
import { codeSecret, formatCode, parseCode } from "../../protocol/claim-code.ts";
import { ownerOf } from "../../protocol/key.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { bytes, networkId } from "./keys.ts";

export async function claimCodes() {
  const codes: readonly [Uint8Array, string][] = [
    [bytes("code", 10), "open sesame"],
    [bytes("code", 10), "Open sesame"],
    [new Uint8Array(10), "1234"],
    [new Uint8Array(10).fill(255), "芝麻开门".repeat(5)],
    // The ligature, and the accent that follows its letter: NFKC makes them what others type.
    [bytes("another code", 10), "\ufb01nance\u0301"],
    [bytes("another code", 10), "financ\u00e9"],
  ];
  const text = formatCode(networkId, bytes("code", 10));
  return {
    good: await Promise.all(
      codes.map(async ([code, password]) => {
        const secret = await codeSecret(networkId, code, password);
        const written = formatCode(networkId, code);
        const expected = { code: toHex(code), secret: toHex(secret), owner: ownerOf(secret) };
        return { text: written, password, expected };
      }),
    ),
    bad: ["", text.slice(0, -1), `${text}0`, text.replace(/.$/, "U"), slipOf(text)].map(malformed),
  };
}

/** The first two letters that differ, exchanged. */
function slipOf(text: string): string {
  const at = Array.from(text).findIndex((letter, i) => letter !== text[i + 1]);
  return text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
}

function malformed(text: string) {
  try {
    parseCode(networkId, text);
  } catch (error) {
    if (error instanceof Refusal) return { text, expected: { code: error.code } };
    throw error;
  }
  throw new Error(`nothing refuses "${text}"`);
}
