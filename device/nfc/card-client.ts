/**
 * A terminal's side of a card, over whatever carries APDUs: a reader, a phone, memory. The card is a
 * stranger: what it answers is bounded and decoded strictly, and messages prove themselves to the purse
 * that takes them.
 */
import { concat, utf8, Writer } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Amount } from "../../protocol/money.ts";
import { refusalOf } from "../../protocol/reason.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { GatewayClient } from "../gateway-client.ts";
import type { Balance } from "../purse-state.ts";
import {
  type Command,
  decodeResponse,
  encodeCommand,
  EXTENDED_EXPECTED_MAX,
  type Response,
  SHORT_DATA_MAX,
  SHORT_EXPECTED_MAX,
} from "./apdu.ts";
import {
  type CardIdentity,
  type CardReceived,
  decodeBalance,
  decodeIdentity,
  decodeReason,
  decodeReceived,
} from "./card-answers.ts";
import { APPLICATION_ID, cla, ownIns, PIN_REFERENCE, standardIns } from "./card-commands.ts";
import { isPinWord, moreLength, refusedCode, statusWords } from "./status-words.ts";

/** The card did not answer: it has gone, or has failed. What it did of the command is not known. */
export class CardGoneError extends Error {
  constructor(options?: ErrorOptions) {
    super("the card does not answer", options);
    this.name = "CardGoneError";
  }
}

/** Carries APDUs to one card. */
export interface CardChannel {
  /** @throws Error when the card is gone. */
  transmit(command: Uint8Array): Promise<Uint8Array>;
}

export type CardClientOptions = {
  /** Whether reader and card carry extended length; otherwise data go in pieces of 255 bytes. */
  readonly isExtended?: boolean;
};

const nothing: Uint8Array = new Uint8Array();

export class CardClient {
  readonly #channel: CardChannel;
  readonly #isExtended: boolean;

  constructor(channel: CardChannel, { isExtended = false }: CardClientOptions = {}) {
    this.#channel = channel;
    this.#isExtended = isExtended;
  }

  /**
   * Comes first, each time the card has got power.
   * @throws Refusal `not-found` for a card without a purse; CardGoneError, as all that follow.
   */
  async select(): Promise<void> {
    const name = {
      cla: cla.standard,
      ins: standardIns.select,
      p1: 0x04,
      p2: 0,
      data: APPLICATION_ID,
    };
    const response = await this.#transmit({ ...name, expected: SHORT_EXPECTED_MAX });
    if (response.sw === statusWords.done) return;
    throw new Refusal("not-found", `the card has no purse (it says ${hexOf(response.sw)})`);
  }

