/**
 * The second factors of customers' devices: from which amount on a purse asks for a code when it pays offline, and
 * who says the code, another device of the customer's or the bank's voice line. The bank's people set it and take it
 * off, for a customer whom they know by more than a device: whoever holds the purse has no say.
 *
 * Each change is a word of a higher version, and waits for the device until that says, signed, that it keeps it.
 * Until then the device gets nothing that would let it go on, so that one whose software passes the word over is out
 * of use when its certificate is. A grant makes a fresh secret: what was entered wrong, or used, is over with it.
 */
import type { SecondFactorsAnswer } from "../protocol/answer.ts";
import type { SecondFactorsAsk } from "../protocol/ask.ts";
import { compareBytes, fromHex, type Hex, toHex } from "../protocol/bytes.ts";
import type { RequestKind } from "../protocol/gateway-messages.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import { limits } from "../protocol/limits.ts";
import type { Amount } from "../protocol/money.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import {
  type Confirmed,
  SECRET_LENGTH,
  secondFactorCode,
  WINDOW_DRIFT,
  WINDOW_MS,
  windowOf,
} from "../protocol/second-factor-code.ts";
import {
  sealSecret,
  type SignedSecondFactorGrant,
  signSecondFactorGrant,
} from "../protocol/second-factor-grant.ts";
import type { Signer } from "../protocol/signature.ts";
import type { Device, Devices } from "./devices.ts";
import { keptSecondFactor, keys, ranges } from "./keys.ts";
import { decodeRow, encodeRow } from "./row.ts";
import { Serial } from "./serial.ts";
import type { Store } from "./store.ts";

export type SecondFactorsParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  /** The key that devices know. */
  readonly issuer: Signer;
  readonly store: Store;
  readonly devices: Pick<Devices, "get" | "active">;
  readonly random: Random;
  readonly clock: () => number;
};

/** How a device's second factor stands. */
export type SecondFactorState = {
  readonly version: number;
  /** 0 once it is taken off. */
  readonly from: Amount;
  /** The device that shows the codes; the voice line says them if it is absent. */
  readonly shownBy?: Owner | undefined;
  /** Whether the purse keeps this version, as it says. */
  readonly isTaken: boolean;
};

type FactorRow = {
  readonly version: number;
  readonly from: string;
  /** Absent once it is taken off. */
  readonly secret?: Hex;
  readonly shownBy?: Owner;
};

/** What a device is to keep, of its own or another's. */
type KeptRow = { readonly isTaken: boolean };

/** What lets a device go on paying. */
const withheld: readonly RequestKind[] = ["enrol", "certify", "load", "receipts"];

export class SecondFactors {
  readonly #parts: SecondFactorsParts;
  readonly #serial = new Serial();
  /** Devices for which a word waits, and how many. */
  readonly #waiting = new Map<Owner, number>();

  private constructor(parts: SecondFactorsParts) {
    this.#parts = parts;
  }

  static async open(parts: SecondFactorsParts): Promise<SecondFactors> {
    const factors = new SecondFactors(parts);
    for await (const [key, value] of parts.store.entries(ranges.keptSecondFactors)) {
      if (!decodeRow<KeptRow>(value).isTaken) factors.#count(keptSecondFactor(key).keeper, 1);
    }
    return factors;
  }

  /** @throws Refusal `not-found` for what is no device here, or never had a second factor. */
  async stateOf(owner: Owner): Promise<SecondFactorState> {
    await this.#device(owner);
    const row = await this.#row(owner);
    if (row === undefined) throw new Refusal("not-found", `${owner} has no second factor`);
    return this.#stateOf(owner, row);
  }

