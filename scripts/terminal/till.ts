/**
 * A till: one sale at a time, from the amount to accepted or refused. What is typed, scanned and held to the
 * reader comes in whenever it comes, and is done one after the other. What is good money the purse decides, and
 * what has become of it the purse remembers: a till that is opened again has lost nothing but an open sale.
 */
import type { CardChannel } from "../../device/nfc/card-client.ts";
import { FrameCollector } from "../../device/qr/frame-collector.ts";
import type { PendingRecord } from "../../device/pending-store.ts";
import { sync, type SyncReport } from "../../device/sync.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { CardDesk } from "./card-desk.ts";
import type { OpenSale, Taken, TillWallet } from "./open-sale.ts";
import { RefundDesk } from "./refund-desk.ts";
import {
  acceptedLines,
  askedView,
  type Format,
  refusedLines,
  syncedLines,
  totalsLines,
  type View,
} from "./words.ts";

export type TillOptions = {
  readonly clock: () => number;
  readonly show: (view: View) => void;
  /** Says something beside what is shown. */
  readonly note: (lines: readonly string[]) => void;
  /** Tells the shop's other tills what this one has taken. */
  readonly tell?: ((records: readonly PendingRecord[]) => void) | undefined;
};

export class Till {
  readonly #wallet: TillWallet;
  readonly #options: TillOptions;
  readonly #format: Format;
  readonly #desk: CardDesk;
  readonly #refunds: RefundDesk;
  /** Records of which it was said that the ledger does not take them. */
  readonly #told = new Set<Hex>();
  #sale: OpenSale | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(wallet: TillWallet, options: TillOptions) {
    this.#wallet = wallet;
    this.#options = options;
    this.#format = (amount) => wallet.format(amount);
    this.#desk = new CardDesk(wallet, (sale, payment) => this.#take(sale, payment));
    this.#refunds = new RefundDesk(wallet);
  }

  /** Begins a sale; what was open is let go of. @param text such as "12.50". */
  ask(text: string): Promise<void> {
    return this.#alone(async () => {
      this.#refunds.cancel();
      const amount = this.#wallet.parse(text);
      const request = await this.#wallet.purse.request(amount);
      this.#sale = { amount, request, frames: new FrameCollector([request]) };
      return askedView(this.#format(amount), request);
    });
  }

  /** Begins a refund, or change that is asked for; what was open is let go of. */
  refund(): Promise<void> {
    return this.#alone(async () => {
      this.#sale = undefined;
      return this.#refunds.start();
    });
  }

  cancel(): Promise<void> {
    return this.#alone(async () => {
      if (this.#refunds.isOpen) return this.#refunds.cancel();
      const sale = this.#sale;
      this.#sale = undefined;
      if (sale?.card === undefined) return { lines: ["Cancelled."] };
      return {
        lines: [
          "Cancelled. A card may have paid: the money comes, or goes back, as that card syncs.",
        ],
      };
    });
  }

  /** Takes the PIN for the card that comes next. */
  enterPin(pin: string): Promise<void> {
    return this.#alone(async () => {
      if (this.#sale === undefined)
        return { lines: ["There is nothing to be paid: enter an amount."] };
      this.#sale.pin = pin;
      return { lines: ["Hold the card to the reader."] };
    });
  }

  /** Takes the text of a code that was scanned. */
  scan(text: string): Promise<void> {
    return this.#alone(async () => {
      if (this.#refunds.isOpen) return this.#refunds.scan(text);
      const sale = this.#sale;
      if (sale === undefined) return { lines: ["There is nothing to be paid: enter an amount."] };
      sale.frames.take(text);
      const payment = sale.frames.message;
      if (payment === undefined) return undefined;
      const { view, confirmation } = await this.#take(sale, payment);
      if (confirmation === undefined) return view;
      return { lines: [...view.lines, "The payer scans this."], message: confirmation };
    });
  }

  /** Deals with a card for as long as it is there. */
  card(channel: CardChannel): Promise<void> {
    return this.#alone(() => this.#desk.serve(channel, this.#sale));
  }

  /** The day's sales, and what has become of them. */
  totals(): Promise<void> {
    return this.#alone(async () => {
      const from = startOfDay(this.#options.clock());
      const sales = this.#wallet.purse
        .history()
        .filter(
          ({ kind, state, time }) => kind === "received" && state !== "returned" && time >= from,
        );
      return { lines: totalsLines(sales, this.#format) };
    });
  }

  /** Syncs because somebody wants it, and says what came of it. */
  async syncNow(): Promise<void> {
    try {
      this.#tell(await this.#sync());
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#options.note([`Not synced: ${error.detail}.`, error.remedy]);
    }
  }

  /** Syncs unasked: says something if something has become of a record. @throws Refusal as `sync` does. */
  async syncQuietly(): Promise<void> {
    const report = await this.#sync();
    const isNew = report.refused.some(({ id }) => !this.#told.has(id));
    if (report.settled > 0 || isNew) this.#tell(report);
  }

  /** Whether records wait to be handed in, or to be heard of. */
  get isBehind(): boolean {
    return this.#wallet.purse.pending().length > 0;
  }

  async #sync(): Promise<SyncReport> {
    return sync(this.#wallet.purse, await this.#wallet.gateway({}));
  }

  #tell(report: SyncReport): void {
    const history = this.#wallet.purse.history();
    for (const { id } of report.refused) this.#told.add(id);
    this.#options.note(syncedLines(report, history, this.#format));
  }

  /** Takes message 2. @returns what to show, and message 3 where there is one. */
  async #take(sale: OpenSale, payment: Uint8Array): Promise<Taken> {
    try {
      const { purse } = this.#wallet;
      const { confirmation, refusal } = await purse.receive(payment);
      this.#options.tell?.(purse.pending());
      this.#sale = undefined;
      const { bytes, status } = confirmation;
      if (status === "accepted") {
        return {
          view: { lines: acceptedLines(this.#format(sale.amount)) },
          confirmation: bytes,
        };
      }
      const lines =
        refusal === undefined
          ? ["REFUSED  This payment was refused before."]
          : refusedLines(
              refusal,
              ...(status === "returned" ? ["The payer has the money back."] : []),
            );
      return { view: { lines }, confirmation: bytes };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      sale.frames = new FrameCollector([sale.request, payment]);
      sale.card = undefined;
      const after =
        "What the payer's device has paid all the same comes, or goes back, when it syncs.";
      return { view: { lines: refusedLines(error, after) }, confirmation: undefined };
    }
  }

  /** One after the other, and what comes of each is shown. */
  #alone(work: () => Promise<View | undefined>): Promise<void> {
    const run = this.#last.then(async () => {
      const view = await work().catch((error: unknown): View => {
        if (!isRefusal(error)) throw error;
        return { lines: refusedLines(error) };
      });
      if (view !== undefined) this.#options.show(view);
    });
    this.#last = run.catch(() => undefined);
    return run;
  }
}

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}
