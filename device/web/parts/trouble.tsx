/** What went wrong, in a sentence that says what to do. */
import { Refusal } from "../../../protocol/refusal.ts";
import { useWords } from "./locale.tsx";
import type { Words } from "../words/en.ts";

export function Trouble({ error }: { readonly error: unknown }) {
  const words = useWords();
  if (error === undefined) return null;
  return (
    <p class="notice bad" role="alert">
      {sentenceOf(error, words)}
    </p>
  );
}

/** Whatever is no refusal is a fault of this page. */
export function sentenceOf(error: unknown, words: Words): string {
  return error instanceof Refusal ? words.refusals[error.code] : words.broken;
}
