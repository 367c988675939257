/** What the routes of online payments say and hear. Amounts are decimal strings of minor units. */
import { type Static, Type } from "typebox";
import { AccountName, Deposited } from "../schema.ts";
import { identityKinds } from "./identities.ts";
import { serviceChannels } from "./services.ts";
import { channels, languages, TERMINALS_MAX } from "./terminals.ts";

const strict = { additionalProperties: false } as const;
const text = (max: number, description: string) =>
  Type.String({ minLength: 1, maxLength: max, description });
const time = (description: string) =>
  Type.Integer({ minimum: 0, description: `${description}, in milliseconds` });

/** An order in base64url: the longest has 551 bytes. */
export const OrderText = Type.String({
  pattern: "^[A-Za-z0-9_-]{1,800}$",
  description: "The order as the merchant's bank has signed it, in base64url",
});
export const PaymentName = Type.Object({
  id: Type.String({ pattern: "^0x[0-9a-f]{32}$", description: "The payment" }),
});
const Token = Type.String({
  pattern: "^0x[0-9a-f]{64}$",
  description: "What began the payment was answered with",
});
const Password = text(256, "The payment password");

export const ByOrder = Type.Object({ order: OrderText }, strict);
export const Beginning = Type.Object(
  {
    order: OrderText,
    identity: text(64, "A telephone number, an account, an assigned number or a chosen name"),
    password: Password,
  },
  strict,
);
export const ByToken = Type.Object({ token: Token }, strict);
export const Entered = Type.Object(
  { token: Token, code: Type.String({ maxLength: 32, description: "As it was typed" }) },
  strict,
);

export const NewTerminal = Type.Object(
  {
    channel: Type.Enum([...channels]),
    address: text(256, "A telephone number, a mail address or a device's name"),
    language: Type.Enum([...languages]),
    key: Type.Optional(
      Type.String({
        pattern: "^0x0[23][0-9a-f]{64}$",
        description: "P-256 key that messages to it are sealed to",
      }),
    ),
  },
  strict,
);
export const Chosen = Type.Object(
  {
    token: Token,
    account: Type.Integer({ minimum: 0, maximum: 15, description: "Of the accounts shown" }),
    terminal: Type.Optional(text(16, "Id of a registered terminal")),
    designated: Type.Optional(NewTerminal),
    mode: Type.Enum(["page", "reply"], {
      default: "page",
      description: "Whether the code is typed on the page, or sent back from the terminal",
    }),
  },
  strict,
);

export const OrderView = Type.Object({
  merchant: Type.String(),
  number: Type.String({ description: "The merchant's" }),
  amount: Deposited,
  currency: Type.Object({ code: Type.String(), digits: Type.Integer() }),
  notAfter: time("From when on nobody begins to pay it"),
  returnUrl: Type.String({ description: "Where the customer goes back to; empty if nowhere" }),
});

export const PaymentView = Type.Object({
  id: Type.String(),
  order: OrderView,
  state: Type.Enum(["named", "sent", "authorised", "paid", "refused"]),
  /** Of a payment that came to nothing. */
  reason: Type.Optional(Type.String({ description: "Why nothing was paid" })),
  codesLeft: Type.Optional(Type.Integer()),
  triesLeft: Type.Optional(Type.Integer()),
  expires: Type.Optional(time("When the code is over")),
  mode: Type.Optional(Type.Enum(["page", "reply"])),
  accounts: Type.Array(Type.String({ description: "Its last characters" })),
  terminals: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
  mayDesignate: Type.Boolean(),
});
export const Begun = Type.Intersect([PaymentView, Type.Object({ token: Token })]);

export const BankRow = Type.Object({
  member: Type.Integer(),
  name: Type.String(),
  url: Type.String({ description: "Of its payment page, without the order" }),
});

export const OnlineIdentity = Type.Object(
  {
    kind: Type.Enum(identityKinds.filter((kind) => kind !== "assigned")),
    text: text(64, "As written"),
  },
  strict,
);
const Limit = (description: string) =>
  Type.Optional(
    Type.Union([Deposited, Type.Null()], { description: `${description}; null is none` }),
  );
export const Limits = Type.Object(
  { perPayment: Limit("The most for one payment"), perDay: Limit("The most for one day of UTC") },
  strict,
);

const opening = {
  identities: Type.Array(OnlineIdentity, { maxItems: 8, default: [] }),
  terminals: Type.Array(NewTerminal, { minItems: 1, maxItems: TERMINALS_MAX }),
  password: Password,
};
export const NewOnlineService = Type.Object(
  {
    customer: text(128, "The bank's own reference to its customer"),
    accounts: Type.Array(AccountName, { minItems: 1, maxItems: 16 }),
    ...opening,
    by: Type.Enum([...serviceChannels], {
      default: "counter",
      description: "Where it was asked for",
    }),
  },
  strict,
);
export const OpenedByInvitation = Type.Object(
  { invitation: text(64, "What the bank has handed over"), ...opening },
  strict,
);

const changes = {
  limits: Type.Optional(Limits),
  mayDesignate: Type.Optional(
    Type.Boolean({ description: "Whether codes may go to terminals that are not registered" }),
  ),
  newPassword: Type.Optional(Password),
  addTerminal: Type.Optional(NewTerminal),
  removeTerminal: Type.Optional(text(16, "Id of a registered terminal")),
  cancel: Type.Optional(Type.Literal(true, { description: "Ends the service" })),
};
export const ChangeByStaff = Type.Object(
  {
    ...changes,
    unlock: Type.Optional(Type.Literal(true)),
    by: Type.Enum([...serviceChannels], { default: "counter" }),
  },
  strict,
);
export const ChangeByCustomer = Type.Object(
  { identity: text(64, "As at a payment"), password: Password, ...changes },
  strict,
);

export const ServiceView = Type.Object({
  service: Type.String({ description: "The number that the bank assigned; an identity, too" }),
  identities: Type.Array(Type.Object({ kind: Type.String(), text: Type.String() })),
  accounts: Type.Array(Type.String()),
  limits: Limits,
  mayDesignate: Type.Boolean(),
  terminals: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
  isLocked: Type.Boolean(),
  cancelled: Type.Optional(time("When")),
  told: Type.Optional(
    Type.Integer({ description: "On how many of its terminals the holder was told of it" }),
  ),
});
export const ServiceRow = Type.Intersect([ServiceView, Type.Object({ customer: Type.String() })]);

export const ByService = Type.Object({
  service: Type.String({ pattern: "^[1-9][0-9]{9}$", description: "The number of the service" }),
});
export const ByIdentity = Type.Object({ identity: text(64, "Any identity of the service") });
export const NewInvitation = Type.Object(
  {
    customer: text(128, "The bank's own reference to its customer"),
    accounts: Type.Array(AccountName, { minItems: 1, maxItems: 16 }),
  },
  strict,
);
export const InvitationRow = Type.Object({
  invitation: Type.String(),
  expires: time("Until when"),
});
export const Reply = Type.Object(
  {
    address: text(256, "Of the terminal that sent it"),
    code: Type.String({ maxLength: 32, description: "As it came" }),
  },
  strict,
);

export type PaymentView = Static<typeof PaymentView>;
export type OrderView = Static<typeof OrderView>;
export type ServiceView = Static<typeof ServiceView>;
export type BankRow = Static<typeof BankRow>;

/** What a body with a password may be: some kilobytes at most. */
export const BODY_MAX = 16_384;
