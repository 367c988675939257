/** What came of a payment, and the way back to the merchant. */
import { useWords } from "../locale.ts";
import type { PaymentView } from "../views.ts";
import { Title } from "./title.tsx";
import { sentenceOf } from "./trouble.tsx";

type EndProps = { readonly payment: PaymentView; readonly onRetry: () => void };

export function End({ payment: { order, state, reason = "unavailable" }, onRetry }: EndProps) {
  const words = useWords();
  const isPaid = state === "paid";
  return (
    <>
      <Title>{isPaid ? words.paid : words.refused}</Title>
      <p role="status">{isPaid ? words.paidHint(order.merchant) : sentenceOf(reason, words)}</p>
      {!isPaid && (
        <button type="button" class="primary" onClick={onRetry}>
          {words.retry}
        </button>
      )}
      {order.returnUrl !== "" && (
        <a class="back" href={order.returnUrl} rel="noreferrer">
          {words.back(order.merchant)}
        </a>
      )}
    </>
  );
}
