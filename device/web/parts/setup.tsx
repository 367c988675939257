/** From nothing to a device that the bank has certified. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { DeviceClass } from "../../../protocol/certificate.ts";
import { fetchFacts } from "../bank.ts";
import { checkNumber, type NetworkFacts } from "../network-facts.ts";
import type { SettingsStore } from "../settings.ts";
import { Wallet } from "../wallet.ts";
import { Field } from "./field.tsx";
import { LanguageChoice } from "./language-choice.tsx";
import { useWords } from "./locale.tsx";
import { Screen } from "./screen.tsx";
import { useTask } from "./task.ts";
import { Trouble } from "./trouble.tsx";

export type SetupProps = {
  readonly name: string;
  readonly class: DeviceClass;
  readonly url: string;
  readonly settings: SettingsStore;
  /** One that was set up and not certified yet. */
  readonly wallet?: Wallet;
  readonly onReady: (wallet: Wallet) => void;
};

/** What a bank may put behind `#` in the link that it sends its customer. */
const invitation = new URLSearchParams(location.hash.slice(1));

export function Setup({ settings, wallet, onReady, ...device }: SetupProps) {
  const words = useWords();
  const asking = useTask();
  const enrolling = useTask();
  const isTill = device.class === "terminal";
  const opened = useRef(wallet);
  const [facts, setFacts] = useState<NetworkFacts | undefined>(wallet?.facts);
  const [credential, setCredential] = useState(invitation.get("credential") ?? "");
  const [label, setLabel] = useState(invitation.get("label") ?? "");

  const ask = () => asking.run(async () => setFacts(await fetchFacts(device.url)));
  const enrol = async (known: NetworkFacts, signal: AbortSignal) => {
    opened.current ??= await Wallet.open({ ...device, facts: known, settings });
    await opened.current.enrol(signal);
    onReady(opened.current);
  };
  const resume = async (known: NetworkFacts) => {
    const kept = await settings.get("enrolment");
    if (kept !== undefined) enrolling.run((signal) => enrol(known, signal));
  };
  useEffect(() => {
    if (facts === undefined) ask();
    else void resume(facts);
  }, []);

  const begin = (known: NetworkFacts) =>
    enrolling.run(async (signal) => {
      history.replaceState(undefined, "", location.pathname);
      // Money is kept here: the browser is not to make room by it.
      await navigator.storage.persist();
      await settings.put("facts", known);
      await settings.put("enrolment", {
        credential: credential.replace(/\s/g, "").toUpperCase(),
        label: label.trim(),
      });
      await enrol(known, signal);
    });
  if (facts === undefined) {
    return (
      <Screen title={words.welcome} action={<Again isBusy={asking.isBusy} onClick={ask} />}>
        <p>{words.asksBank}</p>
        <Trouble error={asking.error} />
      </Screen>
    );
  }
  const isReady = credential.trim() !== "" && (!isTill || label.trim() !== "");
  return (
    <Screen
      title={isTill ? words.welcomeTill : words.welcome}
      action={
        <button type="submit" form="setup" class="primary" disabled={!isReady || enrolling.isBusy}>
          {enrolling.isBusy ? words.settingUp : words.setUp}
        </button>
      }
    >
      <p class="lead">{words.atBank(facts.name, facts.currency.code)}</p>
      <form
        id="setup"
        onSubmit={(event) => {
          event.preventDefault();
          begin(facts);
        }}
      >
        <Field
          label={words.credential}
          hint={words.credentialHint}
          text={credential}
          onText={setCredential}
          class="credential"
          autoCapitalize="characters"
          spellcheck={false}
        />
        {isTill && (
          <Field
            label={words.shopName}
            hint={words.shopNameHint}
            text={label}
            onText={setLabel}
            autoComplete="organization"
          />
        )}
      </form>
      <Trouble error={enrolling.error} />
      <p class="notice plain">{isTill ? words.tillIsHost : words.walletIsHost}</p>
      <details>
        <summary>{words.checkNumber}</summary>
        <p>{words.checkNumberHint}</p>
        <p class="digits">{checkNumber(facts)}</p>
      </details>
      <LanguageChoice />
    </Screen>
  );
}

function Again({ isBusy, onClick }: { readonly isBusy: boolean; readonly onClick: () => void }) {
  const words = useWords();
  return (
    <button type="button" class="primary" disabled={isBusy} onClick={onClick}>
      {words.tryAgain}
    </button>
  );
}
