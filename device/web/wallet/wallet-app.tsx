/** The wallet's screens. */
import type { ComponentChildren } from "preact";
import { Paying } from "../parts/paying.tsx";
import { useWords } from "../parts/locale.tsx";
import { useRoute } from "../parts/route.ts";
import { Load, Redeem } from "./account.tsx";
import { Ask } from "./ask.tsx";
import { History } from "./history.tsx";
import { Home } from "./home.tsx";
import { More } from "./more.tsx";
import { PayCode } from "./pay-code.tsx";
import { Pin } from "./pin.tsx";
import { AboutSecondDevice, SecondDevice } from "./second-device.tsx";
import { TakeBack } from "./take-back.tsx";

const screens: Readonly<Record<string, () => ComponentChildren>> = {
  pay: () => <Paying />,
  code: () => <PayCode />,
  ask: () => <Ask />,
  back: () => <TakeBack />,
  history: () => <History />,
  load: () => <Load />,
  redeem: () => <Redeem />,
  more: () => <WalletMore />,
  pin: () => <Pin />,
  "second-device": () => <SecondDevice />,
};

function WalletMore() {
  return (
    <More about={useWords().walletIsHost}>
      <AboutSecondDevice />
    </More>
  );
}

export function WalletApp() {
  const { screen } = useRoute();
  return <>{Object.hasOwn(screens, screen) ? screens[screen]!() : <Home />}</>;
}
