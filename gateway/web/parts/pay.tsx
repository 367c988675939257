/** A payment from the order to its end: which screen is shown follows from what the gateway says of it. */
import { useEffect, useState } from "preact/hooks";
import * as bank from "../bank.ts";
import { useMoney, useWords } from "../locale.ts";
import type { OrderView, PaymentView } from "../views.ts";
import { Choose } from "./choose.tsx";
import { EnterCode } from "./enter-code.tsx";
import { End } from "./end.tsx";
import { SignIn } from "./sign-in.tsx";
import { Title } from "./title.tsx";

const LOOK_MS = 700;

export function Pay({ order }: { readonly order: string }) {
  const words = useWords();
  const [seen, setSeen] = useState<OrderView | "none">();
  const [begun, setBegun] = useState<bank.Begun | undefined>(() => kept(order));
  const [payment, setPayment] = useState<PaymentView>();

  useEffect(() => {
    bank.seeOrder(order).then(setSeen, () => setSeen("none"));
  }, []);
  const look = () => {
    if (begun !== undefined) bank.stateOf(begun).then(setPayment, () => forget());
  };
  const forget = () => {
    sessionStorage.removeItem(order);
    setBegun(undefined);
    setPayment(undefined);
  };
  useEffect(() => {
    look();
    const isOver = payment?.state === "paid" || payment?.state === "refused";
    if (begun === undefined || isOver) return undefined;
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [begun, payment?.state]);

  const start = ({ id, token, ...view }: PaymentView & bank.Begun) => {
    sessionStorage.setItem(order, JSON.stringify({ id, token }));
    setBegun({ id, token });
    setPayment(view);
  };
  const shown = payment?.order ?? (seen === "none" ? undefined : seen);
  if (shown === undefined) {
    return <Title>{seen === "none" ? words.noOrder : words.loading}</Title>;
  }
  return (
    <>
      <Order order={shown} />
      {begun === undefined || payment === undefined ? (
        <SignIn order={order} onBegun={start} />
      ) : (
        <Step begun={begun} payment={payment} onChange={setPayment} onRetry={forget} />
      )}
    </>
  );
}

type StepProps = {
  readonly begun: bank.Begun;
  readonly payment: PaymentView;
  readonly onChange: (payment: PaymentView) => void;
  readonly onRetry: () => void;
};

function Step({ begun, payment, onChange, onRetry }: StepProps) {
  const words = useWords();
  const [isAgain, setAgain] = useState(false);
  const onSent = (sent: PaymentView) => {
    setAgain(false);
    onChange(sent);
  };
  if (payment.state === "named" || (payment.state === "sent" && isAgain)) {
    return <Choose begun={begun} payment={payment} onSent={onSent} />;
  }
  const onAgain = () => setAgain(true);
  switch (payment.state) {
    case "sent":
      return <EnterCode begun={begun} payment={payment} onChange={onChange} onAgain={onAgain} />;
    case "authorised":
      return (
        <>
          <Title>{words.waiting}</Title>
          <p role="status">{words.waitingHint}</p>
        </>
      );
    default:
      return <End payment={payment} onRetry={onRetry} />;
  }
}

function Order({ order }: { readonly order: OrderView }) {
  const words = useWords();
  return (
    <section class="order" aria-label={words.order(order.number)}>
      <p>{order.merchant}</p>
      <strong class="amount">{useMoney(order)}</strong>
      <p class="soft">{words.order(order.number)}</p>
    </section>
  );
}

/** What was begun in this tab for the order. */
function kept(order: string): bank.Begun | undefined {
  const text = sessionStorage.getItem(order);
  return text === null ? undefined : (JSON.parse(text) as bank.Begun);
}
