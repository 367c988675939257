/** What the node said no with, or that it says nothing. */
import { Refusal } from "../../../protocol/refusal.ts";
import { ApiProblem } from "../api.ts";
import { useWords } from "../locale.tsx";

export function Trouble({ error }: { readonly error: unknown }) {
  const words = useWords();
  if (error === undefined) return null;
  const isSaid = error instanceof ApiProblem || error instanceof Refusal;
  return (
    <p class="notice bad" role="alert">
      {isSaid ? error.message : words.noAnswer}
    </p>
  );
}
