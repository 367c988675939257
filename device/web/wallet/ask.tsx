/** Being paid: an amount, a code, the payer's code, the answer. */
import { useEffect, useState } from "preact/hooks";
import { limits } from "../../../protocol/limits.ts";
import type { Amount } from "../../../protocol/money.ts";
import { formatReference, type PayingBack } from "../../../protocol/reference.ts";
import { Answer } from "../parts/answer.tsx";
import { amountIn, AmountField } from "../parts/amount-field.tsx";
import { type Collecting, useCollect } from "../parts/collect.ts";
import { Field } from "../parts/field.tsx";
import { useWords } from "../parts/locale.tsx";
import { decimalOf } from "../../../web/format.ts";
import { Money } from "../parts/money.tsx";
import { go } from "../parts/route.ts";
import { ScanCode } from "../parts/scan-code.tsx";
import { Screen } from "../parts/screen.tsx";
import { useWallet } from "../parts/session.tsx";
import { ShowCode } from "../parts/show-code.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useExchange } from "../parts/use-exchange.ts";

export type AskProps = {
  /** The payment that money is to come back of, and how much of it at most. */
  readonly back?: PayingBack;
  readonly most?: Amount;
};

export function Ask({ back, most }: AskProps) {
  const words = useWords();
  const { money } = useWallet();
  const collecting = useCollect();
  const exchange = useExchange();
  const [isScanning, setScanning] = useState(false);
  const { step, task, resume, take, finish } = collecting;
  useEffect(() => {
    if (exchange?.role === "payee") resume(exchange);
  }, [exchange]);
  const close = () => {
    finish();
    go("");
  };
  if (exchange === undefined) return null;
  if (step.kind === "amount") return <AskAmount {...collecting} back={back} most={most} />;
  if (step.kind === "answered") {
    return (
      <Screen
        title={
          step.received.confirmation.status === "accepted" ? words.received : words.notAccepted
        }
        action={
          <button type="button" class="primary" onClick={close}>
            {words.done}
          </button>
        }
      >
        <Answer step={step}>{words.yoursOnceSynced}</Answer>
      </Screen>
    );
  }
  if (isScanning) {
    return (
      <Screen
        title={words.scanPayment}
        action={
          <button type="button" class="secondary" onClick={() => setScanning(false)}>
            {words.showCodeAgain}
          </button>
        }
      >
        <Trouble error={task.error} />
        <ScanCode passedOver={[step.request]} onMessage={take} />
      </Screen>
    );
  }
  return (
    <Screen
      title={words.askTitle(money(step.amount))}
      back="#/"
      action={
        <button type="button" class="primary" onClick={() => setScanning(true)}>
          {words.scanPayment}
        </button>
      }
    >
      <p class="lead">{words.letPayerScan}</p>
      <ShowCode message={step.request} label={words.requestCode(money(step.amount))} />
      <button type="button" class="link" onClick={close}>
        {words.cancelRequest}
      </button>
    </Screen>
  );
}

type AskAmountProps = Pick<Collecting, "ask" | "task"> & {
  readonly back: PayingBack | undefined;
  readonly most: Amount | undefined;
};

function AskAmount({ ask, task, back, most }: AskAmountProps) {
  const words = useWords();
  const { facts } = useWallet();
  const [text, setText] = useState(most === undefined ? "" : decimalOf(most, facts.currency));
  const [reference, setReference] = useState("");
  const amount = amountIn(text, facts.currency);
  return (
    <Screen
      title={back === undefined ? words.bePaid : words.takeBack}
      back="#/"
      action={
        <button
          type="submit"
          form="ask"
          class="primary"
          disabled={amount === undefined || task.isBusy}
        >
          {words.showCode}
        </button>
      }
    >
      <form
        id="ask"
        onSubmit={(event) => {
          event.preventDefault();
          if (amount !== undefined)
            ask(amount, back === undefined ? reference.trim() : formatReference(back));
        }}
      >
        {back?.kind === "change" ? (
          <Money amount={most!} currency={facts.currency} size="hero" />
        ) : (
          <AmountField
            label={words.amount}
            text={text}
            onText={setText}
            currency={facts.currency}
          />
        )}
        {back === undefined && (
          <Field
            label={words.reference}
            text={reference}
            onText={setReference}
            maxLength={limits.referenceMax / 4}
          />
        )}
      </form>
      {back !== undefined && <p class="hint">{words.takeBackHint}</p>}
      <Trouble error={task.error} />
    </Screen>
  );
}
