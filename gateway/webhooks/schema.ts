/** What the staff's routes about webhooks say and hear. */
import { Type } from "typebox";

const time = (description: string) =>
  Type.Integer({ minimum: 0, description: `${description}, in milliseconds` });

export const ByNumber = Type.Object({
  number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
});

export const DeadRow = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  to: Type.String({ description: "The receiver, such as merchant:kiosk" }),
  about: Type.String({ description: "What it was to be told of, such as an order's nonce" }),
  since: time("When that happened"),
  tries: Type.Integer({ minimum: 1 }),
  dead: time("When it was given up"),
});
