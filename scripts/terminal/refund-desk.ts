/**
 * Money back at the till: the customer's device asks with a code that names the payment, the till pays it, and hears
 * that it has come. Whether so much may go back of that payment the purse decides; whatever is no refund or change is
 * not paid from here.
 */
import { FrameCollector } from "../../device/qr/frame-collector.ts";
import type { Amount } from "../../protocol/money.ts";
import { isPayingBack, parseReference } from "../../protocol/reference.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { TillWallet } from "./open-sale.ts";
import { refusedLines, type View } from "./words.ts";

type OpenRefund = {
  frames: FrameCollector;
  /** What goes back, once message 2 is made. */
  amount?: Amount;
};

export class RefundDesk {
  readonly #wallet: TillWallet;
  #open: OpenRefund | undefined;

  constructor(wallet: TillWallet) {
    this.#wallet = wallet;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  start(): View {
    this.#open = { frames: new FrameCollector([]) };
    return { lines: ["REFUND", "Scan the code by which the customer asks for it. c cancels."] };
  }

  /** Lets go of it; what was paid back stays so. */
  cancel(): View {
    const isPaid = this.#open?.amount !== undefined;
    this.#open = undefined;
    if (!isPaid) return { lines: ["Cancelled."] };
    return { lines: ["The money has gone back: the customer has it once either of you syncs."] };
  }

  /** Takes the text of a code. @returns what to show, if the codes give a message. */
  async scan(text: string): Promise<View | undefined> {
    const open = this.#open!;
    open.frames.take(text);
    const { message } = open.frames;
    if (message === undefined) return undefined;
    try {
      return open.amount === undefined
        ? await this.#pay(open, message)
        : await this.#confirm(open.amount, message);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      open.frames = new FrameCollector([message]);
      return { lines: refusedLines(error, "Scan another code, or cancel (c).") };
    }
  }

  async #pay(open: OpenRefund, request: Uint8Array): Promise<View> {
    const { purse } = this.#wallet;
    const { amount, reference } = purse.checkRequest(request);
    if (!isPayingBack(parseReference(reference)))
      throw new Refusal("not-refundable", "the code asks for no refund");
    const payment = await purse.pay(request);
    open.amount = amount;
    open.frames = new FrameCollector([request, payment]);
    const lines = [
      `GOES BACK  ${this.#wallet.format(amount)}`,
      "The customer scans this; then scan the answer.",
    ];
    return { lines, message: payment };
  }

  async #confirm(amount: Amount, confirmation: Uint8Array): Promise<View> {
    const { status } = await this.#wallet.purse.confirm(confirmation);
    this.#open = undefined;
    const sum = this.#wallet.format(amount);
    if (status === "accepted") return { lines: [`REFUNDED  ${sum}`] };
    if (status === "returned") return { lines: [`NOT REFUNDED  ${sum} came back.`] };
    return { lines: ["The customer's device does not take it: sync, and the ledger decides."] };
  }
}
