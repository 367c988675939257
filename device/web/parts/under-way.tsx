/** A payment that was not finished when its page was closed, and the way on. */
import type { Exchange } from "../settings.ts";
import { useWords } from "./locale.tsx";
import { useExchange } from "./use-exchange.ts";

/** @param screens where each side of a payment goes on. */
export function UnderWay({
  screens,
}: {
  readonly screens: Partial<Record<Exchange["role"], string>>;
}) {
  const words = useWords();
  const role = useExchange()?.role;
  const screen = role === undefined ? undefined : screens[role];
  if (screen === undefined) return null;
  return (
    <p class="notice">
      {words.unfinished} <a href={`#/${screen}`}>{words.goOn}</a>
    </p>
  );
}
