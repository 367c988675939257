/** An amount as people type it. */
import { type Amount, type Currency, parseAmount } from "../../../protocol/money.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { Field } from "./field.tsx";
import { useWords } from "./locale.tsx";
import { decimalOf } from "../../../web/format.ts";

export type AmountFieldProps = {
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly currency: Currency;
};

export function AmountField({ label, text, onText, currency }: AmountFieldProps) {
  const words = useWords();
  const isWrong = text !== "" && amountIn(text, currency) === undefined;
  return (
    <Field
      label={label}
      text={text}
      onText={onText}
      unit={currency.code}
      isWrong={isWrong}
      hint={isWrong ? words.notAnAmount(currency.digits) : ""}
      inputMode="decimal"
      enterKeyHint="done"
      placeholder={decimalOf(0n, currency)}
    />
  );
}

/** The amount in a text, if it is one and not zero. Many write a comma for the point. */
export function amountIn(text: string, currency: Currency): Amount | undefined {
  try {
    const amount = parseAmount(text.trim().replace(",", "."), currency);
    return amount === 0n ? undefined : amount;
  } catch (error) {
    if (isRefusal(error, "malformed")) return undefined;
    throw error;
  }
}
