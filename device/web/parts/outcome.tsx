/** How a payment ended, to be seen from across a counter and told by more than its colour. */
import type { ComponentChildren } from "preact";

export type OutcomeProps = {
  readonly isGood: boolean;
  readonly title: string;
  /** Beside a code, which needs the room. */
  readonly isSmall?: boolean;
  readonly children: ComponentChildren;
};

export function Outcome({ isGood, title, isSmall = false, children }: OutcomeProps) {
  return (
    <div class={`outcome ${isGood ? "good" : "bad"} ${isSmall ? "small" : ""}`} role="status">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle cx="24" cy="24" r="22" />
        <path d={isGood ? "M14 25l7 7 14-15" : "M16 16l16 16M32 16L16 32"} />
      </svg>
      <div>
        <p class="headline">{title}</p>
        <p>{children}</p>
      </div>
    </div>
  );
}
