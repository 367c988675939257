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
  },
  strict,
);

export const ByCode = Type.Object({ code: Code }, strict);

export const ClaimView = Type.Object({
  record: Api.RecordId,
  amount: Type.String({ pattern: "^[1-9][0-9]{0,19}$", description: "In minor units" }),
  state: Type.Enum(["pending", "paid"], {
    description: "pending until the ledger has applied the claim, paid once the account has it",
  }),
});
