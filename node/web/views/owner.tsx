/** A key's owner: where it is enrolled, what it holds, and all it signed or was paid by. */
import { api } from "../api.ts";
import { useFormat, useWords } from "../locale.tsx";
import { Id } from "../parts/id.tsx";
import { TraceCard } from "../parts/trace-card.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { Card, View } from "../parts/view.tsx";
import { useAnswer } from "../use-answer.ts";

export function OwnerView({ owner, turn }: { readonly owner: string; readonly turn: number }) {
  const words = useWords();
  const { money, number, nameOf } = useFormat();
  const { value: row, error } = useAnswer(() => api.owner(owner), [owner, turn]);
  const { value: held } = useAnswer(() => api.coinsOf(owner), [owner, turn]);
  return (
    <View title={words.owner}>
      <p class="full">{owner}</p>
      <div class="cards">
        <Card title={words.balance} hint={words.ownerHint}>
          <Trouble error={error} />
          {row !== undefined && (
            <>
              <p class="hero">{money(row.balance)}</p>
              <p>
                {words.enrolledWith} {row.member === null ? words.notEnrolled : nameOf(row.member)}{" "}
                · {number(row.coins)} {words.coins}
              </p>
            </>
          )}
          {held !== undefined && held.coins.length > 0 && (
            <ul class="coins">
              {held.coins.slice(0, 24).map(({ outpoint, amount }) => (
                <li key={outpoint}>
                  <Id id={outpoint} /> {money(amount)}
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
      <TraceCard from={owner} turn={turn} />
    </View>
  );
}
