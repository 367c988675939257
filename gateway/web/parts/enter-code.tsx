/** The code, typed here or sent back from the terminal; another one; or no payment at all. */
import { useState } from "preact/hooks";
import * as bank from "../bank.ts";
import { useMoney, useWords } from "../locale.ts";
import type { PaymentView } from "../views.ts";
import { Field } from "./field.tsx";
import { Title } from "./title.tsx";
import { Trouble, useTask } from "./trouble.tsx";

type EnterCodeProps = {
  readonly begun: bank.Begun;
  readonly payment: PaymentView;
  readonly onChange: (payment: PaymentView) => void;
  /** Another code is wanted, or another terminal. */
  readonly onAgain: () => void;
};

export function EnterCode({ begun, payment, onChange, onAgain }: EnterCodeProps) {
  const words = useWords();
  const money = useMoney(payment.order);
  const { isBusy, error, run } = useTask();
  const [code, setCode] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    run(async () => onChange(await bank.authorize(begun, code)));
  };
  const cancel = () =>
    run(async () => {
      await bank.cancel(begun);
      onChange(await bank.stateOf(begun));
    });
  const left = payment.codesLeft ?? 0;
  return (
    <>
      <Title>{words.enter}</Title>
      {payment.mode === "reply" ? (
        <p role="status">{words.reply}</p>
      ) : (
        <form onSubmit={submit}>
          <p>{words.sent}</p>
          <Field
            label={words.code}
            hint={words.codeHint}
            text={code}
            onText={setCode}
            inputMode="numeric"
            autoComplete="one-time-code"
          />
          <Trouble error={error} />
          <button class="primary" disabled={isBusy}>
            {words.pay(money)}
          </button>
        </form>
      )}
      {left > 0 && (
        <button type="button" disabled={isBusy} onClick={onAgain}>
          {words.again(left)}
        </button>
      )}
      <button type="button" disabled={isBusy} onClick={cancel}>
        {words.cancel}
      </button>
    </>
  );
}
