/** A command to be run by whoever holds the key, with a button that copies it. */
import { useState } from "preact/hooks";
import { useWords } from "../locale.tsx";

export function Command({ text }: { readonly text: string }) {
  const words = useWords();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <p class="command">
      <code>{text}</code>
      <button type="button" class="quiet" onClick={() => void copy()}>
        {isCopied ? words.copied : words.copy}
      </button>
    </p>
  );
}