  async identity(): Promise<CardIdentity> {
    return decodeIdentity(await this.#call(ownIns.identity));
  }

  async balance(): Promise<Balance> {
    return decodeBalance(await this.#call(ownIns.balance));
  }

  /** Has the card ask to be paid: message 1. @throws Refusal as the purse on it does; so do the others. */
  request(amount: Amount, reference = ""): Promise<Uint8Array> {
    const data = new Writer().u64(amount).short(utf8.encode(reference)).done();
    return this.#call(ownIns.request, data);
  }

  /** Enters the PIN, which is good for one payment. @throws Refusal `wrong-pin`, `pin-blocked`, `not-found`. */
  verify(pin: string): Promise<void> {
    return this.#pin(standardIns.verify, pin);
  }

  /** Sets a PIN in place of one that is blocked. @throws Refusal `wrong-pin`, `puk-blocked`, `malformed`. */
  unblock(unblockingCode: string, next: string): Promise<void> {
    return this.#pin(standardIns.resetRetryCounter, unblockingCode + next);
  }

  /** Has the card pay message 1: message 2, the same each time it is asked. @throws Refusal `pin-needed` too. */
  pay(request: Uint8Array): Promise<Uint8Array> {
    return this.#call(ownIns.pay, request);
  }

  /** Gives the card message 2; message 3, and what became of it. */
  async receive(payment: Uint8Array): Promise<CardReceived> {
    return decodeReceived(await this.#call(ownIns.receive, payment));
  }

  /** Gives the card message 3. */
  async confirm(confirmation: Uint8Array): Promise<void> {
    await this.#call(ownIns.confirm, confirmation);
  }

  /** Lets the card sync through a gateway. @throws Refusal as the card or the gateway says. */
  async sync(gateway: GatewayClient): Promise<void> {
    let asked = await this.#call(ownIns.sync, new Writer(2).u16(gateway.member).done());
    while (asked.length > 0) asked = await this.#call(ownIns.reply, await gateway.send(asked));
  }

  async #call(ins: number, data = nothing): Promise<Uint8Array> {
    const last = await this.#send(ins, data);
    if (last.sw === statusWords.done) return last.data;
    throw await this.#refusal(last.sw);
  }

  async #pin(ins: number, digits: string): Promise<void> {
    const command = { cla: cla.standard, ins, p1: 0, p2: PIN_REFERENCE, data: utf8.encode(digits) };
    const { sw } = await this.#transmit({ ...command, expected: 0 });
    if (sw !== statusWords.done) throw await this.#refusal(sw);
  }

  /** What the card says of a status word that refuses. */
  async #refusal(sw: number): Promise<Refusal> {
    const code = refusedCode(sw);
    if (code === undefined && !isPinWord(sw)) return strange(sw);
    const said = await this.#send(ownIns.reason, nothing);
    if (said.sw !== statusWords.done) return strange(said.sw);
    const reason = decodeReason(said.data);
    return code === undefined || reason.code === code ? refusalOf(reason) : strange(sw);
  }

  /** Sends a command in as many pieces as it takes, and gets the whole answer. */
  async #send(ins: number, data: Uint8Array): Promise<Response> {
    const most = this.#isExtended ? limits.cardDataMax : SHORT_DATA_MAX;
    const expected = this.#isExtended ? EXTENDED_EXPECTED_MAX : SHORT_EXPECTED_MAX;
    const command = { ins, p1: 0, p2: 0 };
    let at = 0;
    for (; data.length - at > most; at += most) {
      const piece = { ...command, data: data.subarray(at, at + most), expected: 0 };
      const { sw } = await this.#transmit({ ...piece, cla: cla.own | cla.chained });
      if (sw !== statusWords.done) return { data: nothing, sw };
    }
    const end = { ...command, data: data.subarray(at), expected };
    return this.#rest(await this.#transmit({ ...end, cla: cla.own }));
  }

  /** What did not fit a response is asked for until all is there. */
  async #rest(first: Response): Promise<Response> {
    let { data, sw } = first;
    const parts = [data];
    for (let length = data.length; ; length += data.length) {
      const more = moreLength(sw);
      if (more === undefined) return { data: concat(...parts), sw };
      if (length > limits.cardDataMax || (data.length === 0 && parts.length > 1)) {
        throw new Refusal(
          "too-large",
          `the card answers with more than ${limits.cardDataMax} bytes`,
        );
      }
      const get = { cla: cla.standard, ins: standardIns.getResponse, p1: 0, p2: 0, data: nothing };
      ({ data, sw } = await this.#transmit({ ...get, expected: more }));
      parts.push(data);
    }
  }

  async #transmit(command: Command): Promise<Response> {
    const sent = this.#channel.transmit(encodeCommand(command));
    const answer = await sent.catch((cause: unknown) => {
      throw new CardGoneError({ cause });
    });
    // Some readers say of a card that is gone that it answers nothing.
    if (answer.length === 0) throw new CardGoneError();
    return decodeResponse(answer);
  }
}

function strange(sw: number): Refusal {
  return new Refusal("malformed", `the card answers ${hexOf(sw)}, which this command never does`);
}

function hexOf(sw: number): string {
  return sw.toString(16).padStart(4, "0").toUpperCase();
}
