/** What happened, as people remember it: who, how much, when, and whether the bank has it. */
import type { HistoryEntry } from "../../history.ts";
import type { Words } from "../words/en.ts";
import { formatTime, useLocale } from "./locale.tsx";
import { Money } from "./money.tsx";
import { useWallet } from "./session.tsx";

export function Payments({ entries }: { readonly entries: readonly HistoryEntry[] }) {
  const { words } = useLocale();
  if (entries.length === 0) return <p class="hint">{words.noPayments}</p>;
  return (
    <ul class="payments">
      {entries.map((entry) => (
        <Payment key={entry.id} entry={entry} />
      ))}
    </ul>
  );
}

function Payment({ entry }: { readonly entry: HistoryEntry }) {
  const { words, tag } = useLocale();
  const { facts } = useWallet();
  const { kind, amount, time, reference, state, reason } = entry;
  const isIncome = kind === "received" || kind === "credited";
  const isVoid = state === "returned" || state === "refused" || state === "invalid";
  return (
    <li>
      <span class="who">
        {nameOf(entry, words)}
        {reference !== "" && <span class="reference">{reference}</span>}
      </span>
      <span class={isVoid ? "void" : ""}>
        <Money amount={amount} currency={facts.currency} sign={isIncome ? "+" : "−"} />
      </span>
      <time class="hint" dateTime={new Date(time).toISOString()}>
        {formatTime(time, tag)}
      </time>
      <span class={`state ${state}`}>{words.states[state]}</span>
      {reason !== undefined && <span class="why">{words.refusals[reason.code]}</span>}
    </li>
  );
}

/** Another person, by name if there is one. */
function nameOf({ kind, counterparty }: HistoryEntry, words: Words): string {
  const name = counterparty?.label === "" ? undefined : counterparty?.label;
  return words.kinds[kind](name ?? words.someone);
}
