/** Choosing a PIN, changing it, and setting another where it is blocked or forgotten. */
import { useState } from "preact/hooks";
import type { PinPad } from "../../pin-pad.ts";
import { useWords } from "../parts/locale.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { PIN, PinField } from "../parts/pin.tsx";
import { go } from "../parts/route.ts";
import { Screen } from "../parts/screen.tsx";
import { useWallet } from "../parts/session.tsx";
import { useTask } from "../parts/task.ts";
import { Trouble } from "../parts/trouble.tsx";

export function Pin() {
  const words = useWords();
  const { wallet, purse } = useWallet();
  const task = useTask();
  const status = purse.pin.status();
  const [puk] = useState(() => purse.pin.makeUnblockingCode());
  const [isForgotten, setForgotten] = useState(status?.tries.pin === 0);
  const [isSet, setSet] = useState(false);
  const [present, setPresent] = useState("");
  const [next, setNext] = useState("");
  const isReady = PIN.test(next) && (status === undefined || PIN.test(present));
  const change = async (pin: PinPad) => {
    if (status === undefined) await pin.set(next, puk);
    else if (isForgotten) await pin.unblock(present, next);
    else await pin.change(present, next);
    pin.lock();
  };
  const submit = () =>
    task.run(async () => {
      await wallet.change(({ pin }) => change(pin));
      setSet(true);
    });
  if (isSet) {
    return (
      <Screen
        title={words.pin}
        action={
          <button type="button" class="primary" onClick={() => go("")}>
            {words.done}
          </button>
        }
      >
        <Outcome isGood title={words.pinIsSet}>
          {words.pinAsked}
        </Outcome>
      </Screen>
    );
  }
  return (
    <Screen
      title={status === undefined ? words.choosePin : words.changePin}
      back="#/more"
      action={
        <button type="submit" form="pin" class="primary" disabled={!isReady || task.isBusy}>
          {words.setPin}
        </button>
      }
    >
      <form
        id="pin"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) submit();
        }}
      >
        {status === undefined ? (
          <section class="sheet">
            <p>{words.writePukDown}</p>
            <p class="digits">{puk}</p>
          </section>
        ) : (
          <PinField
            label={isForgotten ? words.puk : words.presentPin}
            text={present}
            onText={setPresent}
          />
        )}
        <PinField label={words.newPin} hint={words.pinHint} text={next} onText={setNext} />
      </form>
      <Trouble error={task.error} />
      {status !== undefined && !isForgotten && (
        <button type="button" class="link" onClick={() => setForgotten(true)}>
          {words.forgotPin}
        </button>
      )}
      <p class="hint">{words.pinKeeps}</p>
    </Screen>
  );
}
