/**
 * Paying, step by step: the payee's code, what it asks for, our code, the payee's answer. Closed at any of them, it goes
 * on from there.
 */
import { useEffect, useState } from "preact/hooks";
import type { Hex } from "../../../protocol/bytes.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { decodeRequest, type SignedRequest } from "../../../protocol/request.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import type { SignedConfirmation } from "../../../protocol/confirmation.ts";
import { useWords } from "./locale.tsx";
import { Money } from "./money.tsx";
import { Outcome } from "./outcome.tsx";
import { payeeOf } from "./payee.tsx";
import { go } from "./route.ts";
import { ScanCode } from "./scan-code.tsx";
import { Screen } from "./screen.tsx";
import { useSession, useWallet } from "./session.tsx";
import { useSecondFactor } from "./second-factor.tsx";
import { ShowCode } from "./show-code.tsx";
import { usePin } from "./pin.tsx";
import { owedBack, purposeOf } from "./purpose.ts";
import { type Task, useTask } from "./task.ts";
import { Trouble } from "./trouble.tsx";
import { useExchange } from "./use-exchange.ts";

type Step =
  | { readonly kind: "scan" }
  | { readonly kind: "confirm"; readonly request: SignedRequest }
  /** Message 2 is shown, message 3 is waited for. */
  | {
      readonly kind: "show" | "answer";
      readonly request: SignedRequest;
      readonly message: Uint8Array;
    }
  | { readonly kind: "done"; readonly request: SignedRequest; readonly answer: SignedConfirmation };

export function Paying() {
  const words = useWords();
  const { wallet, syncNow } = useSession();
  const { purse, money } = useWallet();
  const task = useTask();
  const exchange = useExchange();
  const [step, setStep] = useState<Step>({ kind: "scan" });
  const { settings } = wallet;

  /** Asked again, the purse gives the same message. Only what it refuses is not under way any more. */
  const pay = async (request: SignedRequest) => {
    await settings.put("exchange", { role: "payer", request: request.bytes });
    try {
      const message = await wallet.change((purse) => purse.pay(request.bytes));
      setStep({ kind: "show", request, message });
    } catch (error) {
      if (isRefusal(error)) await settings.put("exchange", undefined);
      throw error;
    }
  };
  useEffect(() => {
    if (exchange?.role === "payer") task.run(() => pay(decodeRequest(exchange.request)));
  }, [exchange]);
  const takeRequest = (bytes: Uint8Array) =>
    task.run(async () => {
      // Nobody is shown a name, or what it is for, that does not hold.
      setStep({ kind: "confirm", request: purse.checkRequest(bytes) });
    });
  const takeAnswer = (request: SignedRequest, bytes: Uint8Array) =>
    task.run(async () => {
      const answer = await wallet.change((purse) => purse.confirm(bytes));
      await settings.put("exchange", undefined);
      setStep({ kind: "done", request, answer });
      syncNow();
    });
  const leave = () =>
    task.run(async () => {
      await settings.put("exchange", undefined);
      syncNow();
      go("");
    });

  if (exchange === undefined) return null;
  switch (step.kind) {
    case "scan":
      return (
        <Screen title={words.scanRequest} back="#/">
          <Trouble error={task.error} />
          <ScanCode passedOver={[]} onMessage={takeRequest} />
        </Screen>
      );
    case "confirm":
      return <Confirm request={step.request} task={task} onAgree={() => pay(step.request)} />;
    case "show":
      return (
        <Screen
          title={words.paidTitle(money(step.request.amount))}
          back="#/"
          action={
            <button
              type="button"
              class="primary"
              onClick={() => setStep({ ...step, kind: "answer" })}
            >
              {words.scanAnswer}
            </button>
          }
        >
          <p class="lead">{words.letPayeeScan}</p>
          <ShowCode message={step.message} label={words.paymentCode(money(step.request.amount))} />
          <button type="button" class="link" onClick={leave}>
            {words.payeeHasGone}
          </button>
        </Screen>
      );
    case "answer":
      return (
        <Screen
          title={words.scanAnswer}
          action={
            <button
              type="button"
              class="secondary"
              onClick={() => setStep({ ...step, kind: "show" })}
            >
              {words.showCodeAgain}
            </button>
          }
        >
          <Trouble error={task.error} />
          <ScanCode
            passedOver={[step.request.bytes, step.message]}
            onMessage={(bytes) => takeAnswer(step.request, bytes)}
          />
        </Screen>
      );
    case "done": {
      const { amount } = step.request;
      const { status, id } = step.answer;
      return (
        <Screen
          title={words.paymentTitle}
          action={
            <button type="button" class="primary" onClick={() => go("")}>
              {words.done}
            </button>
          }
        >
          <Outcome isGood={status === "accepted"} title={money(amount)}>
            {words.said[status](payeeOf(step.request, words.someone))}
          </Outcome>
          <ChangeOwed id={id} />
        </Screen>
      );
    }
  }
}

/** A price that the payee had no small enough coin for is paid with more: the rest is asked for next. */
function ChangeOwed({ id }: { readonly id: Hex }) {
  const words = useWords();
  const { purse, money } = useWallet();
  const entry = purse.history().find((each) => each.id === id);
  const owed = entry === undefined ? undefined : owedBack(entry);
  if (owed?.back.kind !== "change") return null;
  return (
    <a class="secondary button" href={`#/back/${id}`}>
      {words.askForChange(money(owed.most))}
    </a>
  );
}

type ConfirmProps = {
  readonly request: SignedRequest;
  readonly task: Task;
  readonly onAgree: () => Promise<void>;
};

function Confirm({ request, task, onAgree }: ConfirmProps) {
  const words = useWords();
  const { facts, money } = useWallet();
  const pin = usePin();
  const { amount, certificate } = request;
  const code = useSecondFactor({ amount, payee: ownerOf(certificate.deviceKey) });
  const isReady = pin.isReady && code.isReady;
  const purpose = purposeOf(request.reference, words);
  return (
    <Screen
      title={words.confirmTitle}
      back="#/"
      action={
        <button type="submit" form="agree" class="primary" disabled={!isReady || task.isBusy}>
          {words.payAmount(money(amount))}
        </button>
      }
    >
      <div class="sheet">
        <p class="hint">{words.youPay}</p>
        <Money amount={amount} currency={facts.currency} size="hero" />
        <p class="payee">{words.to(payeeOf(request, words.someone))}</p>
        {purpose !== "" && <p class="hint">{purpose}</p>}
      </div>
      <form
        id="agree"
        onSubmit={(event) => {
          event.preventDefault();
          task.run(() => pin.unlocked(() => code.confirmed(onAgree)));
        }}
      >
        {code.field}
        {pin.field}
      </form>
      <Trouble error={task.error} />
    </Screen>
  );
}
