/** The first screen: what can be paid now, what comes after a sync, and the two things people come for. */
import type { Amount } from "../../../protocol/money.ts";
import { Money } from "../parts/money.tsx";
import { useWords } from "../parts/locale.tsx";
import { Payments } from "../parts/payments.tsx";
import { Screen } from "../parts/screen.tsx";
import { useSession, useWallet } from "../parts/session.tsx";
import { SyncLine } from "../parts/sync-line.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { UnderWay } from "../parts/under-way.tsx";

const RECENT = 3;

export function Home() {
  const words = useWords();
  const { sync } = useSession();
  const { purse, facts } = useWallet();
  const entries = purse.history();
  return (
    <Screen
      title={facts.name}
      action={
        <div class="pair">
          <a class="primary button" href="#/pay">
            {words.pay}
          </a>
          <a class="secondary button" href="#/ask">
            {words.bePaid}
          </a>
        </div>
      }
    >
      <SyncLine />
      <Trouble error={sync.error} />
      <UnderWay screens={{ payer: "pay", payee: "ask" }} />
      <Holdings />
      <nav class="tiles" aria-label={words.more}>
        <a href="#/load">{words.load}</a>
        <a href="#/redeem">{words.redeem}</a>
        <a href="#/code">{words.payByCode}</a>
        {purse.secondFactor.shown().length > 0 && (
          <a href="#/second-device">{words.secondDevice}</a>
        )}
        <a href="#/more">{words.more}</a>
      </nav>
      <section>
        <h2>{words.payments}</h2>
        <Payments entries={entries.slice(0, RECENT)} />
        {entries.length > 0 && (
          <a class="link" href="#/history">
            {words.allPayments}
          </a>
        )}
      </section>
    </Screen>
  );
}

function Holdings() {
  const words = useWords();
  const { purse, facts } = useWallet();
  const { spendable, frozen, waiting, doubtful } = purse.balance();
  const received = receivedOffline(purse.history(), frozen);
  const rows: readonly (readonly [string, Amount])[] = [
    [words.receivedOffline, received],
    [words.afterSync, frozen - received],
    [words.changeWaiting, waiting],
    [words.doubtful, doubtful],
  ];
  return (
    <section class="holdings" aria-label={words.balance}>
      <p class="hint">{words.readyToPay}</p>
      <Money amount={spendable} currency={facts.currency} size="hero" />
      <dl>
        {rows
          .filter(([, amount]) => amount > 0n)
          .map(([name, amount]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Money amount={amount} currency={facts.currency} />
              </dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

/** Money that others have paid here and the bank has not seen: a state of its own. */
function receivedOffline(
  entries: readonly { readonly state: string; readonly amount: Amount }[],
  frozen: Amount,
): Amount {
  let sum = 0n;
  for (const { state, amount } of entries) if (state === "unverified") sum += amount;
  return sum < frozen ? sum : frozen;
}
