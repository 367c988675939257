/** Money back for a payment: who paid asks, and who was paid pays it back, in an exchange of its own. */
import { useState } from "preact/hooks";
import { useRoute } from "../parts/route.ts";
import { useWallet } from "../parts/session.tsx";
import { owedBack } from "../parts/purpose.ts";
import { Ask } from "./ask.tsx";
import { Home } from "./home.tsx";

export function TakeBack() {
  const { about } = useRoute();
  const { purse } = useWallet();
  // As it was when the screen opened: while money comes back, less is owed.
  const [owed] = useState(() => {
    const entry = purse.history().find(({ id }) => id === about);
    return entry === undefined ? undefined : owedBack(entry);
  });
  return owed === undefined ? <Home /> : <Ask {...owed} />;
}
