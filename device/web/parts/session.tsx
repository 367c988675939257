/** The wallet that is open in this page, for whatever draws a part of it. */
import { createContext } from "preact";
import { useContext, useEffect, useReducer, useState } from "preact/hooks";
import type { Amount } from "../../../protocol/money.ts";
import { AutoSync, type SyncState } from "../auto-sync.ts";
import type { Wallet } from "../wallet.ts";
import { useLocale } from "./locale.tsx";
import { formatMoney } from "../../../web/format.ts";

export type Session = {
  readonly wallet: Wallet;
  readonly sync: SyncState;
  /** Settles as soon as it can be: after a payment, or when a person asks for it. */
  readonly syncNow: () => void;
};

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  return useContext(SessionContext)!;
}

/** The wallet's purse as it is now, with a way to write its money down. */
export function useWallet() {
  const { wallet } = useSession();
  const { tag } = useLocale();
  const { purse, facts } = wallet;
  const money = (amount: Amount) => formatMoney(amount, facts.currency, tag);
  return { wallet, purse, facts, money };
}

/** Keeps a wallet in sync, and draws anew whenever it has changed. */
export function useLiveSession(wallet: Wallet): Session {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [autoSync] = useState(() => new AutoSync(wallet, () => redraw(undefined)));
  useEffect(() => {
    const end = wallet.onChange(() => redraw(undefined));
    autoSync.start();
    return () => {
      autoSync.stop();
      end();
    };
  }, [wallet]);
  return { wallet, sync: autoSync.state, syncNow: autoSync.now };
}