  /**
   * Sets a second factor, or sets it anew, with a fresh secret.
   * @param from above 0. @param shownBy another device of the customer's; without one the voice line says codes.
   * @throws Refusal `not-found`, `revoked`; `forbidden` for a device of somebody else's; `conflict`.
   */
  grant(owner: Owner, from: Amount, shownBy?: Owner): Promise<SecondFactorState> {
    return this.#serial.run(async () => {
      const device = await this.#active(owner);
      checkClock(device);
      if (shownBy !== undefined) await this.#checkShower(device, owner, shownBy);
      const secret = toHex(this.#parts.random(SECRET_LENGTH));
      return this.#change(owner, { from: String(from), secret, ...(shownBy && { shownBy }) });
    });
  }

  /** Takes it off: the purse asks for no codes any more, once it has heard. @throws Refusal `not-found`, `revoked`. */
  lift(owner: Owner): Promise<SecondFactorState> {
    return this.#serial.run(async () => {
      await this.#active(owner);
      const row = await this.#row(owner);
      if (row === undefined) throw new Refusal("not-found", `${owner} has no second factor`);
      if (row.secret === undefined) return this.#stateOf(owner, row);
      return this.#change(owner, { from: "0" });
    });
  }

  /**
   * What the voice line says to the customer, whom it has recognised.
   * @returns the code, and until when a purse takes it whose clock agrees, in milliseconds.
   * @throws Refusal `not-found`; `revoked` for a blocked device; `conflict` where a device shows the codes.
   */
  async codeFor(owner: Owner, confirmed: Confirmed): Promise<{ code: string; expires: number }> {
    await this.#active(owner);
    const row = await this.#row(owner);
    if (row?.secret === undefined) throw new Refusal("not-found", `${owner} has no second factor`);
    if (row.shownBy !== undefined) {
      throw new Refusal("conflict", `the codes are shown by device ${row.shownBy}`);
    }
    const { networkId, clock } = this.#parts;
    const window = windowOf(clock());
    const code = secondFactorCode(networkId, fromHex(row.secret), confirmed, window);
    return { code, expires: (window + 1 + WINDOW_DRIFT) * WINDOW_MS };
  }

  /** @throws Refusal `second-factor-waiting` for what would let a device go on that has not taken the bank's word. */
  checkTaken(owner: Owner, kind: RequestKind): void {
    if (!withheld.includes(kind) || !this.#waiting.has(owner)) return;
    throw new Refusal(
      "second-factor-waiting",
      "ask for second factors, and say that they are kept",
    );
  }

  /** Notes what a device keeps, and gives what it lacks. @throws Refusal `unauthorised`, `revoked`. */
  answer(deviceKey: Uint8Array, ask: SecondFactorsAsk): Promise<SecondFactorsAnswer> {
    const keeper = ownerOf(deviceKey);
    return this.#serial.run(async () => {
      await this.#parts.devices.active(keeper);
      const grants: SignedSecondFactorGrant[] = [];
      for (const owner of await this.#waitingFor(keeper)) {
        const device = (await this.#device(owner)).key;
        const row = (await this.#row(owner))!;
        const isKeeper = keeper === owner || keeper === row.shownBy;
        const kept = ask.kept.find((each) => each.device === device)?.version;
        if (isKeeper ? kept === row.version : kept === undefined) {
          await this.#note(keeper, owner, isKeeper);
        } else {
          const terms = { device: fromHex(device), keeper: deviceKey };
          grants.push(await this.#sign(terms, isKeeper ? row : { ...row, from: "0" }, ask.key));
        }
      }
      grants.sort((a, b) => compareBytes(a.device, b.device));
      return { kind: "second-factors", grants: grants.slice(0, limits.secondFactorsMax) };
    });
  }

  async #change(owner: Owner, next: Omit<FactorRow, "version">): Promise<SecondFactorState> {
    const old = await this.#row(owner);
    const row: FactorRow = { ...next, version: (old?.version ?? 0) + 1 };
    const keepers = new Set(
      [owner, old?.shownBy, row.shownBy].filter((each) => each !== undefined),
    );
    const isNew = await Promise.all(Array.from(keepers, (each) => this.#isTaken(each, owner)));
    const value = encodeRow({ isTaken: false } satisfies KeptRow);
    await this.#parts.store.write([
      { key: keys.secondFactor(owner), value: encodeRow(row) },
      ...Array.from(keepers, (each) => ({ key: keys.keptSecondFactor(each, owner), value })),
    ]);
    for (const [i, keeper] of [...keepers].entries()) if (isNew[i]) this.#count(keeper, 1);
    return this.#stateOf(owner, row);
  }

  /** The keeper has it; or keeps it no more, which is forgotten. */
  async #note(keeper: Owner, owner: Owner, isKeeper: boolean): Promise<void> {
    const value = isKeeper ? encodeRow({ isTaken: true } satisfies KeptRow) : null;
    await this.#parts.store.write([{ key: keys.keptSecondFactor(keeper, owner), value }]);
    this.#count(keeper, -1);
  }

  async #sign(
    { device, keeper }: { readonly device: Uint8Array; readonly keeper: Uint8Array },
    { version, from, secret }: FactorRow,
    reader: Uint8Array,
  ): Promise<SignedSecondFactorGrant> {
    const { networkId, member, issuer, random, clock } = this.#parts;
    const terms = { member, version, issued: clock(), device, keeper, from: BigInt(from) };
    const isOff = terms.from === 0n || secret === undefined;
    const sealed = isOff
      ? undefined
      : await sealSecret(networkId, terms, fromHex(secret), reader, random);
    return signSecondFactorGrant(networkId, { ...terms, sealed }, issuer);
  }

  async #checkShower(device: Device, owner: Owner, shownBy: Owner): Promise<void> {
    if (shownBy === owner) {
      throw new Refusal("conflict", "a device that confirms its own payments is no second one");
    }
    const shower = await this.#active(shownBy);
    checkClock(shower);
    if (shower.customer !== device.customer) {
      throw new Refusal("forbidden", `${shownBy} is not a device of the same customer`);
    }
    const { store } = this.#parts;
    const others = new Set([owner, shownBy]);
    let count = 2;
    for await (const [key] of store.entries(ranges.secondFactorsKeptBy(shownBy))) {
      if (!others.has(keptSecondFactor(key).device)) count++;
    }
    if (count > limits.secondFactorsMax) {
      throw new Refusal("conflict", `${shownBy} shows as many devices' codes as one may`);
    }
  }

  async #stateOf(owner: Owner, row: FactorRow): Promise<SecondFactorState> {
    const { version, from, shownBy } = row;
    return { version, from: BigInt(from), shownBy, isTaken: await this.#isTaken(owner, owner) };
  }

  async #waitingFor(keeper: Owner): Promise<Owner[]> {
    if (!this.#waiting.has(keeper)) return [];
    const owners: Owner[] = [];
    const { store } = this.#parts;
    for await (const [key, value] of store.entries(ranges.secondFactorsKeptBy(keeper))) {
      if (!decodeRow<KeptRow>(value).isTaken) owners.push(keptSecondFactor(key).device);
    }
    return owners;
  }

  /** Whether nothing of the device's waits for the keeper. */
  async #isTaken(keeper: Owner, owner: Owner): Promise<boolean> {
    const row = await this.#parts.store.get(keys.keptSecondFactor(keeper, owner));
    return row === undefined || decodeRow<KeptRow>(row).isTaken;
  }

  async #row(owner: Owner): Promise<FactorRow | undefined> {
    const row = await this.#parts.store.get(keys.secondFactor(owner));
    return row === undefined ? undefined : decodeRow<FactorRow>(row);
  }

  async #device(owner: Owner): Promise<Device> {
    const device = await this.#parts.devices.get(owner);
    if (device === undefined) throw new Refusal("not-found", `there is no device ${owner}`);
    return device;
  }

  async #active(owner: Owner): Promise<Device> {
    await this.#device(owner);
    return this.#parts.devices.active(owner);
  }

  #count(keeper: Owner, by: 1 | -1): void {
    const count = (this.#waiting.get(keeper) ?? 0) + by;
    if (count === 0) this.#waiting.delete(keeper);
    else this.#waiting.set(keeper, count);
  }
}

/** @throws Refusal `conflict`. */
function checkClock(device: Device): void {
  if (device.class !== "chip") return;
  throw new Refusal("conflict", "a chip has no clock to tell the minute of a code by");
}
