/** A view: a heading that takes the focus when it opens, and what it says. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export type ViewProps = {
  readonly title: string;
  readonly children: ComponentChildren;
};

export function View({ title, children }: ViewProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  // At once: later it would take the focus from whoever types.
  useLayoutEffect(() => {
    document.title = `${title} · Tallystick`;
    heading.current?.focus();
  }, [title]);
  return (
    <div class="view">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}

export type CardProps = {
  readonly title: string;
  readonly hint?: string;
  /** Takes the whole width. */
  readonly isWide?: boolean;
  readonly children: ComponentChildren;
};

export function Card({ title, hint, isWide = false, children }: CardProps) {
  return (
    <section class={isWide ? "card wide" : "card"} aria-label={title}>
      <h2>{title}</h2>
      {hint !== undefined && <p class="hint">{hint}</p>}
      {children}
    </section>
  );
}
