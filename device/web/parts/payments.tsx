/** What happened, as people remember it: who, how much, when, and whether the bank has it. */
import type { HistoryEntry } from "../../history.ts";
import type { Words } from "../words/en.ts";
import { useLocale } from "./locale.tsx";
import { formatTime } from "../../../web/format.ts";
import { Money } from "./money.tsx";
import { owedBack, purposeOf } from "./purpose.ts";
import { useWallet } from "./session.tsx";

export type PaymentsProps = {
  readonly entries: readonly HistoryEntry[];
  /** Whether money back may be asked for here. */
  readonly isAsking?: boolean;
};

export function Payments({ entries, isAsking = false }: PaymentsProps) {
  const { words } = useLocale();
  if (entries.length === 0) return <p class="hint">{words.noPayments}</p>;
  return (
    <ul class="payments">
      {entries.map((entry) => (
        <Payment key={entry.id} entry={entry} isAsking={isAsking} />
      ))}
    </ul>
  );
}

type PaymentProps = { readonly entry: HistoryEntry; readonly isAsking: boolean };

function Payment({ entry, isAsking }: PaymentProps) {
  const { words, tag } = useLocale();
  const { facts, money } = useWallet();
  const { id, kind, amount, time, givenBack, state, code, reason } = entry;
  const purpose = purposeOf(entry.reference, words);
  const isIncome = kind === "received" || kind === "credited";
  const isVoid = state === "returned" || state === "refused" || state === "invalid";
  return (
    <li>
      <span class="who">
        {nameOf(entry, words)}
        {purpose !== "" && <span class="reference">{purpose}</span>}
      </span>
      <span class={isVoid ? "void" : ""}>
        <Money amount={amount} currency={facts.currency} sign={isIncome ? "+" : "−"} />
      </span>
      <time class="hint" dateTime={new Date(time).toISOString()}>
        {formatTime(time, tag)}
      </time>
      <span class={`state ${state}`}>{words.states[state]}</span>
      {givenBack > 0n && <span class="hint wide">{words.givenBack(money(givenBack))}</span>}
      {isAsking && owedBack(entry) !== undefined && (
        <a class="wide" href={`#/back/${id}`}>
          {words.takeBack}
        </a>
      )}
      {code !== undefined && <span class="digits wide">{code}</span>}
      {reason !== undefined && <span class="why">{words.refusals[reason.code]}</span>}
    </li>
  );
}

/** Another person, by name if there is one. */
function nameOf({ kind, counterparty }: HistoryEntry, words: Words): string {
  const name = counterparty?.label === "" ? undefined : counterparty?.label;
  return words.kinds[kind](name ?? words.someone);
}
