/** What has changed: a number that grows when the node has folded something, at most twice a second. */
import { useEffect, useState } from "preact/hooks";
import { events } from "./api.ts";

export type Live = {
  /** Grows with what the ledger has taken in since the page was opened. */
  readonly turn: number;
  readonly isConnected: boolean;
};

const CALM_MS = 500;
const RETRY_MS = 2_000;

export function useLive(): Live {
  const [live, setLive] = useState<Live>({ turn: 0, isConnected: true });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setLive((last) => ({ turn: last.turn + 1, isConnected: true }));
      }, CALM_MS);
    };
    void follow(turn, (isConnected) => setLive((last) => ({ ...last, isConnected })), stop.signal);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);
  return live;
}

/** Follows until it is not wanted, again and again: what was missed is asked for anew. */
async function follow(
  turn: () => void,
  tell: (isConnected: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // Whatever ends it, the page says that the node is away until it answers again.
    await readAll(turn, signal).catch(() => undefined);
    if (signal.aborted) return;
    tell(false);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    turn();
  }
}

async function readAll(turn: () => void, signal: AbortSignal): Promise<void> {
  for await (const _ of events(signal)) turn();
}
