/**
 * The card: APDUs on a purse. Long data come in chained pieces or at extended length, and go out at extended
 * length or by GET RESPONSE. Between APDUs it holds nothing worth keeping: what is selected, half a command,
 * half an answer. Power that goes takes those; a terminal selects and asks again.
 */
import { concat, equalBytes, Reader, utf8, Writer } from "../../protocol/bytes.ts";
import { limits } from "../../protocol/limits.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { FORMAT_VERSION } from "../../protocol/version.ts";
import type { Purse } from "../purse.ts";
import { type Command, decodeCommand, encodeResponse, type Response } from "./apdu.ts";
import { encodeBalance, encodeIdentity, encodeReason, encodeReceived } from "./card-answers.ts";
import {
  APPLICATION_ID,
  cla,
  ownIns,
  PIN_REFERENCE,
  standardIns,
  UNBLOCKING_CODE_LENGTH,
} from "./card-commands.ts";
import { CardSync } from "./card-sync.ts";
import { moreWord, refusedWord, statusWords, triesWord } from "./status-words.ts";

const SELECT_BY_NAME = 0x04;
const nothing: Uint8Array = new Uint8Array();

export class CardApplication {
  readonly #purse: Purse;
  #isSelected = false;
  /** The command whose pieces come in, and what of its data is there. */
  #chain: { readonly ins: number; readonly data: Uint8Array } | undefined;
  /** What of the last answer has not gone out. */
  #waiting = nothing;
  #refusal: Refusal | undefined;
  #sync: CardSync | undefined;

  /** As a card is when power comes on: locked, if it has a PIN. */
  constructor(purse: Purse) {
    this.#purse = purse;
    purse.pin.lock();
  }

  /**
   * Answers one command; commands come one after the other.
   * @throws Error when the purse fails: the card is mute, and starts again.
   */
  async handle(apdu: Uint8Array): Promise<Uint8Array> {
    return encodeResponse(await this.#handle(apdu));
  }

  async #handle(apdu: Uint8Array): Promise<Response> {
    let command: Command;
    try {
      command = decodeCommand(apdu);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return word(statusWords.wrongLength);
    }
    const isChained = (command.cla & cla.chained) !== 0;
    switch (command.cla & ~cla.chained) {
      case cla.standard:
        return isChained ? word(statusWords.unknownClass) : this.#standard(command);
      case cla.own:
        return this.#own(command, isChained);
      default:
        return word(statusWords.unknownClass);
    }
  }

  async #standard(command: Command): Promise<Response> {
    switch (command.ins) {
      case standardIns.select:
        return this.#select(command);
      case standardIns.getResponse:
        if (this.#waiting.length === 0) return word(statusWords.notNow);
        return this.#give(command);
      case standardIns.verify:
      case standardIns.resetRetryCounter:
        return word(await this.#pin(command));
      default:
        return word(statusWords.unknownCommand);
    }
  }

  /** @returns the status word. */
  async #pin({ ins, p1, p2, data }: Command): Promise<number> {
    const { pin } = this.#purse;
    if (!this.#isSelected) return statusWords.notNow;
    if (p1 !== 0 || p2 !== PIN_REFERENCE) return statusWords.wrongParameters;
    const isVerify = ins === standardIns.verify;
    const status = pin.status();
    if (isVerify && data.length === 0 && status?.isUnlocked !== false) return statusWords.done;
    if (isVerify && data.length === 0) return triesWord(status!.tries.pin);
    try {
      const digits = utf8.decode(data, "digits");
      const [code, next] = [
        digits.slice(0, UNBLOCKING_CODE_LENGTH),
        digits.slice(UNBLOCKING_CODE_LENGTH),
      ];
      await (isVerify ? pin.unlock(digits) : pin.unblock(code, next));
      return statusWords.done;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#refusal = error;
      const { tries } = pin.status() ?? {};
      if (error.code === "wrong-pin") return triesWord(isVerify ? tries!.pin : tries!.puk);
      if (error.code === "pin-blocked" || error.code === "puk-blocked") return statusWords.blocked;
      return refusedWord(error.code);
    }
  }

  #select(command: Command): Response {
    if (command.p1 !== SELECT_BY_NAME) return word(statusWords.wrongParameters);
    this.#isSelected = equalBytes(command.data, APPLICATION_ID);
    this.#chain = undefined;
    this.#waiting = nothing;
    if (!this.#isSelected) return word(statusWords.notFound);
    this.#waiting = new Writer(3).u8(FORMAT_VERSION).u16(limits.cardDataMax).done();
    return this.#give(command);
  }

  async #own(command: Command, isChained: boolean): Promise<Response> {
    const { ins, p1, p2 } = command;
    const before = this.#chain;
    this.#chain = undefined;
    this.#waiting = nothing;
    if (!this.#isSelected) return word(statusWords.notNow);
    if (p1 !== 0 || p2 !== 0) return word(statusWords.wrongParameters);
    if (before !== undefined && before.ins !== ins) return word(statusWords.brokenChain);
    const data = concat(before?.data ?? nothing, command.data);
    if (data.length > limits.cardDataMax) return word(statusWords.wrongLength);
    if (isChained) {
      this.#chain = { ins, data };
      return word(statusWords.done);
    }
    try {
      const answer = await this.#execute(ins, data);
      if (typeof answer === "number") return word(answer);
      if (answer.length > limits.cardDataMax)
        throw new Refusal("too-large", "the answer is too long");
      this.#waiting = answer;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#refusal = error;
      return word(refusedWord(error.code));
    }
    return this.#give(command);
  }

  /** @returns the answer, or a status word. @throws Refusal as the purse does. */
  async #execute(ins: number, data: Uint8Array): Promise<Uint8Array | number> {
    const purse = this.#purse;
    switch (ins) {
      case ownIns.identity:
        return encodeIdentity(purse);
      case ownIns.balance:
        return encodeBalance(purse.balance());
      case ownIns.reason:
        return this.#refusal === undefined ? statusWords.nothingToSay : encodeReason(this.#refusal);
      case ownIns.request: {
        const reader = new Reader(data);
        const amount = reader.u64("amount");
        const reference = reader.text(limits.referenceMax, "reference");
        reader.end("request");
        return purse.request(amount, reference);
      }
      case ownIns.pay: {
        const payment = await purse.pay(data);
        // A PIN that was entered is good for one payment: the terminal is a stranger.
        purse.pin.lock();
        return payment;
      }
      case ownIns.receive:
        return encodeReceived(await purse.receive(data));
      case ownIns.confirm:
        await purse.confirm(data);
        return nothing;
      case ownIns.sync: {
        const reader = new Reader(data);
        const member = reader.u16("member");
        reader.end("sync");
        this.#sync = new CardSync(purse, member);
        return this.#ask(this.#sync);
      }
      case ownIns.reply:
        if (this.#sync?.answer(data) !== true) return statusWords.notNow;
        return this.#ask(this.#sync);
      default:
        return statusWords.unknownCommand;
    }
  }

  async #ask(sync: CardSync): Promise<Uint8Array> {
    return (await sync.next()) ?? nothing;
  }

  /** As much of the answer as the command has room for. */
  #give({ expected }: Command): Response {
    const data = this.#waiting.subarray(0, expected);
    this.#waiting = this.#waiting.subarray(expected);
    const rest = this.#waiting.length;
    return { data, sw: rest === 0 ? statusWords.done : moreWord(rest) };
  }
}

function word(sw: number): Response {
  return { data: nothing, sw };
}
