/** Between the purse and the account: loading the one, paying into the other. Both need the bank. */
import { useEffect, useState } from "preact/hooks";
import type { Amount } from "../../../protocol/money.ts";
import { amountIn, AmountField } from "../parts/amount-field.tsx";
import { useWords } from "../parts/locale.tsx";
import { decimalOf } from "../../../web/format.ts";
import { Outcome } from "../parts/outcome.tsx";
import { usePin } from "../parts/pin.tsx";
import { go } from "../parts/route.ts";
import { Screen } from "../parts/screen.tsx";
import { useSession, useWallet } from "../parts/session.tsx";
import { useTask } from "../parts/task.ts";
import { Trouble } from "../parts/trouble.tsx";

export function Load() {
  const words = useWords();
  const { wallet } = useSession();
  const { money, facts } = useWallet();
  const [asked, setAsked] = useState<Amount | undefined>(undefined);
  useEffect(() => {
    void wallet.settings.get("load").then((kept) => setAsked(kept?.amount));
  }, []);
  return (
    <Transfer
      title={words.load}
      hint={asked === undefined ? words.loadHint : words.loadUnderWay(money(asked))}
      fixed={asked === undefined ? undefined : decimalOf(asked, facts.currency)}
      act={words.loadAmount}
      done={words.loaded}
      work={(amount, signal) => wallet.load(amount, signal)}
    />
  );
}

export function Redeem() {
  const words = useWords();
  const { wallet } = useSession();
  return (
    <Transfer
      title={words.redeem}
      hint={words.redeemHint}
      act={words.redeemAmount}
      done={words.redeemed}
      isLeaving
      work={(amount, signal) => wallet.redeem(amount, signal)}
    />
  );
}

type TransferProps = {
  readonly title: string;
  readonly hint: string;
  /** The amount, where it cannot be chosen any more. */
  readonly fixed?: string | undefined;
  readonly act: (amount: string) => string;
  readonly done: string;
  /** Whether money leaves the purse. */
  readonly isLeaving?: boolean;
  readonly work: (amount: Amount, signal: AbortSignal) => Promise<void>;
};

function Transfer({ title, hint, fixed, act, done, isLeaving = false, work }: TransferProps) {
  const words = useWords();
  const { facts, money } = useWallet();
  const task = useTask();
  const pin = usePin();
  const [text, setText] = useState("");
  const [moved, setMoved] = useState<Amount | undefined>(undefined);
  const amount = amountIn(fixed ?? text, facts.currency);
  const submit = (chosen: Amount) =>
    task.run(async (signal) => {
      await (isLeaving ? pin.unlocked(() => work(chosen, signal)) : work(chosen, signal));
      setMoved(chosen);
    });
  if (moved !== undefined) {
    return (
      <Screen
        title={title}
        action={
          <button type="button" class="primary" onClick={() => go("")}>
            {words.done}
          </button>
        }
      >
        <Outcome isGood title={money(moved)}>
          {done}
        </Outcome>
      </Screen>
    );
  }
  return (
    <Screen
      title={title}
      back="#/"
      action={
        <button
          type="submit"
          form="transfer"
          class="primary"
          disabled={amount === undefined || (isLeaving && !pin.isReady) || task.isBusy}
        >
          {task.isBusy ? words.underWay : amount === undefined ? title : act(money(amount))}
        </button>
      }
    >
      <form
        id="transfer"
        onSubmit={(event) => {
          event.preventDefault();
          if (amount !== undefined) submit(amount);
        }}
      >
        {fixed === undefined && (
          <AmountField
            label={words.amount}
            text={text}
            onText={setText}
            currency={facts.currency}
          />
        )}
        {isLeaving && pin.field}
      </form>
      <p class="hint">{hint}</p>
      <Trouble error={task.error} />
    </Screen>
  );
}
