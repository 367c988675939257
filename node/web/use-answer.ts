/** An answer of the node's, asked for again when what it depends on changes; the last one stays while it is asked. */
import { useEffect, useState } from "preact/hooks";

export type Answer<T> = {
  readonly value?: T;
  readonly error?: unknown;
};

export function useAnswer<T>(ask: () => Promise<T>, dependsOn: readonly unknown[]): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({});
  useEffect(() => {
    let isWanted = true;
    ask().then(
      (value) => isWanted && setAnswer({ value }),
      (error: unknown) => isWanted && setAnswer({ error }),
    );
    return () => {
      isWanted = false;
    };
  }, dependsOn);
  return answer;
}
