/** The till's screens. */
import { Paying } from "../parts/paying.tsx";
import { useWords } from "../parts/locale.tsx";
import { useRoute } from "../parts/route.ts";
import { Redeem } from "../wallet/account.tsx";
import { More } from "../wallet/more.tsx";
import { Pin } from "../wallet/pin.tsx";
import { Day } from "./day.tsx";
import { Sale } from "./sale.tsx";

export function TerminalApp() {
  const words = useWords();
  switch (useRoute().screen) {
    case "day":
      return <Day />;
    case "redeem":
      return <Redeem />;
    case "more":
      return <More about={words.tillIsHost} />;
    case "pin":
      return <Pin />;
    case "pay-back":
      return <Paying />;
    default:
      return <Sale />;
  }
}
