/**
 * Where an authorization code goes: a terminal that is registered for the customer, or an address that the
 * customer designates for one payment, if that is switched on. A terminal is a telephone, a mailbox, a device
 * of its own that the bank or anyone else makes, or the branch's file; what has a key gets its messages sealed.
 */
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { isKey } from "../../protocol/key.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** By what a message comes: `file` is for devices that fetch it, and for trying things out. */
export const channels = ["sms", "mail", "file"] as const;
export type Channel = (typeof channels)[number];

export const languages = ["en", "zh"] as const;
export type Language = (typeof languages)[number];

/** What is known of a terminal before it has an id. */
export type NewTerminal = {
  readonly channel: Channel;
  /** A telephone number, a mail address, or a device's name. */
  readonly address: string;
  readonly language: Language;
  /** Compressed P-256 key that messages are sealed to. */
  readonly key?: string | undefined;
};

export type Terminal = NewTerminal & { readonly id: string };

export const TERMINALS_MAX = 8;

const addressForms: Record<Channel, RegExp> = {
  sms: /^\+[0-9]{6,15}$/,
  // No white space, no brackets, no control: nothing that a mail server would read as a command.
  mail: /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$/,
  file: /^[A-Za-z0-9._-]{1,64}$/,
};

/** @throws Refusal `malformed`. */
export function checkTerminal({ channel, address, key }: NewTerminal): void {
  if (!addressForms[channel].test(address)) {
    throw new Refusal("malformed", `this is no address of a terminal by ${channel}`);
  }
  if (key !== undefined && !isKey(fromHex(key as Hex))) {
    throw new Refusal("malformed", "the terminal's key is not on the curve P-256");
  }
}

export function makeTerminal(terminal: NewTerminal, random: Random): Terminal {
  checkTerminal(terminal);
  return { ...terminal, id: toHex(random(4)).slice(2) };
}

/** Enough for its owner to know it, and for nobody else to use it: "sms •••4567". */
export function maskTerminal({ channel, address }: NewTerminal): string {
  const [name = "", host] = address.split("@");
  const shown = host === undefined ? `•••${address.slice(-4)}` : `${name.slice(0, 1)}•••@${host}`;
  return `${channel} ${channel === "file" ? address : shown}`;
}
