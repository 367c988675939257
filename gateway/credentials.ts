/**
 * The credential that a bank hands its customer, at the counter or in its app, so that a device can be
 * enrolled for that customer's account: once, and within its time. The gateway keeps its hash alone.
 */
import { fromHex, type Hex, toHex, utf8 } from "../protocol/bytes.ts";
import type { DeviceClass } from "../protocol/certificate.ts";
import type { Owner } from "../protocol/key.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import { sha256 } from "#sha256";
import type { Change, Store } from "./store.ts";
import type { AccountId } from "./accounts.ts";
import { keys } from "./keys.ts";
import { decodeRow, encodeRow } from "./row.ts";

/** Whom a device that shows the credential belongs to, and what the bank certifies of it. */
export type Holder = {
  readonly account: AccountId;
  /** The bank's own reference to its customer. */
  readonly customer: string;
  /** What keeps the device key, as the bank knows: a device cannot give itself higher limits. */
  readonly class: DeviceClass;
  /** What payers' screens show: a shop cannot give itself another's name. Empty for persons. */
  readonly label: string;
};

type CredentialRow = Holder & {
  /** Milliseconds. */
  readonly expires: number;
  /** The device that was enrolled with it. */
  readonly usedBy?: Owner;
};

/** Letters and digits that are not mistaken for one another (Crockford's base 32). */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 26 of 32 letters: 130 bits, so that no one guesses one. */
const LENGTH = 26;

export class Credentials {
  readonly #store: Store;
  readonly #random: Random;
  readonly #clock: () => number;

  constructor(store: Store, random: Random, clock: () => number) {
    this.#store = store;
    this.#random = random;
    this.#clock = clock;
  }

  /** A new credential: 26 letters, whose UTF-8 bytes the device shows when it enrols. */
  async issue(
    holder: Holder,
    lifeMs: number,
  ): Promise<{ text: string; expires: number; hash: Hex }> {
    const text = Array.from(this.#random(LENGTH), (byte) => ALPHABET[byte % 32]).join("");
    const expires = this.#clock() + lifeMs;
    const value = encodeRow({ ...holder, expires } satisfies CredentialRow);
    const hash = sha256(utf8.encode(text));
    await this.#store.write([{ key: keys.credential(hash), value, old: null }]);
    return { text, expires, hash: toHex(hash) };
  }

  /** The device that was enrolled with a credential, if any was. @param hash of the credential. */
  async userOf(hash: Hex): Promise<Owner | undefined> {
    const row = await this.#store.get(keys.credential(fromHex(hash)));
    return row === undefined ? undefined : decodeRow<CredentialRow>(row).usedBy;
  }

  /** Takes a credential back that nobody has used. @param hash of the credential. */
  async withdraw(hash: Hex): Promise<void> {
    const key = keys.credential(fromHex(hash));
    const old = await this.#store.get(key);
    if (old === undefined || decodeRow<CredentialRow>(old).usedBy !== undefined) return;
    await this.#store.write([{ key, value: null, old }]);
  }

  /**
   * Whose a credential is, and the change that uses it up, to be stored with the device.
   * @throws Refusal `unauthorised` if it is unknown or used, `expired`.
   */
  async use(credential: Uint8Array, device: Owner): Promise<{ holder: Holder; change: Change }> {
    const key = keyOf(credential);
    const old = await this.#store.get(key);
    if (old === undefined)
      throw new Refusal("unauthorised", "the bank has given no such credential");
    const row = decodeRow<CredentialRow>(old);
    if (row.usedBy !== undefined) {
      throw new Refusal("unauthorised", "the credential was used for another device");
    }
    if (this.#clock() >= row.expires) throw new Refusal("expired", "the credential has expired");
    const { expires: _, ...holder } = row;
    const change = { key, value: encodeRow({ ...row, usedBy: device }), old };
    return { holder, change };
  }
}

function keyOf(credential: Uint8Array): Uint8Array {
  return keys.credential(sha256(credential));
}
