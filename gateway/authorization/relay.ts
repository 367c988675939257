/**
 * The way to customers' terminals that is not the page's: what carries codes and notices. A message says what it
 * is about in the terminal's language; where the terminal has a key it is sealed on top of whatever the channel
 * does, and only the terminal reads it.
 *
 *     TALLY1. ‖ base64url of: enc 65 ‖ ciphertext, by HPKE with info = message("authorization", terminal's key)
 */
import { encodeBase64Url } from "../../protocol/base64url.ts";
import { concat, fromHex, type Hex, utf8 } from "../../protocol/bytes.ts";
import { makeSealingKey, seal } from "../../protocol/hpke.ts";
import { message } from "../../protocol/message.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { Channel, NewTerminal } from "./terminals.ts";

/** Carries a text to an address. */
export interface Relay {
  /** Resolves when the next one in the chain has it. @throws Error on what the world did. */
  send(address: string, text: string): Promise<void>;
}

export type RelaysParts = {
  readonly networkId: Uint8Array;
  /** Those that the bank has; a terminal of another channel cannot be reached. */
  readonly relays: Readonly<Partial<Record<Channel, Relay>>>;
  readonly random: Random;
  readonly logger: Logger;
};

/** What stands before a sealed text: people see that it is not for them. */
const SEALED = "TALLY1.";

export class Relays {
  readonly #parts: RelaysParts;

  constructor(parts: RelaysParts) {
    this.#parts = parts;
  }

  /** @throws Refusal `unavailable` if the terminal cannot be reached now, or by this bank. */
  async send(terminal: NewTerminal, text: string): Promise<void> {
    const relay = this.#parts.relays[terminal.channel];
    if (relay === undefined) {
      throw new Refusal("unavailable", `this bank sends nothing by ${terminal.channel}`);
    }
    const carried =
      terminal.key === undefined ? text : await this.#seal(fromHex(terminal.key as Hex), text);
    try {
      await relay.send(terminal.address, carried);
    } catch (error) {
      // Neither address nor text: the log is for people who may know neither.
      this.#parts.logger.error(
        { err: error, channel: terminal.channel },
        "a relay did not take a message",
      );
      throw new Refusal("unavailable", "the message could not be sent to the terminal");
    }
  }

  async #seal(key: Uint8Array, text: string): Promise<string> {
    const { networkId, random } = this.#parts;
    const info = message("authorization", networkId, key);
    const ephemeral = makeSealingKey(random);
    const { enc, ciphertext } = await seal(
      key,
      utf8.encode(text),
      info,
      new Uint8Array(),
      ephemeral,
    );
    return SEALED + encodeBase64Url(concat(enc, ciphertext));
  }
}
