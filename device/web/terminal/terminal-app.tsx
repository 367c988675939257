/** The till's screens. */
import { useRoute } from "../parts/route.ts";
import { Day } from "./day.tsx";
import { Sale } from "./sale.tsx";

export function TerminalApp() {
  return useRoute() === "day" ? <Day /> : <Sale />;
}
