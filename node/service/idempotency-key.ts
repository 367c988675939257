/**
 * Calls that name themselves by a key of the caller's, so that asking again after a broken line does nothing twice
 * (IETF draft "The Idempotency-Key HTTP Header Field"). Who remembers them is the service's own affair.
 */
import { type Static, Type } from "typebox";
import { Refusal } from "../../protocol/refusal.ts";

export interface Replays {
  /**
   * Does what is asked, once for each key of a caller's, and gives the same answer whenever it is asked again.
   * @throws Refusal `conflict` where the key stands for another request, or for one whose outcome nobody knows.
   */
  once(asked: AskedUnderKey, act: () => Promise<unknown>): Promise<unknown>;
}

export type AskedUnderKey = {
  readonly caller: string;
  readonly key: string;
  /** Everything that was asked, as text: another request has another. */
  readonly request: string;
};

export const KeyHeader = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      maxLength: 130,
      description: "Asked again with the same key, it is done once and answered alike",
    }),
  ),
});
export type KeyHeader = Static<typeof KeyHeader>;

/** The key in a header: a string in quotes (RFC 9651), or without them as many clients send it. */
export function keyIn(header: string): string {
  const [, quoted, bare] =
    /^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,128})"|([\w.:/+=-]{1,128}))$/.exec(header) ?? [];
  const key = quoted ?? bare;
  if (key !== undefined) return key;
  throw new Refusal("malformed", "Idempotency-Key is not a text of 1 to 128 visible characters");
}
