/** What payees without an account ask for: over the network by themselves, and at the counter through a teller. */
import { Type } from "typebox";
import { call, type Route } from "../../node/service/route.ts";
import { whileNodeAnswers } from "../node-watch.ts";
import type { RateLimits } from "../rate-limits.ts";
import { may } from "../staff/roles.ts";
import type { ClaimAsked, Claims } from "./claims.ts";
import * as examples from "./examples.ts";
import * as Api from "./schema.ts";

export type ClaimRoutesParts = {
  readonly claims: Claims;
  /** What all strangers together may try. */
  readonly claimRates: RateLimits;
};

/** Apart from the others': nothing that the staff's listener answers is found on another. */
const COUNTER_PATH = "/v1/counter/claims";
const refusals = [
  "code-locked",
  "wrong-claim",
  "not-found",
  "conflict",
  "busy",
  "unavailable",
] as const;
const claim = {
  method: "POST",
  body: Api.NewClaim,
  reply: Api.ClaimView,
  example: { reply: examples.claimView },
} as const;

/** On the devices' listener. */
export function claimRoutes({ claims, claimRates }: ClaimRoutesParts): Route[] {
  return [
    call({
      ...claim,
      path: "/v1/claims",
      summary:
        "Claims the money under a code for an account of this bank's; again, how that stands",
      description:
        "A wrong password, a code that nobody made and money that is not on the ledger yet are answered alike",
      refusals: [...refusals, "rate-limited"],
      handle({ body }) {
        claimRates.take("strangers", "codes are tried here");
        return claimed(claims, body);
      },
    }),
  ];
}

/** On the staff's listener. */
export function claimStaffRoutes({ claims }: Pick<ClaimRoutesParts, "claims">): Route[] {
  return [
    call({
      ...claim,
      path: COUNTER_PATH,
      summary: "Claims the money under a code for somebody at the counter; again, how that stands",
      description:
        "Cash is paid through the account that the bank keeps for its till: once the claim is paid, by a withdrawal whose reference is the claim's record",
      roles: may.serve,
      refusals,
      handle: ({ body }) => claimed(claims, body),
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
        await claims.unlock(body.code);
        return { unlocked: true as const };
      },
    }),
  ];
}

async function claimed(claims: Claims, asked: ClaimAsked) {
  const { record, amount, isPaid } = await whileNodeAnswers(() => claims.ask(asked));
  return {
    record,
    amount: String(amount),
    state: isPaid ? ("paid" as const) : ("pending" as const),
  };
}
