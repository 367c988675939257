/** What an operator writes down for banking messages: members' names in the world, and the calendar. */
import { type Static, Type } from "typebox";

const day = Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" });

const institution = Type.Object(
  {
    member: Type.Integer({ minimum: 1, maximum: 65_535 }),
    bic: Type.String({ description: "ISO 9362" }),
    lei: Type.Optional(Type.String({ description: "ISO 17442" })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 140 })),
    iban: Type.Optional(Type.String({ description: "Of its account for settlement" })),
  },
  { additionalProperties: false },
);

const calendar = Type.Object(
  {
    timeZone: Type.String({ default: "UTC", description: "IANA's name, such as Europe/Berlin" }),
    cutOff: Type.String({
      pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$",
      description: "HH:MM; what comes from then on counts on the next business day",
    }),
    weekend: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
      default: [6, 7],
      description: "1 Monday to 7 Sunday",
    }),
    years: Type.Record(Type.String({ pattern: "^[0-9]{4}$" }), Type.Array(day), {
      description: "By year, its holidays: other years are refused",
    }),
  },
  { additionalProperties: false },
);

export const bankingConfig = Type.Object(
  {
    members: Type.Array(institution, { minItems: 1, description: "All that positions may be of" }),
    calendar,
    folder: Type.Optional(
      Type.String({ minLength: 1, description: "Where each settled cycle's messages are put" }),
    ),
    schemas: Type.Optional(
      Type.String({ minLength: 1, description: "Folder of ISO's schemas, to check messages with" }),
    ),
  },
  { additionalProperties: false },
);

export type BankingConfig = Static<typeof bankingConfig>;
