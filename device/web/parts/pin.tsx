/** The PIN, asked for whenever money is to leave and the purse has one; each payment asks anew. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Field } from "./field.tsx";
import { useWords } from "./locale.tsx";
import { useWallet } from "./session.tsx";

export type PinGate = {
  /** What a person enters it in; nothing while none is needed. */
  readonly field: ComponentChildren;
  readonly isReady: boolean;
  /** Runs what the PIN is for. @throws Refusal `wrong-pin`, `pin-blocked`. */
  readonly unlocked: (work: () => Promise<void>) => Promise<void>;
};

/** Digits of a PIN (see device/pin.ts). */
export const PIN = /^\d{4,12}$/;

export function usePin(): PinGate {
  const words = useWords();
  const { wallet, purse } = useWallet();
  const [entered, setEntered] = useState("");
  const isNeeded = purse.pin.status() !== undefined;
  return {
    field: isNeeded && <PinField label={words.pin} text={entered} onText={setEntered} />,
    isReady: !isNeeded || PIN.test(entered),
    async unlocked(work) {
      if (!isNeeded) return work();
      try {
        await wallet.change(({ pin }) => pin.unlock(entered));
        await work();
      } finally {
        purse.pin.lock();
        setEntered("");
      }
    },
  };
}

export type PinFieldProps = {
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly hint?: string;
};

export function PinField(props: PinFieldProps) {
  return <Field {...props} type="password" inputMode="numeric" maxLength={12} />;
}
