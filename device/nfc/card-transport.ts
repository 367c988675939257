/** A card as the other end of an exchange: what is sent goes to its purse, and its answer is what comes back. */
import type { Amount } from "../../protocol/money.ts";
import type { Transport } from "../transport.ts";
import type { CardClient } from "./card-client.ts";

/** A card that pays: takes message 1, gives message 2, takes message 3. */
export function payingCard(card: CardClient): Transport {
  let payment: Promise<Uint8Array> | undefined;
  return {
    async send(message) {
      if (payment !== undefined) return card.confirm(message);
      payment = card.pay(message);
      await payment;
    },
    receive: () => payment ?? Promise.reject(new Error("a card pays what it is asked first")),
  };
}

/** A card that is paid: gives message 1, takes message 2, gives message 3. */
export function paidCard(card: CardClient, amount: Amount, reference?: string): Transport {
  let confirmation: Promise<Uint8Array> | undefined;
  return {
    async send(message) {
      confirmation = card.receive(message).then((received) => received.confirmation);
      await confirmation;
    },
    receive: () => confirmation ?? card.request(amount, reference),
  };
}
