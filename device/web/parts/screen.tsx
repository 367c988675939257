/** One screen: a heading, what it says, and at most one thing to do next. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useWords } from "./locale.tsx";

export type ScreenProps = {
  readonly title: string;
  /** Where the way back leads, as a fragment; none on a first screen. */
  readonly back?: string | undefined;
  /** Stays in sight below what the screen says. */
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
};

export function Screen({ title, back, action, children }: ScreenProps) {
  const words = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  // Whoever hears the page, or walks it by keys, begins at its heading: at once, for later it would
  // take the focus from whoever types.
  useLayoutEffect(() => {
    document.title = `${title} · Tallystick`;
    heading.current?.focus();
  }, [title]);
  return (
    <div class="screen">
      <header class="bar">
        {back !== undefined && (
          <a class="back" href={back} aria-label={words.back}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M15 5l-7 7 7 7" />
            </svg>
          </a>
        )}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </header>
      <main>{children}</main>
      {action !== undefined && <footer class="action">{action}</footer>}
    </div>
  );
}
