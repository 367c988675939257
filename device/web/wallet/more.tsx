/** Limits, what to do when the device is lost, the language, and what the wallet is. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatPayeeNumber, payeeNumber } from "../../../protocol/second-factor-code.ts";
import type { Purse } from "../../purse.ts";
import { LanguageChoice } from "../parts/language-choice.tsx";
import { useLocale, useWords } from "../parts/locale.tsx";
import { formatTime } from "../../../web/format.ts";
import { Screen } from "../parts/screen.tsx";
import { useWallet } from "../parts/session.tsx";
import { checkNumber } from "../network-facts.ts";

export type MoreProps = {
  /** What kind of purse this is. */
  readonly about: string;
  /** What it has of its own, beside the PIN. */
  readonly children?: ComponentChildren;
};

export function More({ about, children }: MoreProps) {
  const words = useWords();
  const { facts, purse } = useWallet();
  return (
    <Screen title={words.more} back="#/">
      <Limits />
      <section>
        <h2>{words.pin}</h2>
        <p>{words.pinKeeps}</p>
        <a class="link" href="#/pin">
          {purse.pin.status() === undefined ? words.choosePin : words.changePin}
        </a>
      </section>
      {children}
      <section>
        <h2>{words.lostTitle}</h2>
        <p>{words.lostIntro(facts.name)}</p>
        <ol>
          {words.lostSteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </section>
      <section>
        <h2>{words.aboutTitle}</h2>
        <p>{about}</p>
        <Storage />
        <h3>{words.deviceNumber}</h3>
        <p class="digits">{formatPayeeNumber(payeeNumber(purse.identity().owner))}</p>
        <p class="hint">{words.deviceNumberHint}</p>
        <h3>{words.checkNumber}</h3>
        <p class="digits">{checkNumber(facts)}</p>
        <p class="hint">{words.checkNumberHint}</p>
      </section>
      <LanguageChoice />
    </Screen>
  );
}

/** Whether the browser has promised to keep what is here: some do once a page is installed. */
function Storage() {
  const words = useWords();
  const [isKept, setKept] = useState<boolean | undefined>(undefined);
  useEffect(() => {
    void navigator.storage.persisted().then(setKept);
  }, []);
  if (isKept === undefined) return null;
  return isKept ? <p>{words.storageKept}</p> : <p class="notice">{words.storageAtRisk}</p>;
}

/** What the bank still allows, here and now. */
function Limits() {
  const { words, tag } = useLocale();
  const { purse, money } = useWallet();
  const { maxPayment, maxBalance, maxCount, windowS } = purse.limits();
  const { spendable, frozen, waiting } = purse.balance();
  const room = maxBalance - spendable - frozen - waiting;
  const { notAfter } = purse.identity().certificate!;
  const rows = [
    [words.limitPayment, maxPayment === undefined ? words.noLimit : words.below(money(maxPayment))],
    [words.limitRoom, words.roomOf(money(room < 0n ? 0n : room), money(maxBalance))],
    [
      words.limitCount,
      maxCount === undefined
        ? words.noLimit
        : words.countIn(Math.max(0, maxCount - 1 - paidSince(purse, windowS)), windowS / 3600),
    ],
    [words.limitUntil, formatTime(notAfter, tag)],
  ] as const;
  return (
    <section>
      <h2>{words.limits}</h2>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">{words.limitsHint}</p>
    </section>
  );
}

function paidSince(purse: Purse, windowS: number): number {
  const from = purse.identity().signedTime - windowS * 1000;
  return purse.history().filter(({ kind, time }) => kind === "paid" && time > from).length;
}
