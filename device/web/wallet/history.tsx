/** All payments, the latest first. */
import { useWords } from "../parts/locale.tsx";
import { Payments } from "../parts/payments.tsx";
import { Screen } from "../parts/screen.tsx";
import { useWallet } from "../parts/session.tsx";

export function History() {
  const words = useWords();
  const { purse } = useWallet();
  return (
    <Screen title={words.payments} back="#/">
      <Payments isAsking entries={purse.history()} />
    </Screen>
  );
}
