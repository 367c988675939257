/** The title of a step: it takes the focus, so that whoever does not see the page hears where they are. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Title({ children }: { readonly children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <h1 ref={title} tabIndex={-1}>
      {children}
    </h1>
  );
}
