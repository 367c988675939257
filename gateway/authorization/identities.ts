/**
 * Online identities: by which name a customer comes to the payment page. A phone number, an account number, a
 * number that the bank assigned, or a name of the customer's choice; one customer may have several. They are
 * compared without regard to case, spaces and the forms of a character, and a telephone number also without
 * punctuation.
 */
import { sha256 } from "#sha256";
import { utf8 } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";

export const identityKinds = ["phone", "account", "assigned", "chosen"] as const;
export type IdentityKind = (typeof identityKinds)[number];

export type Identity = { readonly kind: IdentityKind; readonly text: string };

const forms: Record<IdentityKind, { readonly form: RegExp; readonly says: string }> = {
  phone: { form: /^\+[0-9]{6,15}$/, says: "a telephone number begins with + and the country" },
  account: { form: /^[a-z0-9._:-]{1,64}$/, says: "an account has letters, digits and ._:-" },
  assigned: { form: /^[0-9]{10}$/, says: "an assigned number has ten digits" },
  // Not to be mistaken for a number of any kind.
  chosen: {
    form: /^(?=.*\p{L})[\p{L}\p{N}._@-]{3,64}$/u,
    says: "a chosen name has 3 to 64 letters, digits and ._@-, and a letter among them",
  },
};

/** An identity in the form in which it is compared. @throws Refusal `malformed`. */
export function normaliseIdentity({ kind, text }: Identity): Identity {
  const written = comparable(text);
  if (!forms[kind].form.test(written)) throw new Refusal("malformed", forms[kind].says);
  return { kind, text: written };
}

/** Under which hash an identity stands in the store, whatever a customer has typed. */
export function identityHash(text: string): Uint8Array {
  return sha256(utf8.encode(comparable(text)));
}

function comparable(text: string): string {
  const plain = text.normalize("NFKC").toLowerCase().replaceAll(/\s/g, "");
  const digits = plain.replaceAll(/[().\-/]/g, "");
  return /^\+\d+$/.test(digits) ? digits : plain;
}
