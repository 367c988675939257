/** What a holder is asked over HTTP. */
import { Type } from "typebox";
import { limits } from "../../protocol/limits.ts";
import { bytes, call, type Route } from "../service/route.ts";
import type { Holder } from "./holder.ts";

/** Salt, key, length and envelope. */
const ITEM_MAX = 16 + 33 + 2 + limits.envelopeMax;

export function holderRoutes(holder: Pick<Holder, "answer">): Route[] {
  return [
    call({
      method: "POST",
      path: "/v1/disclosures/:id/answer",
      summary: "This holder's part of an opening that the audit log shows as granted",
      description:
        "The body is the item (protocol/audit/disclosure.ts), the reply the partial opening, sealed to the key that the request on chain names.",
      params: Type.Object({
        id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
      }),
      body: bytes,
      bodyMaxBytes: ITEM_MAX,
      reply: bytes,
      handle: ({ params, body }) => holder.answer(params.id, body),
    }),
  ];
}
