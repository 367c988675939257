/** The exchange that was under way when the page was closed, if one was. */
import { useEffect, useState } from "preact/hooks";
import type { Exchange } from "../settings.ts";
import { useSession } from "./session.tsx";

/** @returns undefined until it is known; null if there is none. */
export function useExchange(): Exchange | null | undefined {
  const { settings } = useSession().wallet;
  const [exchange, setExchange] = useState<Exchange | null | undefined>(undefined);
  useEffect(() => {
    void settings.get("exchange").then((kept) => setExchange(kept ?? null));
  }, []);
  return exchange;
}
