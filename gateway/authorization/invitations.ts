/**
 * What a bank hands its customer, so that the service can be opened over the network: a text that is good once
 * and for a time, and says for which account. The gateway keeps its hash alone.
 */
import { sha256 } from "#sha256";
import { utf8 } from "../../protocol/bytes.ts";
import type { Random } from "../../protocol/random.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { AccountId } from "../accounts.ts";
import { keys } from "../keys.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Change, Store } from "../store.ts";

export type Invited = { readonly customer: string; readonly accounts: readonly AccountId[] };

type InvitationRow = Invited & { readonly expires: number };

/** Letters and digits that are not mistaken for one another (Crockford's base 32). */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 100 bits. */
const LENGTH = 20;

export class Invitations {
  readonly #store: Store;
  readonly #random: Random;
  readonly #clock: () => number;

  constructor(store: Store, random: Random, clock: () => number) {
    this.#store = store;
    this.#random = random;
    this.#clock = clock;
  }

  async issue(invited: Invited, lifeMs: number): Promise<{ text: string; expires: number }> {
    const text = Array.from(this.#random(LENGTH), (byte) => ALPHABET[byte % 32]).join("");
    const expires = this.#clock() + lifeMs;
    const row: InvitationRow = { ...invited, expires };
    await this.#store.write([{ key: keyOf(text), value: encodeRow(row), old: null }]);
    return { text, expires };
  }

  /**
   * Whom an invitation is for, and the change that uses it up, to be written with what it is used for.
   * @throws Refusal `wrong-credentials` for one that is unknown, used or too old.
   */
  async use(text: string): Promise<{ invited: Invited; change: Change }> {
    const key = keyOf(text);
    const old = await this.#store.get(key);
    const row = old === undefined ? undefined : decodeRow<InvitationRow>(old);
    if (old === undefined || row === undefined || this.#clock() >= row.expires) {
      throw new Refusal(
        "wrong-credentials",
        "the bank has given no such invitation, or it is over",
      );
    }
    const { expires: _, ...invited } = row;
    return { invited, change: { key, value: null, old } };
  }
}

function keyOf(text: string): Uint8Array {
  return keys.invitation(sha256(utf8.encode(text.toUpperCase().replaceAll(/[\s-]/g, ""))));
}
