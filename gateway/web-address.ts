import { Refusal } from "../protocol/refusal.ts";

/** Where others are told something: over TLS, or on this machine where the operator lets it be. */
export const webAddress =
  "^(https://|http://(127\\.0\\.0\\.1|localhost)(:[0-9]+)?/)[\\x21-\\x7e]*$";

/**
 * Whoever may register an address could otherwise have the gateway call services of its own machine.
 * @param plainLoopback whether the operator lets plain http to this machine be. @throws Refusal `malformed`.
 */
export function checkTold(url: string, plainLoopback: boolean): void {
  if (url.startsWith("https://") || plainLoopback) return;
  throw new Refusal(
    "malformed",
    "an address that is told something starts with https://; plain http to this machine takes webhooks.plainLoopback: true in the gateway's configuration",
  );
}
