/** Messages for people without a camera: copied and pasted, or as files. */
import { useEffect, useId, useState } from "preact/hooks";
import { messageIn, messageOf, textOf } from "../message-text.ts";
import { useWords } from "./locale.tsx";
import { useTask } from "./task.ts";
import { Trouble } from "./trouble.tsx";

const FILE_NAME = "payment.message";

export function HandOver({ message }: { readonly message: Uint8Array }) {
  const words = useWords();
  const copying = useTask();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => setCopied(false), [message]);
  const copy = () =>
    copying.run(async () => {
      await navigator.clipboard.writeText(textOf(message));
      setCopied(true);
    });
  return (
    <details class="hand">
      <summary>{words.withoutCamera}</summary>
      <div class="row">
        <button type="button" class="quiet" onClick={copy}>
          {words.copy}
        </button>
        <button type="button" class="quiet" onClick={() => save(message)}>
          {words.saveFile}
        </button>
      </div>
      <p class="hint" role="status">
        {isCopied ? words.copied : words.handOverHint}
      </p>
      <Trouble error={copying.error} />
    </details>
  );
}

export type TakeOverProps = {
  readonly isOpen: boolean;
  readonly onMessage: (message: Uint8Array) => void;
};

export function TakeOver({ isOpen, onMessage }: TakeOverProps) {
  const words = useWords();
  const reading = useTask();
  const [text, setText] = useState("");
  const id = useId();
  const take = (read: () => Promise<Uint8Array>) =>
    reading.run(async () => onMessage(await read()));
  return (
    <details class="hand" open={isOpen}>
      <summary>{words.withoutCamera}</summary>
      <label for={id}>{words.pasteHere}</label>
      <textarea
        id={id}
        rows={3}
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div class="row">
        <button
          type="button"
          class="quiet"
          disabled={text.trim() === ""}
          onClick={() => take(async () => messageOf(text))}
        >
          {words.useText}
        </button>
        <label class="quiet button">
          {words.openFile}
          <input
            type="file"
            class="hidden"
            onChange={({ currentTarget }) => {
              const file = currentTarget.files?.[0];
              if (file !== undefined) take(() => messageIn(file));
            }}
          />
        </label>
      </div>
      <Trouble error={reading.error} />
    </details>
  );
}

function save(message: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([Uint8Array.from(message)]));
  const link = document.createElement("a");
  link.href = url;
  link.download = FILE_NAME;
  link.click();
  URL.revokeObjectURL(url);
}
