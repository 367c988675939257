/** A bank's key for its staff's tokens, what checks them, and tokens. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keySetOf, kidOf } from "../../../gateway/staff/key-set.ts";
import { type Claims, makeToken } from "../../../gateway/staff/token.ts";
import { StaffTokens } from "../../../gateway/staff/token-keys.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import { NodeSigner } from "../../../protocol/p256-node.ts";

export const staffKey = NodeSigner.generate();

/** What takes tokens by `staffKey`. */
export async function staffCallers(folder: string): Promise<StaffTokens> {
  const source = join(folder, "staff-keys.json");
  await writeFile(source, JSON.stringify(keySetOf([staffKey.publicKey])));
  const logger = makeLogger({ name: "test", level: "silent" });
  return StaffTokens.open({ source, audience: "tallystick", clock: Date.now, logger });
}

/** Good for an hour, unless something else is said. */
export function claimsOf(roles: readonly string[], more: Partial<Claims> = {}): Claims {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return { sub: "anna", aud: "tallystick", roles: [...roles], exp, ...more };
}

export function tokenOf(
  roles: readonly string[],
  more: Partial<Claims> = {},
  signer = staffKey,
): Promise<string> {
  return makeToken(claimsOf(roles, more), kidOf(staffKey.publicKey), signer);
}
