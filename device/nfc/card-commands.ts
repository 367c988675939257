/** The card application's name, and its commands. Data and answers stand beside each. */
import { fromHex } from "../../protocol/bytes.ts";

/** F0 for an identifier nobody registered (ISO/IEC 7816-5), "TALLYSTICK", version 1. */
export const APPLICATION_ID: Uint8Array = fromHex("0xf054414c4c59535449434b01");

/** P2 of the commands that name the PIN. */
export const PIN_REFERENCE = 0x01;
export const UNBLOCKING_CODE_LENGTH = 8;

export const cla = {
  /** What ISO/IEC 7816-4 defines. */
  standard: 0x00,
  /** What this application does. */
  own: 0x80,
  /** Beside either: more of the same command follows. */
  chained: 0x10,
} as const;

export const standardIns = {
  /** P1 04: by the application's identifier. */
  select: 0xa4,
  /** What did not fit the last response. */
  getResponse: 0xc0,
  /** P2 01: PIN in ASCII digits → nothing; without data, whether it is needed and how many tries are left */
  verify: 0x20,
  /** P2 01: unblocking code, 8 ASCII digits, and the PIN that is to be */
  resetRetryCounter: 0x2c,
} as const;

export const ownIns = {
  /** → identity, as in `card-answers.ts` */
  identity: 0x10,
  /** → balance, as in `card-answers.ts` */
  balance: 0x12,
  /** → code and text of the last refusal, as refusals travel */
  reason: 0x14,
  /** amount u64 | reference length u8 + bytes → message 1 */
  request: 0x20,
  /** message 1 → message 2 */
  pay: 0x22,
  /** message 2 → amount u64 | refused u8 (0, or 1 and the reason) | message 3 */
  receive: 0x24,
  /** message 3 → nothing */
  confirm: 0x26,
  /** member u16 of a gateway that can be reached → a device request to it */
  sync: 0x30,
  /** the gateway's reply → the next device request, or nothing: all is done */
  reply: 0x32,
} as const;
