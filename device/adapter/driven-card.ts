/**
 * A card, which pays and is paid by APDUs. Its power goes before or after any of them, and at its own writes
 * where its maker can have that. What a terminal has no command for, the maker does in a way of its own.
 */
import type { Amount } from "../../protocol/money.ts";
import type { Answered, Given } from "../conformance/command.ts";
import { type CardChannel, CardClient, type CardClientOptions } from "../nfc/card-client.ts";
import { type CutPower, type Driven, type DrivenPin, type DrivenReceived, Fuse } from "./driven.ts";

/** What the maker does beside the terminal: on a real card, through commands of a test bench. */
export type Upkeep = Pick<Driven, "refresh" | "pending" | "settled" | "arm" | "close"> & {
  /** How the card gets its PIN, where it has one. */
  readonly pin?: Pick<DrivenPin, "set"> | undefined;
};

export class DrivenCard implements Driven {
  readonly deviceKey: Uint8Array;
  readonly pin: DrivenPin | undefined;
  readonly #card: CardClient;
  readonly #upkeep: Upkeep;
  readonly #fuse: Fuse;

  private constructor(deviceKey: Uint8Array, card: CardClient, upkeep: Upkeep, fuse: Fuse) {
    this.deviceKey = deviceKey;
    this.#card = card;
    this.#upkeep = upkeep;
    this.#fuse = fuse;
    this.pin = upkeep.pin && {
      set: (pin, unblockingCode) => upkeep.pin!.set(pin, unblockingCode),
      enter: (pin) => card.verify(pin),
      unblock: (unblockingCode, next) => card.unblock(unblockingCode, next),
    };
  }

  /** Selects the card that has just got power. */
  static async open(
    channel: CardChannel,
    upkeep: Upkeep,
    cutPower: CutPower,
    options: CardClientOptions = {},
  ): Promise<DrivenCard> {
    const fuse = new Fuse(cutPower);
    const card = new CardClient(fusedChannel(channel, fuse), options);
    await card.select();
    const { deviceKey } = await card.identity();
    return new DrivenCard(deviceKey, card, upkeep, fuse);
  }

  request(amount: Amount, reference: string): Promise<Uint8Array> {
    return this.#card.request(amount, reference);
  }

  pay(message1: Uint8Array): Promise<Uint8Array> {
    return this.#card.pay(message1);
  }

  receive(message2: Uint8Array): Promise<DrivenReceived> {
    return this.#card.receive(message2);
  }

  confirm(message3: Uint8Array): Promise<void> {
    return this.#card.confirm(message3);
  }

  async balance(): Promise<Answered<"balance">> {
    const { spendable, frozen, waiting } = await this.#card.balance();
    return { spendable, frozen, waiting };
  }

  refresh(news: Given<"refresh">): Promise<void> {
    return this.#upkeep.refresh(news);
  }

  pending(): Promise<Uint8Array[]> {
    return this.#upkeep.pending();
  }

  settled(statement: Uint8Array): Promise<void> {
    return this.#upkeep.settled(statement);
  }

  arm(moment: number | undefined): void {
    this.#fuse.arm(moment);
    this.#upkeep.arm(moment);
  }

  close(): Promise<void> {
    return this.#upkeep.close();
  }
}

/** A channel whose APDUs each have a moment before the card has seen them and a moment after it has answered. */
function fusedChannel(channel: CardChannel, fuse: Fuse): CardChannel {
  return {
    async transmit(command) {
      await fuse.pass();
      const response = await channel.transmit(command);
      await fuse.pass();
      return response;
    },
  };
}
