/**
 * A card at the till. With a sale open it pays; without one it says what is on it, and syncs through the till
 * if its bank can be reached. It may go at any moment: held to the reader again, it goes on where it was.
 */
import { type CardChannel, CardClient, CardGoneError } from "../../device/nfc/card-client.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { OpenSale, TakePayment, TillWallet } from "./open-sale.ts";
import { refusedLines, type View } from "./words.ts";

const PIN_LINES = [
  "The card asks for its PIN.",
  "Type p and the PIN, such as p 1234; then hold the card to the reader again.",
];

export class CardDesk {
  readonly #wallet: TillWallet;
  readonly #take: TakePayment;
  /** The card that paid and went before it had message 3. */
  #unheard: { readonly card: Hex; readonly confirmation: Uint8Array } | undefined;

  /** @param take what the till does with message 2. */
  constructor(wallet: TillWallet, take: TakePayment) {
    this.#wallet = wallet;
    this.#take = take;
  }

  /** @returns what to show. */
  async serve(channel: CardChannel, sale: OpenSale | undefined): Promise<View> {
    const client = new CardClient(channel);
    try {
      await client.select();
      const { deviceKey, member, networkId } = await client.identity();
      if (networkId !== toHex(this.#wallet.purse.networkId)) {
        return { lines: ["REFUSED  The card is of another network."] };
      }
      const card = toHex(deviceKey);
      await this.#tell(client, card);
      if (sale === undefined) return await this.#visit(client, member);
      if (sale.card !== undefined && sale.card !== card) {
        return {
          lines: ["Another card has begun to pay: hold that one to the reader, or cancel (c)."],
        };
      }
      return await this.#pay(client, card, sale);
    } catch (error) {
      if (isRefusal(error)) return { lines: refusedLines(error) };
      if (!(error instanceof CardGoneError)) throw error;
      return { lines: [goneLine(sale)] };
    }
  }

  async #pay(client: CardClient, card: Hex, sale: OpenSale): Promise<View> {
    sale.card = card;
    let payment: Uint8Array;
    try {
      if (sale.pin !== undefined) await this.#verify(client, sale);
      payment = await client.pay(sale.request);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // It has paid nothing: another card may.
      sale.card = undefined;
      if (error.code === "pin-needed") return { lines: PIN_LINES };
      return { lines: refusedLines(error, "Another card can pay, or cancel (c).") };
    }
    const { view, confirmation } = await this.#take(sale, payment);
    if (confirmation === undefined) return view;
    this.#unheard = { card, confirmation };
    try {
      await this.#tell(client, card);
      return view;
    } catch (error) {
      if (!(error instanceof CardGoneError)) throw error;
      return {
        lines: [
          ...view.lines,
          "The card has not heard: it does when it is back, or when it syncs.",
        ],
      };
    }
  }

  /** A PIN is tried once: a wrong one costs a try. */
  async #verify(client: CardClient, sale: OpenSale): Promise<void> {
    const pin = sale.pin!;
    sale.pin = undefined;
    await client.verify(pin);
  }

  /** Gives a card the message 3 that it has not had; one that does not want it hears when it syncs. */
  async #tell(client: CardClient, card: Hex): Promise<void> {
    if (this.#unheard?.card !== card) return;
    try {
      await client.confirm(this.#unheard.confirmation);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    this.#unheard = undefined;
  }

  async #visit(client: CardClient, member: number): Promise<View> {
    const before = await client.balance();
    const lines = [`On the card: ${this.#wallet.format(before.spendable)} to pay with.`];
    try {
      await client.sync(await this.#wallet.gateway({ member }));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { lines: [...lines, `It is not synced: ${error.detail}.`] };
    }
    const { spendable } = await client.balance();
    return { lines: [`On the card: ${this.#wallet.format(spendable)} to pay with. It is synced.`] };
  }
}

function goneLine(sale: OpenSale | undefined): string {
  return sale === undefined
    ? "The card was gone too early."
    : "The card was gone too early: hold it to the reader again.";
}
