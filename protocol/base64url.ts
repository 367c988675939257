/** Bytes as base64url without padding (RFC 4648, section 5): in references, and in JSON Web Keys. */
import { Refusal } from "./refusal.ts";

export function encodeBase64Url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @throws Refusal `malformed`, also for a last character with bits left over. */
export function decodeBase64Url(text: string): Uint8Array {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  const isWritten = /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1;
  const bytes = Uint8Array.from(isWritten ? atob(base64) : "", (char) => char.charCodeAt(0));
  if (encodeBase64Url(bytes) !== text) throw new Refusal("malformed", `"${text}" is no base64url`);
  return bytes;
}
