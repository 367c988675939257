/** The day's payments and totals. A day begins at midnight of the till's own clock. */
import type { Amount } from "../../../protocol/money.ts";
import type { HistoryEntry } from "../../history.ts";
import { useWords } from "../parts/locale.tsx";
import { Money } from "../parts/money.tsx";
import { Payments } from "../parts/payments.tsx";
import { Screen } from "../parts/screen.tsx";
import { useWallet } from "../parts/session.tsx";
import { SyncLine } from "../parts/sync-line.tsx";

export function Day() {
  const words = useWords();
  const { purse, facts } = useWallet();
  const midnight = new Date().setHours(0, 0, 0, 0);
  const entries = purse.history().filter(({ time }) => time >= midnight);
  const { taken, unverified, paidBack, count } = totalsOf(entries);
  const rows: readonly (readonly [string, Amount])[] = [
    [words.unverifiedTotal, unverified],
    [words.paidBack, paidBack],
  ];
  return (
    <Screen title={words.day} back="#/">
      <SyncLine />
      <section class="holdings" aria-label={words.dayTotal}>
        <p class="hint">{words.takenIn(count)}</p>
        <Money amount={taken} currency={facts.currency} size="hero" />
        <dl>
          {rows.map(([name, amount]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Money amount={amount} currency={facts.currency} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <a class="link" href="#/redeem">
        {words.redeem}
      </a>
      <Payments entries={entries} />
    </Screen>
  );
}

type Totals = {
  /** What customers paid and the till kept. */
  readonly taken: Amount;
  /** What of it the bank has not seen yet. */
  readonly unverified: Amount;
  readonly paidBack: Amount;
  readonly count: number;
};

function totalsOf(entries: readonly HistoryEntry[]): Totals {
  const sum = (chosen: readonly HistoryEntry[]) =>
    chosen.reduce((total, { amount }) => total + amount, 0n);
  const kept = entries.filter(
    ({ kind, state }) => kind === "received" && (state === "unverified" || state === "settled"),
  );
  return {
    taken: sum(kept),
    unverified: sum(kept.filter(({ state }) => state === "unverified")),
    paidBack: sum(entries.filter(({ kind }) => kind === "paid")),
    count: kept.length,
  };
}
