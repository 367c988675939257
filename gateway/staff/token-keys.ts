/**
 * The keys by which staff tokens are checked: a JSON Web Key Set (RFC 7517) in a file, or at the address of the
 * bank's identity provider. It is read again every ten minutes while tokens come, so that a key that was withdrawn
 * counts no longer, and for a token that names a key nobody knows, but not more than now and then: anyone can name a
 * key. The library's own way to fetch a set takes any length and goes by its own clock.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { utf8 } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Caller, Callers } from "../../node/service/callers.ts";
import { readGivenFile } from "../../node/service/given-file.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { fetchBytes } from "../fetch-bytes.ts";
import { bad, checkToken, TOKEN_ALGORITHM } from "./token.ts";

export type StaffTokensParts = {
  /** A path, or a URL over https or on this machine. */
  readonly source: string;
  readonly issuer?: string | undefined;
  readonly audience: string;
  readonly clock: () => number;
  readonly logger: Logger;
};

type KeySet = ReturnType<typeof createLocalJWKSet>;

const SIZE_MAX = 65_536;
/** For how long a set counts, and how soon it may be read again for a key that it does not have. */
const KEPT_MS = 600_000;
const REFRESH_MS = 60_000;

export class StaffTokens implements Callers {
  readonly #parts: StaffTokensParts;
  #keys: KeySet;
  #read: number;
  #reading: Promise<void> | undefined;

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
    const { sub: name, roles } = await checkToken(text, this.#keyOf, {
      issuer,
      audience,
      now: clock(),
    });
    return { name, roles };
  }

  readonly #keyOf: JWTVerifyGetKey = async (header, token) => {
    if (typeof header.kid !== "string") throw bad("does not name its key");
    const age = this.#parts.clock() - this.#read;
    const isDue = age >= KEPT_MS || (age >= REFRESH_MS && !(await hasKey(this.#keys, header.kid)));
    if (isDue) this.#reading ??= this.#readAgain().finally(() => (this.#reading = undefined));
    await this.#reading;
    return this.#keys(header, token);
  };

  async #readAgain(): Promise<void> {
    const { source, clock, logger } = this.#parts;
    this.#read = clock();
    try {
      this.#keys = await readKeys(source);
    } catch (error) {
      logger.warn({ err: error, source }, "the staff's keys cannot be read: those known count on");
    }
  }
}

/** A provider may publish keys of other kinds beside those for tokens. */
async function readKeys(source: string): Promise<KeySet> {
  const bytes = /^https?:/.test(source)
    ? await fetchBytes(source, SIZE_MAX)
    : await readGivenFile(source);
  const text = utf8.decode(bytes, "keys");
  try {
    const set = JSON.parse(text) as JSONWebKeySet;
    const keys = createLocalJWKSet(set);
    const names = set.keys.map(({ kid }) => kid).filter((kid) => typeof kid === "string");
    const usable = await Promise.all(names.map((kid) => hasKey(keys, kid)));
    if (usable.includes(true)) return keys;
  } catch {
    // What the parser says may quote a key.
    throw new Refusal("bad-configuration", `${source} is no JSON Web Key Set of good public keys`);
  }
  throw new Refusal("bad-configuration", `${source} has no key for ES256: P-256, with a kid`);
}

/** @throws Error for one that is not on its curve, is private, or is there twice. */
async function hasKey(keys: KeySet, kid: string): Promise<boolean> {
  try {
    await keys({ alg: TOKEN_ALGORITHM, kid });
    return true;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return false;
    throw error;
  }
}
