/** An amount as money: large where it matters, the fraction smaller than the whole. */
import type { Amount, Currency } from "../../../protocol/money.ts";
import { useLocale } from "./locale.tsx";
import { decimalOf, moneyFormat } from "../../../web/format.ts";

export type MoneyProps = {
  readonly amount: Amount;
  readonly currency: Currency;
  readonly sign?: "+" | "−" | undefined;
  readonly size?: "hero" | "plain";
};

export function Money({ amount, currency, sign, size = "plain" }: MoneyProps) {
  const { tag } = useLocale();
  const decimal = decimalOf(amount, currency) as `${number}`;
  const parts = moneyFormat(currency, tag).formatToParts(decimal as unknown as number);
  return (
    <span class={`money ${size}`}>
      {sign}
      {parts.map(({ type, value }) =>
        type === "fraction" || type === "decimal" || type === "currency" ? (
          <span class="minor">{value}</span>
        ) : (
          value
        ),
      )}
    </span>
  );
}
