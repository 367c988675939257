/** A sale that is not paid yet, and what becomes of a payment for it. */
import type { FrameCollector } from "../../device/qr/frame-collector.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import type { Wallet } from "../wallet/wallet.ts";
import type { View } from "./words.ts";

/** What a till needs of its wallet. */
export type TillWallet = Pick<Wallet, "purse" | "parse" | "format" | "gateway">;

export type OpenSale = {
  readonly amount: Amount;
  /** Message 1. */
  readonly request: Uint8Array;
  /** What the payer's screen has shown of message 2. */
  frames: FrameCollector;
  /** The card that has been asked to pay, and may have. */
  card?: Hex | undefined;
  /** What was entered for the card that comes next. */
  pin?: string | undefined;
};

export type Taken = {
  readonly view: View;
  /** Message 3; absent for what was no payment of this sale. */
  readonly confirmation: Uint8Array | undefined;
};

/** Takes message 2 of a sale. */
export type TakePayment = (sale: OpenSale, payment: Uint8Array) => Promise<Taken>;
