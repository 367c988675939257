/** What the bank's people and its voice line ask about a device's second factor. */
import { Type } from "typebox";
import type { Owner } from "../protocol/key.ts";
import { parseMinorUnits } from "../protocol/money.ts";
import { call, type Route } from "../node/service/route.ts";
import * as examples from "./examples.ts";
import * as Api from "./schema.ts";
import type { SecondFactors, SecondFactorState } from "./second-factors.ts";
import { may } from "./staff/roles.ts";

export type SecondFactorRoutesParts = { readonly secondFactors: SecondFactors };

const byOwner = Type.Object({ owner: Api.OwnerName });

export function secondFactorRoutes({ secondFactors }: SecondFactorRoutesParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/devices/:owner/second-factor",
      summary: "From which amount on a device needs a code to pay offline, and who says it",
      roles: may.seeCustomers,
      refusals: ["not-found"],
      example: { params: examples.device, reply: examples.secondFactor },
      params: byOwner,
      reply: Api.SecondFactor,
      handle: async ({ params }) => row(await secondFactors.stateOf(params.owner as Owner)),
    }),
    call({
      method: "POST",
      path: "/v1/devices/:owner/second-factor",
      summary:
        "Sets a second factor, or sets it anew with a fresh secret; the device takes it when it syncs",
      description:
        "For the device's holder, whom the bank knows by more than the device. Until the device says that it keeps this version it gets no certificate, load or receipt.",
      roles: may.serve,
      refusals: ["not-found", "forbidden", "revoked", "conflict"],
      example: {
        params: examples.device,
        body: examples.newSecondFactor,
        reply: examples.secondFactor,
      },
      params: byOwner,
      body: Api.NewSecondFactor,
      reply: Api.SecondFactor,
      async handle({ params, body: { from, shownBy } }) {
        const owner = params.owner as Owner;
        const state = await secondFactors.grant(owner, parseMinorUnits(from), shownBy as Owner);
        return row(state);
      },
    }),
    call({
      method: "POST",
      path: "/v1/devices/:owner/second-factor/lift",
      summary: "Takes a second factor off; the device takes that when it syncs",
      roles: may.serve,
      refusals: ["not-found", "revoked"],
      example: { params: examples.device, reply: examples.liftedSecondFactor },
      params: byOwner,
      reply: Api.SecondFactor,
      handle: async ({ params }) => row(await secondFactors.lift(params.owner as Owner)),
    }),
    call({
      method: "POST",
      path: "/v1/devices/:owner/second-factor/code",
      summary: "The code that the voice line says to the customer, for one payment of theirs",
      roles: may.sayCodes,
      refusals: ["not-found", "revoked", "conflict"],
      example: {
        params: examples.device,
        body: examples.toConfirm,
        reply: examples.secondFactorCode,
      },
      params: byOwner,
      body: Api.ToConfirm,
      reply: Api.SecondFactorCode,
      handle: ({ params, body: { amount, payee } }) =>
        secondFactors.codeFor(params.owner as Owner, { amount: parseMinorUnits(amount), payee }),
    }),
  ];
}

function row({ version, from, shownBy, isTaken }: SecondFactorState): Api.SecondFactor {
  return { version, from: String(from), ...(shownBy && { shownBy }), isTaken };
}
