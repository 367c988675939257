/** What the staff's routes about webhooks say and hear. */
import { Type } from "typebox";
import { limits } from "../../protocol/limits.ts";
import { webAddress } from "../web-address.ts";

const time = (description: string) =>
  Type.Integer({ minimum: 0, description: `${description}, in milliseconds` });

const Url = Type.String({ pattern: webAddress, maxLength: limits.urlMax });
const Kinds = Type.Array(Type.Enum(["record", "load", "redemption", "unclaimed"]), {
  minItems: 1,
  maxItems: 4,
  description:
    "Ends of records taken in here, ends of loads, money back from devices, money under codes that nobody claims",
});
const SubscriptionId = Type.String({ pattern: "^0x[0-9a-f]{32}$" });

export const NewSubscription = Type.Object(
  { url: Url, kinds: Kinds },
  { additionalProperties: false },
);
export const BySubscription = Type.Object({ id: SubscriptionId });
export const SubscriptionRow = Type.Object({
  id: SubscriptionId,
  url: Type.String(),
  kinds: Kinds,
  created: time("When"),
});

export const Receiver = Type.String({
  pattern: "^(merchant:[A-Za-z0-9._:-]{1,64}|0x[0-9a-f]{32})$",
  description: "Such as merchant:kiosk, or a subscription",
});
export const ByReceiver = Type.Object({ receiver: Receiver });
const waiting = Type.Integer({ minimum: 0, description: "Notices that it has not heard" });
const unheard = {
  failing: time("Since when no try has succeeded"),
  parked: Type.Optional(time("Since when nothing is sent to it")),
  dropped: Type.Integer({
    minimum: 0,
    description: "Of what it has not heard, the oldest: more than is kept",
  }),
};
export const UnheardRow = Type.Object({ to: Receiver, waiting, ...unheard });
/** Of a receiver, to itself. */
export const Standing = Type.Object({ waiting, ...Type.Partial(Type.Object(unheard)).properties });

export const NoticeNumber = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER - 1 });
export const ByNumber = Type.Object({ number: NoticeNumber });

export const DeadRow = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  to: Type.String({ description: "The receiver, such as merchant:kiosk, or a subscription" }),
  about: Type.String({ description: "What it was to be told of, an order's nonce or an event" }),
  since: time("When that happened"),
  tries: Type.Integer({ minimum: 1 }),
  dead: time("When it was given up"),
});
