/** What payees without an account ask for: over the network by themselves, and at the counter through a teller. */
import { type Static, Type } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import { call, type Route } from "../../node/service/route.ts";
import { whileNodeAnswers } from "../node-watch.ts";
import type { RateLimits } from "../rate-limits.ts";
import { may } from "../staff/roles.ts";
import type { StrangerRates } from "../stranger-rates.ts";
import { type Claims, STRANGERS } from "./claims.ts";
import * as examples from "./examples.ts";
import type { ForeignClaims, ForeignClaimView } from "./foreign-claims.ts";
import * as Api from "./schema.ts";

export type ClaimRoutesParts = {
  readonly member: MemberId;
  readonly claims: Claims;
  readonly foreignClaims: ForeignClaims;
  /** What all strangers together may try. */
  readonly claimRates: RateLimits;
  /** What those at one address may try. */
  readonly strangerRates: Pick<StrangerRates, "takeClaim">;
};

/** Apart from the others': nothing that the staff's listener answers is found on another. */
const COUNTER_PATH = "/v1/counter/claims";
const refusals = [
  "code-locked",
  "wrong-claim",
  "claim-spent",
  "claim-expired",
  "unknown-member",
  "not-found",
  "conflict",
  "busy",
  "rate-limited",
  "unavailable",
] as const;
const claim = {
  method: "POST",
  body: Api.NewClaim,
  reply: Api.ClaimView,
  example: { reply: examples.claimView },
  refusals,
} as const;
const state = {
  method: "GET",
  summary: "How a claim of money that waits at another bank stands, and why",
  params: Type.Object({ claim: Api.ClaimId }),
  reply: Api.ClaimView,
  example: { params: { claim: examples.waiting.claim }, reply: examples.waiting },
  refusals: ["not-found"],
} as const;

/** On the devices' listener. */
export function claimRoutes(parts: ClaimRoutesParts): Route[] {
  return [
    call({
      ...claim,
      path: "/v1/claims",
      summary:
        "Claims the money under a code for an account of this bank's; again, how that stands",
      description:
        "A wrong password, a code that nobody made and money that is not on the ledger yet are answered alike. Where the money waits at another bank, that is named, and is asked",
      handle({ body, address }) {
        parts.strangerRates.takeClaim(address);
        parts.claimRates.take(STRANGERS, "codes are tried here");
        return claimed(parts, body);
      },
    }),
    call({ ...state, path: "/v1/claims/:claim", handle: ({ params }) => viewOf(parts, params) }),
  ];
}

/** On the staff's listener. */
export function claimStaffRoutes(
  parts: Omit<ClaimRoutesParts, "claimRates" | "strangerRates">,
): Route[] {
  return [
    call({
      ...claim,
      path: COUNTER_PATH,
      summary: "Claims the money under a code for somebody at the counter; again, how that stands",
      description:
        "Cash is paid through the account that the bank keeps for its till: once the claim is paid, by a withdrawal whose reference is the claim's record",
      roles: may.serve,
      handle: ({ body }) => claimed(parts, body),
    }),
    call({
      ...state,
      path: `${COUNTER_PATH}/:claim`,
      roles: may.serve,
      handle: ({ params }) => viewOf(parts, params),
    }),
    call({
      method: "POST",
      path: `${COUNTER_PATH}/unlock`,
      summary: "Unlocks a code that was tried too often with wrong passwords",
      roles: may.serve,
      refusals: [],
      example: { reply: examples.unlocked },
      body: Api.ByCode,
      reply: Type.Object({ unlocked: Type.Literal(true) }),
      async handle({ body }) {
        await parts.claims.unlock(body.code);
        return { unlocked: true as const };
      },
    }),
  ];
}

async function claimed(
  { member, claims, foreignClaims }: Omit<ClaimRoutesParts, "claimRates" | "strangerRates">,
  { bank = member, ...asked }: Static<typeof Api.NewClaim>,
): Promise<Static<typeof Api.ClaimView>> {
  if (bank !== member) return sent(await foreignClaims.ask(asked, bank));
  const { record, amount, isPaid } = await whileNodeAnswers(() => claims.ask(asked));
  return { record, amount: String(amount), state: isPaid ? "paid" : "pending" };
}

async function viewOf(
  { foreignClaims }: Pick<ClaimRoutesParts, "foreignClaims">,
  { claim: id }: { readonly claim: string },
): Promise<Static<typeof Api.ClaimView>> {
  return sent(await foreignClaims.of(id as Hex));
}

function sent({ reason, ...view }: ForeignClaimView): Static<typeof Api.ClaimView> {
  if (reason === undefined) return view;
  return { ...view, reason: { code: reason.code, detail: reason.text } };
}
