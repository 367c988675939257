/** Who is paid, as people read it and type it. */
import { isRefusal } from "../../../protocol/refusal.ts";
import type { SignedRequest } from "../../../protocol/request.ts";
import {
  PAYEE_DIGITS,
  type PayeeNumber,
  parsePayeeNumber,
} from "../../../protocol/second-factor-code.ts";
import { Field } from "./field.tsx";
import { useWords } from "./locale.tsx";

/** @param someone stands for a payee without a name. */
export function payeeOf({ certificate }: SignedRequest, someone: string): string {
  return certificate.label === "" ? someone : certificate.label;
}

export type PayeeFieldProps = {
  readonly text: string;
  readonly onText: (text: string) => void;
};

export function PayeeField(props: PayeeFieldProps) {
  const words = useWords();
  return (
    <Field
      {...props}
      label={words.payeeNumber}
      hint={words.payeeNumberHint}
      inputMode="numeric"
      maxLength={PAYEE_DIGITS + SPACES}
    />
  );
}

/** As it is read out: three groups. */
const SPACES = 2;

/** The number in a text, if it is one. */
export function payeeIn(text: string): PayeeNumber | undefined {
  try {
    return parsePayeeNumber(text);
  } catch (error) {
    if (isRefusal(error, "malformed")) return undefined;
    throw error;
  }
}
