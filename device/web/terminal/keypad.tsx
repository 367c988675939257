/** Large keys for an amount, beside the keyboard. */
import { useWords } from "../parts/locale.tsx";

const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", ".", "0"] as const;

export type KeypadProps = {
  readonly text: string;
  readonly onText: (text: string) => void;
};

export function Keypad({ text, onText }: KeypadProps) {
  const words = useWords();
  return (
    <div class="keypad">
      {KEYS.map((key) => (
        <button key={key} type="button" onClick={() => onText(text + key)}>
          {key}
        </button>
      ))}
      <button type="button" aria-label={words.eraseDigit} onClick={() => onText(text.slice(0, -1))}>
        ⌫
      </button>
    </div>
  );
}
