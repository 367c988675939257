/**
 * The keys by which staff tokens are checked: a JSON Web Key Set (RFC 7517) in a file, or at the address of the
 * bank's identity provider. A token that names a key nobody knows has the set read again, but not more than now and
 * then: anyone can name a key.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { utf8 } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Caller, Callers } from "../../node/service/callers.ts";
import { readGivenFile } from "../../node/service/given-file.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { fetchBytes } from "../fetch-bytes.ts";
import { bad, checkClaims, checkTokenSignature, parseToken } from "./token.ts";

export type StaffTokensParts = {
  /** A path, or a URL over https or on this machine. */
  readonly source: string;
  readonly issuer?: string | undefined;
  readonly audience: string;
  readonly clock: () => number;
  readonly logger: Logger;
};

type KeySet = ReadonlyMap<string, KeyObject>;

const SIZE_MAX = 65_536;
const REFRESH_MS = 60_000;

export class StaffTokens implements Callers {
  readonly #parts: StaffTokensParts;
  #keys: KeySet;
  #read: number;

  private constructor(parts: StaffTokensParts, keys: KeySet) {
    this.#parts = parts;
    this.#keys = keys;
    this.#read = parts.clock();
  }

  /** @throws Refusal `bad-configuration` where the source is no set of keys; Error where it is out of reach. */
  static async open(parts: StaffTokensParts): Promise<StaffTokens> {
    return new StaffTokens(parts, await readKeys(parts.source));
  }

  async identify(authorization: string | undefined): Promise<Caller> {
    const { issuer, audience, clock } = this.#parts;
    const [, text] = /^Bearer (\S+)$/i.exec(authorization ?? "") ?? [];
    if (text === undefined) throw new Refusal("unauthorised", "the call shows no token");
    const token = parseToken(text);
    checkTokenSignature(token, await this.#keyOf(token.header.kid));
    const { claims } = token;
    checkClaims(claims, { issuer, audience, now: clock() });
    return { name: claims.sub, roles: claims.roles };
  }

  async #keyOf(kid: string): Promise<KeyObject> {
    const known = this.#keys.get(kid);
    if (known !== undefined) return known;
    await this.#refresh();
    const key = this.#keys.get(kid);
    if (key === undefined) throw bad("names a key that is not among the bank's");
    return key;
  }

  async #refresh(): Promise<void> {
    const { source, clock, logger } = this.#parts;
    if (clock() < this.#read + REFRESH_MS) return;
    this.#read = clock();
    try {
      this.#keys = await readKeys(source);
    } catch (error) {
      logger.warn({ err: error, source }, "the staff's keys cannot be read: those known count on");
    }
  }
}

async function readKeys(source: string): Promise<KeySet> {
  const bytes = /^https?:/.test(source)
    ? await fetchBytes(source, SIZE_MAX)
    : await readGivenFile(source);
  const wrong = (what: string) => new Refusal("bad-configuration", `${source} ${what}`);
  const keys = keysIn(utf8.decode(bytes, "keys"), wrong);
  if (keys.size === 0) throw wrong("has no key for ES256: P-256, with a kid");
  return keys;
}

/** Those for ES256: a provider may publish others beside them. */
function keysIn(text: string, wrong: (what: string) => Refusal): KeySet {
  let set: { readonly keys?: unknown };
  try {
    set = JSON.parse(text) as typeof set;
  } catch {
    throw wrong("is not JSON");
  }
  if (!Array.isArray(set?.keys)) throw wrong("is no JSON Web Key Set");
  const usable = (set.keys as JsonWebKey[]).filter(
    ({ kty, crv, kid, alg = "ES256", use = "sig" }) =>
      kty === "EC" &&
      crv === "P-256" &&
      typeof kid === "string" &&
      alg === "ES256" &&
      use === "sig",
  );
  return new Map(usable.map((key) => [key["kid"] as string, keyObject(key, wrong)]));
}

/** Without its private half, should it have one. */
function keyObject(jwk: JsonWebKey, wrong: (what: string) => Refusal): KeyObject {
  try {
    const { kty, crv, x, y } = jwk;
    return createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: "jwk" });
  } catch {
    throw wrong(`has a key ${String(jwk["kid"])} that is not on P-256`);
  }
}
