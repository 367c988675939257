/** The payee's side of an exchange, step by step; closed at any of them, it goes on from there. */
import { useState } from "preact/hooks";
import type { Amount } from "../../../protocol/money.ts";
import { isRefusal, Refusal } from "../../../protocol/refusal.ts";
import { decodeRequest } from "../../../protocol/request.ts";
import type { Received } from "../../payee.ts";
import type { Exchange } from "../settings.ts";
import { useSession } from "./session.tsx";
import { type Task, useTask } from "./task.ts";

export type CollectStep =
  | { readonly kind: "amount" }
  /** Message 1 is shown, message 2 is waited for. */
  | { readonly kind: "asking"; readonly request: Uint8Array; readonly amount: Amount }
  /** Message 3 is shown, and what came of it. */
  | {
      readonly kind: "answered";
      readonly request: Uint8Array;
      /** What was paid, or was to be. */
      readonly amount: Amount;
      /** What this request asks for: an earlier one may have been paid instead. */
      readonly asked: Amount;
      readonly received: Received;
    };

export type Collecting = {
  readonly step: CollectStep;
  readonly task: Task;
  readonly ask: (amount: Amount, reference: string) => void;
  readonly take: (payment: Uint8Array) => void;
  /** Goes on with what was under way. */
  readonly resume: (exchange: Exchange & { readonly role: "payee" }) => void;
  /** The payer has message 3, or will not come back. */
  readonly finish: () => void;
};

export function useCollect(): Collecting {
  const { wallet, syncNow } = useSession();
  const task = useTask();
  const [step, setStep] = useState<CollectStep>({ kind: "amount" });
  const { settings } = wallet;

  const answer = (request: Uint8Array, received: Received) => {
    const { amount: asked } = decodeRequest(request);
    const { id } = received.confirmation;
    const past = wallet.purse.history().find((entry) => entry.id === id);
    setStep({ kind: "answered", request, amount: past?.amount ?? asked, asked, received });
    syncNow();
  };
  return {
    step,
    task,
    ask: (amount, reference) =>
      task.run(async () => {
        const request = await wallet.change((purse) => purse.request(amount, reference));
        await settings.put("exchange", { role: "payee", request });
        setStep({ kind: "asking", request, amount });
      }),
    take: (payment) =>
      task.run(async () => {
        if (step.kind !== "asking") return;
        const { request } = step;
        await settings.put("exchange", { role: "payee", request, payment });
        try {
          const received = await wallet.change((purse) => purse.receive(payment));
          checkNew(received);
          answer(request, received);
        } catch (error) {
          // It was no payment of ours, or none that is taken: the request stays open.
          if (isRefusal(error)) await settings.put("exchange", { role: "payee", request });
          throw error;
        }
      }),
    resume: ({ request, payment }) =>
      task.run(async () => {
        setStep({ kind: "asking", request, amount: decodeRequest(request).amount });
        if (payment === undefined) return;
        answer(request, await wallet.change((purse) => purse.receive(payment)));
      }),
    finish: () =>
      task.run(async () => {
        await settings.put("exchange", undefined);
        setStep({ kind: "amount" });
      }),
  };
}

/** A payment that was answered before pays once, however often its code is shown. @throws Refusal `not-for-us`. */
function checkNew({ confirmation, amount }: Received): void {
  if (confirmation.status === "accepted" && amount === 0n) {
    throw new Refusal("not-for-us", "this payment was taken before");
  }
}
