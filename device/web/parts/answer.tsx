/** What came of a payment, on the payee's side, and the code that tells the payer. */
import type { ComponentChildren } from "preact";
import type { CollectStep } from "./collect.ts";
import { useWords } from "./locale.tsx";
import { Outcome } from "./outcome.tsx";
import { useWallet } from "./session.tsx";
import { ShowCode } from "./show-code.tsx";
import { Trouble } from "./trouble.tsx";

export type AnswerProps = {
  readonly step: CollectStep & { readonly kind: "answered" };
  /** What is said of money that is accepted. */
  readonly children: ComponentChildren;
};

export function Answer({ step, children }: AnswerProps) {
  const words = useWords();
  const { money } = useWallet();
  const { amount, asked, received } = step;
  const { confirmation, refusal } = received;
  const isGood = confirmation.status === "accepted";
  return (
    <>
      <Outcome isSmall isGood={isGood} title={money(amount)}>
        {isGood ? children : words.answers[confirmation.status]}
      </Outcome>
      {isGood && amount !== asked && <p class="notice">{words.earlierPaid(money(asked))}</p>}
      <Trouble error={refusal} />
      <ShowCode message={confirmation.bytes} label={words.answerCode} />
      <p class="hint">{words.letPayerScanAnswer}</p>
    </>
  );
}
