/** What wallet and till have in common: the language, the way from nothing to an open wallet, and new versions. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DeviceClass } from "../../../protocol/certificate.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { GATEWAY_URL } from "../bank.ts";
import { SettingsStore } from "../settings.ts";
import { useUpdate } from "../update.ts";
import { Wallet, type WalletParts } from "../wallet.ts";
import { type Language, languages, LocaleContext, presentLanguage, useWords } from "./locale.tsx";
import { keepLanguage, tagOf } from "../../../web/language.ts";
import { Screen } from "./screen.tsx";
import { SessionContext, useLiveSession } from "./session.tsx";
import { Setup } from "./setup.tsx";
import { Trouble } from "./trouble.tsx";

export type ShellProps = {
  /** Of the wallet's databases. */
  readonly name: string;
  readonly class: DeviceClass;
  /** What there is once the wallet is open. */
  readonly children: ComponentChildren;
};

export function Shell({ children, ...device }: ShellProps) {
  const [language, setLanguage] = useState<Language>(presentLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  const locale = { language, tag: tagOf(language), words: languages[language], choose };
  return (
    <LocaleContext.Provider value={locale}>
      <UpdateNotice />
      <Opening {...device}>{children}</Opening>
    </LocaleContext.Provider>
  );
}

type Stage =
  | { readonly kind: "opening" }
  | { readonly kind: "failed"; readonly error: unknown }
  /** Not set up, or not certified yet. */
  | { readonly kind: "new"; readonly settings: SettingsStore; readonly wallet?: Wallet }
  | { readonly kind: "open"; readonly wallet: Wallet };

function Opening({ name, class: deviceClass, children }: ShellProps) {
  const words = useWords();
  const [stage, setStage] = useState<Stage>({ kind: "opening" });
  const device = { name, class: deviceClass, url: GATEWAY_URL };
  const open = () => {
    setStage({ kind: "opening" });
    openStage(device).then(setStage, (error: unknown) => setStage({ kind: "failed", error }));
  };
  useEffect(open, []);
  switch (stage.kind) {
    case "opening":
      return <p class="splash">Tallystick</p>;
    case "failed":
      return (
        <Screen
          title={isRefusal(stage.error, "in-use") ? words.openElsewhere : words.cannotOpen}
          action={
            <button type="button" class="primary" onClick={open}>
              {words.tryAgain}
            </button>
          }
        >
          <Trouble error={stage.error} />
        </Screen>
      );
    case "new":
      return (
        <Setup {...stage} {...device} onReady={(wallet) => setStage({ kind: "open", wallet })} />
      );
    case "open":
      return <Live wallet={stage.wallet}>{children}</Live>;
  }
}

async function openStage(device: Omit<WalletParts, "facts" | "settings">): Promise<Stage> {
  const settings = await SettingsStore.open(`${device.name} settings`);
  const facts = await settings.get("facts");
  if (facts === undefined) return { kind: "new", settings };
  const wallet = await Wallet.open({ ...device, facts, settings });
  return wallet.isEnrolled ? { kind: "open", wallet } : { kind: "new", settings, wallet };
}

function Live({
  wallet,
  children,
}: {
  readonly wallet: Wallet;
  readonly children: ComponentChildren;
}) {
  const session = useLiveSession(wallet);
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

/** A new version waits until the person takes it: never amid a payment. */
function UpdateNotice() {
  const words = useWords();
  const takeUpdate = useUpdate();
  if (takeUpdate === undefined) return null;
  return (
    <p class="notice update" role="status">
      {words.newVersion}{" "}
      <button type="button" class="quiet" onClick={takeUpdate}>
        {words.restart}
      </button>
    </p>
  );
}
