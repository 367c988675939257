/** What a person types, under its name, with what helps to type it. */
import { useId } from "preact/hooks";

/** What keyboards and browsers are told. */
type Typing = {
  readonly inputMode?: "decimal" | "numeric";
  readonly enterKeyHint?: "done";
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly autoComplete?: "organization";
  readonly autoCapitalize?: "characters";
  readonly spellcheck?: false;
  readonly class?: string;
  readonly type?: "password";
};

export type FieldProps = Typing & {
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly hint?: string;
  /** Whether the hint says what is wrong. */
  readonly isWrong?: boolean;
  /** Stands before what is typed. */
  readonly unit?: string;
};

export function Field({ label, text, onText, hint, isWrong = false, unit, ...input }: FieldProps) {
  const id = useId();
  return (
    <div class={`field ${unit === undefined ? "" : "large"}`}>
      <label for={id}>{label}</label>
      <div class="box">
        {unit !== undefined && <span aria-hidden="true">{unit}</span>}
        <input
          autoComplete="off"
          {...input}
          id={id}
          value={text}
          aria-invalid={isWrong}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      </div>
      {hint !== undefined && (
        <p id={`${id}-hint`} class={isWrong ? "hint wrong" : "hint"} role="status">
          {hint}
        </p>
      )}
    </div>
  );
}
