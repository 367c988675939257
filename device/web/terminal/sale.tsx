/** A sale: the amount, the code and the customer's code at once, and whether it is accepted. */
import { useEffect, useState } from "preact/hooks";
import { limits } from "../../../protocol/limits.ts";
import { Answer } from "../parts/answer.tsx";
import { amountIn, AmountField } from "../parts/amount-field.tsx";
import { type Collecting, type CollectStep, useCollect } from "../parts/collect.ts";
import { Field } from "../parts/field.tsx";
import { useWords } from "../parts/locale.tsx";
import { ScanCode } from "../parts/scan-code.tsx";
import { Screen } from "../parts/screen.tsx";
import { useWallet } from "../parts/session.tsx";
import { ShowCode } from "../parts/show-code.tsx";
import { SyncLine } from "../parts/sync-line.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { UnderWay } from "../parts/under-way.tsx";
import { useExchange } from "../parts/use-exchange.ts";
import { Keypad } from "./keypad.tsx";

export function Sale() {
  const collecting = useCollect();
  const exchange = useExchange();
  const { step, resume } = collecting;
  useEffect(() => {
    if (exchange?.role === "payee") resume(exchange);
  }, [exchange]);
  if (exchange === undefined) return null;
  switch (step.kind) {
    case "amount":
      return <Amount {...collecting} />;
    case "asking":
      return <Asking {...collecting} step={step} />;
    case "answered":
      return <Answered {...collecting} step={step} />;
  }
}

function Amount({ ask, task }: Collecting) {
  const words = useWords();
  const { facts, purse } = useWallet();
  const [text, setText] = useState("");
  const [reference, setReference] = useState("");
  const amount = amountIn(text, facts.currency);
  const { label } = purse.identity().certificate!;
  return (
    <Screen
      title={label === "" ? facts.name : label}
      action={
        <button
          type="submit"
          form="sale"
          class="primary"
          disabled={amount === undefined || task.isBusy}
        >
          {words.askForPayment}
        </button>
      }
    >
      <SyncLine />
      <UnderWay screens={{ payer: "pay-back" }} />
      <form
        id="sale"
        class="sale"
        onSubmit={(event) => {
          event.preventDefault();
          if (amount !== undefined) ask(amount, reference.trim());
        }}
      >
        <AmountField label={words.amount} text={text} onText={setText} currency={facts.currency} />
        <Keypad text={text} onText={setText} />
        <Field
          label={words.order}
          text={reference}
          onText={setReference}
          maxLength={limits.referenceMax / 4}
        />
      </form>
      <Trouble error={task.error} />
      <nav class="row" aria-label={words.more}>
        <a class="link" href="#/day">
          {words.day}
        </a>
        <a class="link" href="#/pay-back">
          {words.payBack}
        </a>
        <a class="link" href="#/more">
          {words.more}
        </a>
      </nav>
    </Screen>
  );
}

type StepOf<Kind> = CollectStep & { readonly kind: Kind };

/** The customer reads one and shows the other, without a hand at the till. */
function Asking({ step, task, take, finish }: Collecting & { readonly step: StepOf<"asking"> }) {
  const words = useWords();
  const { money } = useWallet();
  return (
    <Screen
      title={words.askTitle(money(step.amount))}
      action={
        <button type="button" class="secondary" onClick={finish}>
          {words.cancel}
        </button>
      }
    >
      <Trouble error={task.error} />
      <div class="counter">
        <section>
          <h2>{words.customerScans}</h2>
          <ShowCode message={step.request} label={words.requestCode(money(step.amount))} />
        </section>
        <section>
          <h2>{words.customerShows}</h2>
          <ScanCode passedOver={[step.request]} onMessage={take} />
        </section>
      </div>
    </Screen>
  );
}

function Answered({ step, finish }: Collecting & { readonly step: StepOf<"answered"> }) {
  const words = useWords();
  const { purse } = useWallet();
  const { status, id } = step.received.confirmation;
  const isSettled = purse.history().some((entry) => entry.id === id && entry.state === "settled");
  return (
    <Screen
      title={status === "accepted" ? words.accepted : words.refused}
      action={
        <button type="button" class="primary" onClick={finish}>
          {words.nextSale}
        </button>
      }
    >
      <Answer step={step}>{words.tillStates[isSettled ? "settled" : "unverified"]}</Answer>
    </Screen>
  );
}
