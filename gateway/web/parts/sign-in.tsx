/** Who is paying: identity and payment password, or another bank's page. */
import { useEffect, useState } from "preact/hooks";
import * as bank from "../bank.ts";
import { useWords } from "../locale.ts";
import type { PaymentView } from "../views.ts";
import { Field } from "./field.tsx";
import { Title } from "./title.tsx";
import { Trouble, useTask } from "./trouble.tsx";

type SignInProps = {
  readonly order: string;
  readonly onBegun: (payment: PaymentView & bank.Begun) => void;
};

export function SignIn({ order, onBegun }: SignInProps) {
  const words = useWords();
  const { isBusy, error, run } = useTask();
  const [identity, setIdentity] = useState("");
  const [password, setPassword] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    run(async () => onBegun(await bank.begin(order, identity, password)));
  };
  return (
    <>
      <Title>{words.signIn}</Title>
      <form onSubmit={submit}>
        <Field
          label={words.identity}
          hint={words.identityHint}
          text={identity}
          onText={setIdentity}
          autoComplete="username"
        />
        <Field
          label={words.password}
          hint={words.passwordHint}
          text={password}
          onText={setPassword}
          type="password"
        />
        <Trouble error={error} />
        <button class="primary" disabled={isBusy}>
          {words.next}
        </button>
      </form>
      <OtherBanks order={order} />
    </>
  );
}

/** The same order on the pages of the other banks. */
function OtherBanks({ order }: { readonly order: string }) {
  const words = useWords();
  const [banks, setBanks] = useState<readonly bank.OtherBank[]>([]);
  useEffect(() => {
    // Without them the customer pays here.
    bank.otherBanks().then(setBanks, () => setBanks([]));
  }, []);
  const others = banks.filter(({ url }) => new URL(url).host !== location.host);
  if (others.length === 0) return null;
  return (
    <nav aria-label={words.otherBank}>
      <p class="soft">{words.otherBank}</p>
      {others.map(({ member, name, url }) => (
        <a class="back" key={member} href={`${url}#${order}`}>
          {name}
        </a>
      ))}
    </nav>
  );
}
