/**
 * Syncs by itself: when the page opens, when the network comes back, soon after a payment, and again for as long as
 * anything waits. A bank that is out of reach is asked less and less often, and at once when the network says so.
 */
import { isRefusal } from "../../protocol/refusal.ts";
import type { Wallet } from "./wallet.ts";

export type SyncState = {
  readonly isBusy: boolean;
  /** Whether the last try reached the bank; undefined before the first. */
  readonly isOnline: boolean | undefined;
  /** Milliseconds: of the last sync that went well. */
  readonly lastSync: number | undefined;
  /** Why the last try failed, unless the bank was out of reach. */
  readonly error: unknown;
};

/** While records wait: a batch takes a second or so. */
const SOON_MS = 1_500;
/** While nothing does: receipts and lists are renewed, and money finds its way. */
const LATER_MS = 60_000;
const BACKOFF_MAX_MS = 30_000;

export class AutoSync {
  readonly #wallet: Wallet;
  readonly #onChange: () => void;
  #state: SyncState = {
    isBusy: false,
    isOnline: undefined,
    lastSync: undefined,
    error: undefined,
  };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(wallet: Wallet, onChange: () => void) {
    this.#wallet = wallet;
    this.#onChange = onChange;
  }

  get state(): SyncState {
    return this.#state;
  }

  start(): void {
    addEventListener("online", this.now);
    this.now();
  }

  stop(): void {
    removeEventListener("online", this.now);
    clearTimeout(this.#timer);
  }

  /** Syncs at once, unless it is at it. */
  now = (): void => {
    if (this.#state.isBusy) return;
    clearTimeout(this.#timer);
    void this.#sync();
  };

  async #sync(): Promise<void> {
    this.#change({ isBusy: true });
    let waitMs = LATER_MS;
    try {
      const { pending } = await this.#wallet.sync();
      this.#failures = 0;
      this.#change({ isOnline: true, lastSync: Date.now(), error: undefined });
      if (pending > 0) waitMs = SOON_MS;
    } catch (error) {
      this.#failures++;
      waitMs = Math.min(BACKOFF_MAX_MS, SOON_MS * 2 ** this.#failures);
      const isOnline = !isRefusal(error, "unavailable");
      this.#change({ isOnline, error: isOnline ? error : undefined });
    }
    this.#change({ isBusy: false });
    this.#timer = setTimeout(this.now, waitMs);
  }

  #change(change: Partial<SyncState>): void {
    this.#state = { ...this.#state, ...change };
    this.#onChange();
  }
}
