/**
 * A card has no network: it syncs through whoever holds it and has one. The card asks, signed and by its own
 * choice; the other end carries the bytes to a gateway and the reply back, and learns and changes nothing
 * that the gateway does not see anyway. Cut off, it is begun anew.
 */
import type { GatewayClient } from "../gateway-client.ts";
import type { Purse } from "../purse.ts";
import { sync } from "../sync.ts";

/** One sync, as its questions come out and replies go in. */
export class CardSync {
  readonly #run: Promise<undefined>;
  #asked = Promise.withResolvers<Uint8Array>();
  #reply: ((bytes: Uint8Array) => void) | undefined;

  /** @param member whose gateway can be reached. */
  constructor(purse: Purse, member: number) {
    const gateway: GatewayClient = {
      member,
      send: (request) => {
        const { promise, resolve } = Promise.withResolvers<Uint8Array>();
        this.#reply = resolve;
        this.#asked.resolve(request);
        return promise;
      },
    };
    this.#run = sync(purse, gateway).then(() => undefined);
  }

  /** The question that is open; undefined at the end. @throws as `sync` does. */
  next(): Promise<Uint8Array | undefined> {
    return Promise.race([this.#asked.promise, this.#run]);
  }

  /** @returns whether a question was open. */
  answer(reply: Uint8Array): boolean {
    const take = this.#reply;
    if (take === undefined) return false;
    this.#reply = undefined;
    this.#asked = Promise.withResolvers<Uint8Array>();
    take(reply);
    return true;
  }
}
