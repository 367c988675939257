/** The code that confirms a high amount, asked for beside the PIN: from a second device, or the bank's voice line. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { formatPayeeNumber, payeeNumber } from "../../../protocol/second-factor-code.ts";
import type { ToConfirm } from "../../second-factor-pad.ts";
import { Field } from "./field.tsx";
import { useWords } from "./locale.tsx";
import { useWallet } from "./session.tsx";

export type SecondFactorGate = {
  /** What a person enters it in; nothing while none is needed. */
  readonly field: ComponentChildren;
  readonly isReady: boolean;
  /** Enters what was typed, and runs what it is for. @throws Refusal as `SecondFactorPad.enter` does. */
  readonly confirmed: (work: () => Promise<void>) => Promise<void>;
};

/** Digits of a code, in groups or not. */
const CODE = /^\s*(\d\s*){8}$/;

/** @param payment as far as it is known yet. */
export function useSecondFactor(payment: ToConfirm | undefined): SecondFactorGate {
  const words = useWords();
  const { wallet, purse } = useWallet();
  const [entered, setEntered] = useState("");
  const isNeeded = payment !== undefined && purse.secondFactor.isNeeded(payment.amount);
  return {
    field: isNeeded && (
      <Field
        label={words.confirmationCode}
        text={entered}
        onText={setEntered}
        inputMode="numeric"
        maxLength={9}
        hint={words.confirmationHint(formatPayeeNumber(payeeNumber(payment.payee)))}
      />
    ),
    isReady: !isNeeded || CODE.test(entered),
    async confirmed(work) {
      if (!isNeeded) return work();
      try {
        await wallet.change(({ secondFactor }) => secondFactor.enter(payment, entered));
        await work();
      } finally {
        setEntered("");
      }
    },
  };
}
