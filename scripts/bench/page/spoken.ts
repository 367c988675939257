/** What the bench and its page say to each other, as JSON. */
import type { Hex } from "../../../protocol/bytes.ts";

/** What a purse in the page is made with. */
export type Settings = {
  readonly networkId: Hex;
  readonly member: number;
  readonly trustKey: Hex;
  readonly lifeMs: number;
};

/** What a bank gives it. */
export type Supply = {
  readonly trustList: Hex;
  readonly certificate: Hex;
  readonly receipts: readonly Hex[];
};

/** Milliseconds. */
export type Journey = {
  /** The three messages of a payment, by codes. */
  readonly paymentMs: number;
  /** 2 KB by codes. */
  readonly codesMs: number;
};
