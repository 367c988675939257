/** What a coin, a batch, a cycle or a case leads to. */
import { useWords } from "../locale.tsx";
import { TraceCard } from "../parts/trace-card.tsx";
import { View } from "../parts/view.tsx";

export function TraceView({ from, turn }: { readonly from: string; readonly turn: number }) {
  const words = useWords();
  return (
    <View title={words.traceTitle}>
      <p class="full">{from}</p>
      <TraceCard from={from} turn={turn} />
    </View>
  );
}
