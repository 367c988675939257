/** What went wrong, in a sentence that says what to do; and what is asked once at a time. */
import { useState } from "preact/hooks";
import { Refused } from "../bank.ts";
import { useWords } from "../locale.ts";
import type { Reason, Words } from "../words/en.ts";

export function Trouble({ error }: { readonly error: unknown }) {
  const words = useWords();
  if (error === undefined) return null;
  return (
    <p class="bad" role="alert">
      {error instanceof Refused ? sentenceOf(error.code, words) : words.broken}
    </p>
  );
}

export function sentenceOf(code: string, words: Words): string {
  return code in words.reasons ? words.reasons[code as Reason] : words.reasons.unavailable;
}

/** Runs one task at a time, and keeps what it failed with until the next. */
export function useTask() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = (task: () => Promise<void>) => {
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    task()
      .catch((caught: unknown) => setError(caught))
      .finally(() => setBusy(false));
  };
  return { isBusy, error, run };
}
