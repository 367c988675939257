/** The implementation under test, as the kit talks to it: commands out, answers in, and the power cut at will. */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { CarriedList } from "../../protocol/carried-lists.ts";
import type { Owner } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId, Outpoint } from "../../protocol/output.ts";
import { decodeRecord, type SignedRecord } from "../../protocol/record.ts";
import { encodeStatement, type SignedStatement } from "../../protocol/statement.ts";
import type { Answered, CommandName, Given, Reply, ToldRefusal } from "./command.ts";

/** The way to an implementation: a process, a card, or one in the same process. */
export interface Channel {
  /**
   * Gives a command and waits for its reply.
   * @param cutAt the moment at which the power goes, counted from 0; the reply if there are fewer moments.
   * @returns undefined if the power went: the implementation is up again, with what it had kept.
   * @throws BrokenOff
   */
  ask<N extends CommandName>(
    name: N,
    given: Given<N>,
    cutAt?: number,
  ): Promise<Reply<N> | undefined>;
  /** Takes the power away between two commands, and gives it back. */
  restart(): Promise<void>;
  /** Another way to the same device at the same time; absent where there is one device to one way. */
  twin?(): Promise<Channel>;
  close(): Promise<void>;
}

/** The implementation ended, kept silent, or said what is no answer. */
export class BrokenOff extends Error {}

/** It refused, which may be right or wrong. */
export class SubjectRefusal extends Error {
  readonly refusal: ToldRefusal;

  constructor(name: CommandName, refusal: ToldRefusal) {
    super(`${name} was refused: ${refusal.code}, ${refusal.detail}`);
    this.refusal = refusal;
  }
}

/** A structure as it travels, in order or not. */
type Encoded = { readonly bytes: Uint8Array };

export type News = {
  readonly lists?: readonly CarriedList[];
  readonly certificate?: Encoded;
  readonly receipts?: readonly Encoded[];
};

export type Balance = Answered<"balance">;
export type Received = Answered<"receive">;

/** Each call throws SubjectRefusal if the implementation refuses, and BrokenOff. */
export class Subject {
  readonly #channel: Channel;
  #cutAt: number | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  hello(): Promise<Answered<"hello">> {
    return this.#ask("hello", {});
  }

  personalise(settings: Given<"personalise">): Promise<Answered<"personalise">> {
    return this.#ask("personalise", settings);
  }

  async refresh({ lists = [], certificate, receipts = [] }: News): Promise<void> {
    await this.#ask("refresh", {
      lists,
      certificate: certificate?.bytes,
      receipts: receipts.map(({ bytes }) => bytes),
    });
  }

  async request(amount: Amount, reference = ""): Promise<Uint8Array> {
    return (await this.#ask("request", { amount, reference })).message;
  }

  async pay(message: Uint8Array): Promise<Uint8Array> {
    return (await this.#ask("pay", { message })).message;
  }

  receive(message: Uint8Array): Promise<Received> {
    return this.#ask("receive", { message });
  }

  async confirm(message: Uint8Array): Promise<void> {
    await this.#ask("confirm", { message });
  }

  balance(): Promise<Balance> {
    return this.#ask("balance", {});
  }

  async pending(): Promise<SignedRecord[]> {
    return (await this.#ask("pending", {})).records.map(decodeRecord);
  }

  async settled(statement: SignedStatement): Promise<void> {
    await this.#ask("settled", { statement: encodeStatement(statement) });
  }

  async setPin(pin: string, unblockingCode: string): Promise<void> {
    await this.#ask("setPin", { pin, unblockingCode });
  }

  async enterPin(pin: string): Promise<void> {
    await this.#ask("enterPin", { pin });
  }

  async unblock(unblockingCode: string, pin: string): Promise<void> {
    await this.#ask("unblock", { unblockingCode, pin });
  }

  async payCode(amount: Amount, password: string, custodian: MemberId): Promise<string> {
    return (await this.#ask("payCode", { amount, password, custodian })).code;
  }

  async askSecondFactors(): Promise<Uint8Array> {
    return (await this.#ask("askSecondFactors", {})).request;
  }

  async takeSecondFactors(grants: readonly Uint8Array[]): Promise<void> {
    await this.#ask("takeSecondFactors", { grants });
  }

  async enterSecondFactor(amount: Amount, payee: Owner, code: string): Promise<void> {
    await this.#ask("enterSecondFactor", { amount, payee: fromHex(payee), code });
  }

  async sealParcels(intakeKey: Uint8Array): Promise<readonly Uint8Array[]> {
    return (await this.#ask("sealParcels", { intakeKey })).parcels;
  }

  async takeAnswer(answer: Uint8Array): Promise<boolean> {
    return (await this.#ask("takeAnswer", { answer })).isTaken;
  }

  async hearTaken(outpoint: Outpoint, record: Hex): Promise<void> {
    await this.#ask("hearTaken", { outpoint: fromHex(outpoint), record: fromHex(record) });
  }

  restart(): Promise<void> {
    return this.#channel.restart();
  }

  /**
   * Has the power go at a moment of the one command that `act` gives.
   * @returns what `act` returns, undefined if the power went.
   */
  async cut<T>(moment: number, act: () => Promise<T>): Promise<T | undefined> {
    this.#cutAt = moment;
    try {
      return await act();
    } catch (error) {
      if (error instanceof PowerGone) return undefined;
      throw error;
    } finally {
      this.#cutAt = undefined;
    }
  }

  /** Another way to the same device, if there can be one. */
  async twin(): Promise<{ readonly subject: Subject; close(): Promise<void> } | undefined> {
    const channel = await this.#channel.twin?.();
    return channel && { subject: new Subject(channel), close: () => channel.close() };
  }

  async #ask<N extends CommandName>(name: N, given: Given<N>): Promise<Answered<N>> {
    const reply = await this.#channel.ask(name, given, this.#cutAt);
    if (reply === undefined) throw new PowerGone();
    if ("refusal" in reply) throw new SubjectRefusal(name, reply.refusal);
    return reply.answer;
  }
}

class PowerGone extends Error {}
