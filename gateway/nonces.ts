/**
 * Remembers the requests of our devices, so that one that was overheard cannot be asked again to learn what
 * the device has. A request is named by its device, its nonce and the day of its signed time; when that day is
 * too old for any request to be taken, it is forgotten. Strangers' requests need no memory: they are told
 * nothing that anyone could not ask with a key of their own.
 */
import { toHex } from "../protocol/bytes.ts";
import type { DeviceRequest } from "../protocol/device-request.ts";
import { ownerOf } from "../protocol/key.ts";
import { limits } from "../protocol/limits.ts";
import { Refusal } from "../protocol/refusal.ts";
import { keys, ranges } from "./keys.ts";
import { EMPTY } from "./row.ts";
import type { Store } from "./store.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Forgotten in one write. */
const PAGE = 10_000;

export class Nonces {
  readonly #store: Store;
  readonly #clock: () => number;
  /** Requests that are being remembered. */
  readonly #underWay = new Set<string>();
  #forgottenBefore = 0;

  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Remembers a request, durably. Its time has been checked.
   * @throws Refusal `stale-request` if it was taken before: the device signs again with a fresh nonce.
   */
  async take({ deviceKey, nonce, signedTime }: DeviceRequest): Promise<void> {
    const key = keys.nonce(dayOf(signedTime), ownerOf(deviceKey), nonce);
    const name = toHex(key);
    const used = new Refusal("stale-request", "the request was taken before: sign it again");
    if (this.#underWay.has(name)) throw used;
    this.#underWay.add(name);
    try {
      if ((await this.#store.get(key)) !== undefined) throw used;
      await this.#store.write([{ key, value: EMPTY, old: null }]);
    } finally {
      this.#underWay.delete(name);
    }
    await this.#forget();
  }

  /** Once a day, forgets what no request can repeat any more. */
  async #forget(): Promise<void> {
    const day = dayOf(this.#clock() - limits.requestLagMaxMs);
    if (day <= this.#forgottenBefore) return;
    this.#forgottenBefore = day;
    for (;;) {
      const old: Uint8Array[] = [];
      for await (const [key] of this.#store.entries({ ...ranges.noncesBefore(day), limit: PAGE })) {
        old.push(key);
      }
      if (old.length === 0) return;
      await this.#store.write(old.map((key) => ({ key, value: null, old: EMPTY })));
    }
  }
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}
