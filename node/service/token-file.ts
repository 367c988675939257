/** A bearer token (RFC 6750) in a file that its owner alone may read: 256 random bits, so that guessing is no matter. */
import { createHash, timingSafeEqual } from "node:crypto";
import { encodeBase64Url } from "../../protocol/base64url.ts";
import { type Random, systemRandom } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { createFile } from "./durable-file.ts";
import { readPrivateText } from "./given-file.ts";

const TOKEN_BYTES = 32;
const FORM = /^[A-Za-z0-9_-]{43}$/;
const SIZE_MAX = 256;

/** @throws Refusal `conflict` if there is anything at `path`. */
export async function createTokenFile(path: string, random: Random = systemRandom): Promise<void> {
  try {
    await createFile(path, `${encodeBase64Url(random(TOKEN_BYTES))}\n`, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Refusal("conflict", `${path} exists, and a token is never written over`);
  }
}

/** @throws Refusal `exposed-key` if others may read it; `bad-configuration` if it is not there, or is no token. */
export async function loadToken(path: string): Promise<string> {
  const token = (await readPrivateText(path, SIZE_MAX)).trim();
  if (FORM.test(token)) return token;
  throw new Refusal("bad-configuration", `${path} is no token: tallystick console token makes one`);
}

/** Whether a request shows the token. @param authorization its header. */
export function showsToken(authorization: string | undefined, token: string): boolean {
  const [, shown] = /^Bearer ([A-Za-z0-9_-]{1,256})$/.exec(authorization ?? "") ?? [];
  return shown !== undefined && timingSafeEqual(digestOf(shown), digestOf(token));
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
