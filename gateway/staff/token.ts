/**
 * Tokens of a bank's staff: JSON Web Tokens (RFC 7519) in the compact form, signed by ES256 and nothing else. The
 * bank's own command makes them, or its identity provider does.
 */
import { type KeyObject, verify } from "node:crypto";
import { type Static, Type } from "typebox";
import { utf8 } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Signer } from "../../protocol/signature.ts";
import { compileSchema, problemText } from "../../node/service/schema-check.ts";

const Header = Type.Object({
  alg: Type.Literal("ES256"),
  kid: Type.String({ minLength: 1 }),
  /** Extensions that must be understood: there are none. */
  crit: Type.Optional(Type.Never()),
});
const seconds = Type.Integer({ minimum: 0, description: "Since 1970" });
const Claims = Type.Object({
  iss: Type.Optional(Type.String()),
  sub: Type.String({ minLength: 1, maxLength: 128 }),
  aud: Type.Union([Type.String(), Type.Array(Type.String())]),
  roles: Type.Array(Type.String(), { maxItems: 32 }),
  nbf: Type.Optional(seconds),
  iat: Type.Optional(seconds),
  exp: seconds,
});

export type Claims = Static<typeof Claims>;
type Header = Static<typeof Header>;

export type SignedToken = {
  readonly header: Header;
  readonly claims: Claims;
  /** What was signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
};

/** An identity provider puts some hundred bytes into one. */
const LENGTH_MAX = 8_192;
/** How far two machines' clocks may be apart. */
const LEEWAY_S = 60;

const headerProblems = compileSchema(Header);
const claimsProblems = compileSchema(Claims);

/** @param kid names the key to whoever checks the token. */
export async function makeToken(claims: Claims, kid: string, signer: Signer): Promise<string> {
  const header = { alg: "ES256", typ: "JWT", kid };
  const signed = `${encoded(header)}.${encoded(claims)}`;
  const signature = await signer.sign(utf8.encode(signed));
  return `${signed}.${Buffer.from(signature).toString("base64url")}`;
}

/** What a token says. Whether that is true is to be checked. @throws Refusal `unauthorised`. */
export function parseToken(text: string): SignedToken {
  if (text.length > LENGTH_MAX) throw bad(`is longer than ${LENGTH_MAX} characters`);
  const parts = text.split(".");
  if (parts.length !== 3 || parts.some((part) => !/^[A-Za-z0-9_-]+$/.test(part)))
    throw bad("is not three parts in base64url");
  const [header, claims, signature] = parts as [string, string, string];
  return {
    header: checked<Header>(header, headerProblems, "header"),
    claims: checked<Claims>(claims, claimsProblems, "claims"),
    signed: utf8.encode(`${header}.${claims}`),
    signature: Buffer.from(signature, "base64url"),
  };
}

/** @throws Refusal `unauthorised`. */
export function checkTokenSignature({ signed, signature }: SignedToken, key: KeyObject): void {
  if (!verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, signature))
    throw bad("is not signed by the key it names");
}

/** @param now milliseconds. @throws Refusal `unauthorised` for a token of another time, issuer or audience. */
export function checkClaims(
  { iss, aud, exp, nbf }: Claims,
  wanted: { readonly issuer?: string | undefined; readonly audience: string; readonly now: number },
): void {
  const nowS = wanted.now / 1000;
  if (exp + LEEWAY_S <= nowS) throw bad("has expired");
  if (nbf !== undefined && nbf - LEEWAY_S > nowS) throw bad("is not valid yet");
  if (![aud].flat().includes(wanted.audience)) throw bad("is for another service");
  if (wanted.issuer !== undefined && iss !== wanted.issuer) throw bad("is by another issuer");
}

/** In words that show nothing of the token. */
export function bad(what: string): Refusal {
  return new Refusal("unauthorised", `the token ${what}`);
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function checked<T>(part: string, problemsOf: ReturnType<typeof compileSchema>, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    // What the parser says may quote the token.
    throw bad(`has ${name} that are not JSON`);
  }
  const [problem] = problemsOf(value);
  if (problem !== undefined) throw bad(`has wrong ${problemText(problem, name)}`);
  return value as T;
}
