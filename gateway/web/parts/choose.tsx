/** What the customer chooses once the password was right: account, terminal, and how the code comes back. */
import { useContext, useState } from "preact/hooks";
import * as bank from "../bank.ts";
import { LanguageContext, useWords } from "../locale.ts";
import type { PaymentView } from "../views.ts";
import { Choice, Field } from "./field.tsx";
import { Title } from "./title.tsx";
import { Trouble, useTask } from "./trouble.tsx";

type ChooseProps = {
  readonly begun: bank.Begun;
  readonly payment: PaymentView;
  readonly onSent: (payment: PaymentView) => void;
};

/** No terminal's id. */
const ANOTHER = "another";

export function Choose({ begun, payment, onSent }: ChooseProps) {
  const words = useWords();
  const language = useContext(LanguageContext);
  const { isBusy, error, run } = useTask();
  const { accounts, terminals, mayDesignate } = payment;
  const [account, setAccount] = useState("0");
  const [terminal, setTerminal] = useState(terminals[0]?.id ?? ANOTHER);
  const [mode, setMode] = useState<"page" | "reply">("page");
  const [channel, setChannel] = useState<"sms" | "mail" | "file">("sms");
  const [address, setAddress] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    const to = terminal === ANOTHER ? { designated: { channel, address, language } } : { terminal };
    run(async () => onSent(await bank.sendCode(begun, { account: Number(account), mode, ...to })));
  };
  const names = terminals.map(({ id, name }) => [id, name] as const);
  return (
    <>
      <Title>{words.choose}</Title>
      <form onSubmit={submit}>
        <Choice
          legend={words.account}
          options={accounts.map((name, i) => [String(i), name] as const)}
          chosen={account}
          onChoose={setAccount}
        />
        <Choice
          legend={words.terminal}
          options={mayDesignate ? [...names, [ANOTHER, words.another] as const] : names}
          chosen={terminal}
          onChoose={setTerminal}
        />
        {terminal === ANOTHER && (
          <>
            <Choice
              legend={words.channel}
              options={(["sms", "mail", "file"] as const).map(
                (each) => [each, words.channels[each]] as const,
              )}
              chosen={channel}
              onChoose={setChannel}
            />
            <Field label={words.address} text={address} onText={setAddress} />
          </>
        )}
        <Choice
          legend={words.mode}
          options={(["page", "reply"] as const).map((each) => [each, words.modes[each]] as const)}
          chosen={mode}
          onChoose={setMode}
        />
        <Trouble error={error} />
        <button class="primary" disabled={isBusy}>
          {words.send}
        </button>
      </form>
    </>
  );
}
