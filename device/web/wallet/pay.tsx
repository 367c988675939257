/** Paying: the payee's code, what it asks for, our code, the payee's answer. */
import { useEffect, useState } from "preact/hooks";
import { decodeRequest, type SignedRequest } from "../../../protocol/request.ts";
import type { ConfirmationStatus } from "../../../protocol/confirmation.ts";
import { useWords } from "../parts/locale.tsx";
import { Money } from "../parts/money.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { go } from "../parts/route.ts";
import { ScanCode } from "../parts/scan-code.tsx";
import { Screen } from "../parts/screen.tsx";
import { useSession, useWallet } from "../parts/session.tsx";
import { ShowCode } from "../parts/show-code.tsx";
import { useTask } from "../parts/task.ts";
import { Trouble } from "../parts/trouble.tsx";
import { useExchange } from "../parts/use-exchange.ts";

type Step =
  | { readonly kind: "scan" }
  | { readonly kind: "confirm"; readonly request: SignedRequest }
  /** Message 2 is shown, message 3 is waited for. */
  | {
      readonly kind: "show" | "answer";
      readonly request: SignedRequest;
      readonly message: Uint8Array;
    }
  | { readonly kind: "done"; readonly request: SignedRequest; readonly status: ConfirmationStatus };

export function Pay() {
  const words = useWords();
  const { wallet, syncNow } = useSession();
  const { money } = useWallet();
  const task = useTask();
  const exchange = useExchange();
  const [step, setStep] = useState<Step>({ kind: "scan" });
  const { settings } = wallet;

  /** Asked again, the purse gives the same message. */
  const pay = async (request: SignedRequest) => {
    const message = await wallet.change((purse) => purse.pay(request.bytes));
    setStep({ kind: "show", request, message });
  };
  useEffect(() => {
    if (exchange?.role === "payer") task.run(() => pay(decodeRequest(exchange.request)));
  }, [exchange]);
  const takeRequest = (bytes: Uint8Array) =>
    task.run(async () => setStep({ kind: "confirm", request: decodeRequest(bytes) }));
  const agree = (request: SignedRequest) =>
    task.run(async () => {
      await settings.put("exchange", { role: "payer", request: request.bytes });
      try {
        await pay(request);
      } catch (error) {
        await settings.put("exchange", undefined);
        throw error;
      }
    });
  const takeAnswer = (request: SignedRequest, bytes: Uint8Array) =>
    task.run(async () => {
      const { status } = await wallet.change((purse) => purse.confirm(bytes));
      await settings.put("exchange", undefined);
      setStep({ kind: "done", request, status });
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
      return <Confirm request={step.request} task={task} onAgree={() => agree(step.request)} />;
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
    case "done":
      return (
        <Screen
          title={words.paymentTitle}
          action={
            <button type="button" class="primary" onClick={() => go("")}>
              {words.done}
            </button>
          }
        >
          <Outcome isGood={step.status === "accepted"} title={money(step.request.amount)}>
            {words.said[step.status](payeeOf(step.request, words.someone))}
          </Outcome>
        </Screen>
      );
  }
}

type ConfirmProps = {
  readonly request: SignedRequest;
  readonly task: ReturnType<typeof useTask>;
  readonly onAgree: () => void;
};

function Confirm({ request, task, onAgree }: ConfirmProps) {
  const words = useWords();
  const { facts, money } = useWallet();
  const { amount, reference } = request;
  return (
    <Screen
      title={words.confirmTitle}
      back="#/"
      action={
        <button type="button" class="primary" disabled={task.isBusy} onClick={onAgree}>
          {words.payAmount(money(amount))}
        </button>
      }
    >
      <div class="sheet">
        <p class="hint">{words.youPay}</p>
        <Money amount={amount} currency={facts.currency} size="hero" />
        <p class="payee">{words.to(payeeOf(request, words.someone))}</p>
        {reference !== "" && <p class="hint">{reference}</p>}
      </div>
      <Trouble error={task.error} />
    </Screen>
  );
}

function payeeOf({ certificate }: SignedRequest, someone: string): string {
  return certificate.label === "" ? someone : certificate.label;
}
