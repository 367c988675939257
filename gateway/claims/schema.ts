/** What is said about claims over HTTP. */
import { Type } from "typebox";
import { limits } from "../../protocol/limits.ts";
import * as Api from "../schema.ts";

const strict = { additionalProperties: false } as const;

const Code = Type.String({
  minLength: 1,
  maxLength: limits.codeTextMax,
  description: "The code as it was written down: 18 letters and digits, mostly in three groups",
});

export const NewClaim = Type.Object(
  {
    code: Code,
    password: Type.String({
      minLength: 1,
      maxLength: limits.passwordMax,
      description: "The password that the payer set for the payee",
    }),
    account: Api.AccountName,
    bank: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: "Number of the member where the money waits, if it is another",
      }),
    ),
  },
  strict,
);

export const ByCode = Type.Object({ code: Code }, strict);

export const ClaimId = Type.String({
  pattern: "^0x[0-9a-f]{32}$",
  description: "Name of a claim that another member was asked for",
});

export const ClaimView = Type.Object({
  claim: Type.Optional(ClaimId),
  bank: Type.Optional(Type.Integer({ description: "The member that was asked" })),
  record: Type.Optional(Api.RecordId),
  amount: Type.Optional(
    Type.String({ pattern: "^[1-9][0-9]{0,19}$", description: "In minor units" }),
  ),
  state: Type.Enum(["waiting", "pending", "paid", "refused"], {
    description:
      "waiting until another member has answered, pending until the ledger has applied the claim, paid once the account has it",
  }),
  reason: Type.Optional(
    Type.Object(
      { code: Type.String(), detail: Type.String() },
      { description: "Why it waits, or was refused" },
    ),
  ),
});
