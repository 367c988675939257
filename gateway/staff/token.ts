/**
 * Tokens of a bank's staff: JSON Web Tokens (RFC 7519) in the compact form, signed by ES256 and nothing else. The
 * bank's own command makes them, or its identity provider does.
 */
import { createPrivateKey } from "node:crypto";
import { errors, type JWTVerifyGetKey, jwtVerify, SignJWT } from "jose";
import { type Static, Type } from "typebox";
import type { NodeSigner } from "../../protocol/p256-node.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { compileSchema, problemText } from "../../node/service/schema-check.ts";

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

export type WantedToken = {
  readonly issuer?: string | undefined;
  readonly audience: string;
  /** Milliseconds. */
  readonly now: number;
};

export const TOKEN_ALGORITHM = "ES256";
/** An identity provider puts some hundred bytes into one. */
const LENGTH_MAX = 8_192;
/** How far two machines' clocks may be apart. */
const LEEWAY_S = 60;

const claimsProblems = compileSchema(Claims);

/** @param kid names the key to whoever checks the token. */
export async function makeToken(claims: Claims, kid: string, signer: NodeSigner): Promise<string> {
  const key = createPrivateKey({
    key: Buffer.from(signer.exportKey()),
    format: "der",
    type: "pkcs8",
  });
  const header = { alg: TOKEN_ALGORITHM, typ: "JWT", kid };
  return await new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/**
 * @param keyOf finds the key that the token names.
 * @throws Refusal `unauthorised` for a token of another form, key, time, issuer or audience.
 */
export async function checkToken(
  text: string,
  keyOf: JWTVerifyGetKey,
  { issuer, audience, now }: WantedToken,
): Promise<Claims> {
  if (text.length > LENGTH_MAX) throw bad(`is longer than ${LENGTH_MAX} characters`);
  const verified = jwtVerify(text, keyOf, {
    algorithms: [TOKEN_ALGORITHM],
    ...(issuer === undefined ? {} : { issuer }),
    audience,
    requiredClaims: ["exp"],
    currentDate: new Date(now),
    clockTolerance: LEEWAY_S,
  });
  const { payload } = await verified.catch((error: unknown) => {
    throw error instanceof errors.JOSEError ? bad(problemOf(error)) : error;
  });
  const [problem] = claimsProblems(payload);
  if (problem !== undefined) throw bad(`has wrong ${problemText(problem, "claims")}`);
  return payload as Claims;
}

/** In words that show nothing of the token. */
export function bad(what: string): Refusal {
  return new Refusal("unauthorised", `the token ${what}`);
}

/** What the library says may quote the token, and its errors hold the claims. */
function problemOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTClaimValidationFailed)
    return claimProblems[error.claim] ?? `has no good claim ${error.claim}`;
  return problems[error.code] ?? "is no signed JSON Web Token in the compact form";
}

const problems: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: "has expired",
  [errors.JOSEAlgNotAllowed.code]: `is not signed by ${TOKEN_ALGORITHM}`,
  [errors.JOSENotSupported.code]: "has an extension that nobody here understands",
  [errors.JWSSignatureVerificationFailed.code]: "is not signed by the key it names",
  [errors.JWKSNoMatchingKey.code]: "names a key that is not among the bank's",
};

const claimProblems: Readonly<Record<string, string>> = {
  exp: "does not say until when it counts",
  nbf: "is not valid yet",
  aud: "is for another service",
  iss: "is by another issuer",
};
