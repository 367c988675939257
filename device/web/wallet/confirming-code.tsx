/** A code for another device, large enough to be read across a table, for as long as it is good. */
import { useEffect, useState } from "preact/hooks";
import { formatPayeeNumber, type PayeeNumber } from "../../../protocol/second-factor-code.ts";
import { formatShortCode } from "../../../protocol/short-code.ts";
import { formatTime } from "../../../web/format.ts";
import type { ShownCode } from "../../second-factor-pad.ts";
import { useLocale } from "../parts/locale.tsx";
import { go } from "../parts/route.ts";
import { Screen } from "../parts/screen.tsx";

/** Keeps a number on one line, where it can be compared at a glance. */
const NO_BREAK = "\u00a0";

export type ConfirmingCodeProps = {
  readonly code: ShownCode;
  /** As people of the language write it. */
  readonly amount: string;
  readonly payee: PayeeNumber;
  /** Asks for the code of the present minute. */
  readonly onAnother: () => void;
};

export function ConfirmingCode({ code, amount, payee, onAnother }: ConfirmingCodeProps) {
  const { words, tag } = useLocale();
  const number = formatPayeeNumber(payee).replaceAll(" ", NO_BREAK);
  const isOver = useIsOver(code.expires);
  return (
    <Screen
      title={words.confirmationCode}
      action={
        <button type="button" class="primary" onClick={isOver ? onAnother : () => go("")}>
          {isOver ? words.showAnother : words.done}
        </button>
      }
    >
      <div class="sheet" role="status">
        {isOver ? (
          <p>{words.codeIsOver}</p>
        ) : (
          <>
            <p class="hint">{words.codeConfirms(amount, number)}</p>
            <p class="digits hero">{formatShortCode(code.code)}</p>
            <p class="hint">{words.codeGoodUntil(formatTime(code.expires, tag))}</p>
          </>
        )}
      </div>
      <p class="hint">{words.codeIsYours}</p>
    </Screen>
  );
}

/** Whether a time has come. @param time milliseconds. */
function useIsOver(time: number): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), time - Date.now());
    return () => clearTimeout(timer);
  }, [time]);
  return isOver;
}
