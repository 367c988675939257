/**
 * An online payment from the right password to its end, as a pure machine. What happens to a payment is one of
 * the events below; `advance` says what the payment is then, or refuses. An event that has already had its
 * effect changes nothing, so that each may be told again.
 *
 *     named ──sent──▶ sent ──right code──▶ authorised ──applied──▶ paid
 *       │              │ ▲ └─tried: one try less     │
 *       │              └─┘ sent again                │
 *       └──────────────┴───────── refused ◀──────────┘
 *
 * named       identity and password were right; nothing is chosen
 * sent        account and terminal are chosen, and a code is on its way
 * authorised  the code was right: from here the transfer alone decides, and nothing is taken back
 * paid        the record has applied, and the customer's account is debited
 * refused     nothing was taken, or all was given back
 */
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal, type RefusalCode } from "../../protocol/refusal.ts";

/** How the customer answers: on the page, or from the terminal that got the code. */
export type Mode = "page" | "reply";

/** What a code is made from (codes.ts), and how far it may be used. */
export type Challenge = {
  /** Of the service's accounts, the one that pays. */
  readonly account: string;
  /** The address that the code goes to. */
  readonly terminal: string;
  readonly mode: Mode;
  /** Random, of this code alone. */
  readonly nonce: Hex;
  /** The epoch of the key that made it. */
  readonly epoch: number;
  /** From then on the code is worth nothing. */
  readonly expires: number;
};

/** Why nothing was paid: as the bank's system refused it, or because the customer let it be. */
export type Reason = {
  readonly code: RefusalCode | "cancelled" | "timed-out";
  readonly detail: string;
};

export type PaymentState =
  | { readonly kind: "named" }
  | {
      readonly kind: "sent";
      readonly challenge: Challenge;
      /** Codes sent so far, and wrong ones that may still be entered for the last of them. */
      readonly codes: number;
      readonly tries: number;
    }
  | { readonly kind: "authorised"; readonly account: string }
  | { readonly kind: "paid"; readonly account: string; readonly record: Hex }
  | { readonly kind: "refused"; readonly reason: Reason };

export type PaymentEvent =
  | { readonly kind: "sent"; readonly challenge: Challenge }
  /** A code is about to be compared. */
  | { readonly kind: "tried" }
  | { readonly kind: "right-code" }
  | { readonly kind: "applied"; readonly record: Hex }
  | { readonly kind: "refused"; readonly reason: Reason };

/** Codes of one payment, and tries for each: nine guesses among 10^8 in all. */
export const CODES_MAX = 3;
export const TRIES_MAX = 3;

export const NAMED: PaymentState = { kind: "named" };

/**
 * What a payment is after an event.
 * @throws Refusal `conflict` for what cannot happen to it any more, or not yet; `wrong-code` when no try or no
 *   further code is left.
 */
export function advance(state: PaymentState, event: PaymentEvent): PaymentState {
  switch (event.kind) {
    case "sent":
      return send(state, event.challenge);
    case "tried":
      return countTry(state);
    case "right-code":
      if (state.kind === "authorised" || state.kind === "paid") return state;
      if (state.kind !== "sent") throw outOfTurn(state, "no code was sent for it");
      return { kind: "authorised", account: state.challenge.account };
    case "applied":
      if (state.kind === "paid" && state.record === event.record) return state;
      if (state.kind !== "authorised") throw outOfTurn(state, "no record was made for it");
      return { kind: "paid", account: state.account, record: event.record };
    case "refused":
      if (state.kind === "refused") return state;
      if (state.kind === "paid") throw outOfTurn(state, "what is paid is not taken back");
      return { kind: "refused", reason: event.reason };
  }
}

/** Whether nothing happens to it any more. */
export function isFinal(state: PaymentState): boolean {
  return state.kind === "paid" || state.kind === "refused";
}

/** Whether money may move, or has moved: what counts towards the customer's limit of the day. */
export function isCounted(state: PaymentState): boolean {
  return state.kind === "authorised" || state.kind === "paid";
}

function send(state: PaymentState, challenge: Challenge): PaymentState {
  const codes = state.kind === "named" ? 0 : state.kind === "sent" ? state.codes : undefined;
  if (codes === undefined) throw outOfTurn(state, "a code is of no use to it any more");
  if (codes >= CODES_MAX) {
    throw new Refusal("wrong-code", `${CODES_MAX} codes were sent for the payment: begin it again`);
  }
  return { kind: "sent", challenge, codes: codes + 1, tries: TRIES_MAX };
}

function countTry(state: PaymentState): PaymentState {
  if (state.kind !== "sent") throw outOfTurn(state, "no code is awaited for it");
  if (state.tries === 0) {
    throw new Refusal("wrong-code", "the code was entered wrong too often: ask for another");
  }
  return { ...state, tries: state.tries - 1 };
}

function outOfTurn({ kind }: PaymentState, why: string): Refusal {
  return new Refusal("conflict", `the payment is ${kind}: ${why}`);
}
