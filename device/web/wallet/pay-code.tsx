/** Paying somebody who has no wallet: an amount, the payee's password, and a code to give away. */
import { useState } from "preact/hooks";
import { utf8 } from "../../../protocol/bytes.ts";
import { NOBODY } from "../../../protocol/key.ts";
import { limits } from "../../../protocol/limits.ts";
import { amountIn, AmountField } from "../parts/amount-field.tsx";
import { Field } from "../parts/field.tsx";
import { useWords } from "../parts/locale.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { usePin } from "../parts/pin.tsx";
import { go } from "../parts/route.ts";
import { Screen } from "../parts/screen.tsx";
import { useSecondFactor } from "../parts/second-factor.tsx";
import { useSession, useWallet } from "../parts/session.tsx";
import { useTask } from "../parts/task.ts";
import { Trouble } from "../parts/trouble.tsx";

export function PayCode() {
  const words = useWords();
  const { wallet, syncNow } = useSession();
  const { facts, money } = useWallet();
  const task = useTask();
  const pin = usePin();
  const [text, setText] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | undefined>(undefined);
  const amount = amountIn(text, facts.currency);
  const length = utf8.encode(password.normalize("NFKC")).length;
  const isPassword = length >= limits.passwordMin && length <= limits.passwordMax;
  const confirming = useSecondFactor(amount === undefined ? undefined : { amount, payee: NOBODY });
  const isReady = amount !== undefined && isPassword && pin.isReady && confirming.isReady;
  const submit = () =>
    task.run(() =>
      pin.unlocked(() =>
        confirming.confirmed(async () => {
          const made = await wallet.change((purse) => purse.payCode(amount!, password));
          setCode(made.code);
          // Until it has settled the code is worth nothing.
          syncNow();
        }),
      ),
    );
  if (code !== undefined) {
    return (
      <Screen
        title={words.payByCode}
        action={
          <button type="button" class="primary" onClick={() => go("")}>
            {words.done}
          </button>
        }
      >
        <Outcome isGood title={money(amount!)}>
          {words.giveCode(facts.name)}
        </Outcome>
        <p class="digits">{code}</p>
        <p class="hint">{words.codeOnceSettled}</p>
      </Screen>
    );
  }
  return (
    <Screen
      title={words.payByCode}
      back="#/"
      action={
        <button type="submit" form="code" class="primary" disabled={!isReady || task.isBusy}>
          {words.makeCode}
        </button>
      }
    >
      <form
        id="code"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) submit();
        }}
      >
        <AmountField label={words.amount} text={text} onText={setText} currency={facts.currency} />
        <Field
          label={words.payeePassword}
          text={password}
          onText={setPassword}
          hint={words.payeePasswordHint}
          maxLength={limits.passwordMax}
          spellcheck={false}
        />
        {confirming.field}
        {pin.field}
      </form>
      <p class="hint">{words.payByCodeHint}</p>
      <Trouble error={task.error} />
    </Screen>
  );
}
