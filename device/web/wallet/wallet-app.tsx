/** The wallet's screens. */
import { useRoute } from "../parts/route.ts";
import { Load, Redeem } from "./account.tsx";
import { Ask } from "./ask.tsx";
import { History } from "./history.tsx";
import { Home } from "./home.tsx";
import { More } from "./more.tsx";
import { Pay } from "./pay.tsx";

const screens = { pay: Pay, ask: Ask, history: History, load: Load, redeem: Redeem, more: More };

export function WalletApp() {
  const route = useRoute();
  const Screen = Object.hasOwn(screens, route) ? screens[route as keyof typeof screens] : Home;
  return <Screen />;
}
