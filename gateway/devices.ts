/**
 * The devices that this member has enrolled through this gateway: whose they are, and which are blocked.
 * The ledger's entry counts for money; this register says for whom.
 */
import { fromHex, type Hex, toHex } from "../protocol/bytes.ts";
import { deviceClasses, type DeviceClass } from "../protocol/certificate.ts";
import { type Owner, OWNER_LENGTH, ownerOf } from "../protocol/key.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Change, Store } from "./store.ts";
import type { AccountId } from "./accounts.ts";
import { keys, ranges } from "./keys.ts";
import { decodeRow, EMPTY, encodeRow } from "./row.ts";

export type Device = {
  /** Compressed, 33 bytes. */
  readonly key: Hex;
  readonly account: AccountId;
  readonly customer: string;
  readonly class: DeviceClass;
  readonly label: string;
  /** 16 bytes: with it the customer's reference is hashed into certificates. */
  readonly salt: Hex;
  /** The enrolment's leaf. */
  readonly enrolment: Hex;
  /** Milliseconds. */
  readonly registered: number;
  /** Milliseconds. Absent while the device is in good standing. */
  readonly blocked?: number;
  /** Milliseconds. When its customer gave it up, with nothing on it. */
  readonly closed?: number;
};

export class Devices {
  readonly #store: Store;
  /** When each blocked device was blocked. */
  readonly #blocked = new Map<Owner, number>();

  private constructor(store: Store) {
    this.#store = store;
  }

  static async open(store: Store): Promise<Devices> {
    const devices = new Devices(store);
    for await (const { owner, blocked } of devices.all()) {
      if (blocked !== undefined) devices.#blocked.set(owner, blocked);
    }
    return devices;
  }

  async get(owner: Owner): Promise<Device | undefined> {
    const row = await this.#store.get(keys.device(owner));
    return row === undefined ? undefined : decodeRow<Device>(row);
  }

  /** A device in good standing. @throws Refusal `unauthorised` if it is not ours, `revoked` if it is blocked. */
  async active(owner: Owner): Promise<Device> {
    const device = await this.get(owner);
    if (device === undefined) {
      throw new Refusal("unauthorised", "the device is not registered with this member");
    }
    if (device.blocked !== undefined)
      throw new Refusal("revoked", "the bank has blocked the device");
    return device;
  }

  /** When the device was blocked, in milliseconds. */
  blockedSince(owner: Owner): number | undefined {
    return this.#blocked.get(owner);
  }

  /** The blocked devices, and since when. */
  get blocked(): ReadonlyMap<Owner, number> {
    return this.#blocked;
  }

  /** Registers a device that is not known yet, together with what else is to be stored then. */
  async add(device: Device, also: readonly Change[]): Promise<void> {
    const owner = ownerOf(fromHex(device.key));
    await this.#store.write([
      { key: keys.device(owner), value: encodeRow(device), old: null },
      { key: keys.accountDevice(device.account, owner), value: EMPTY, old: null },
      ...also,
    ]);
  }

  /** Replaces the enrolment's leaf, after the issuer key has changed before the first one applied. */
  async enrolAnew(owner: Owner, enrolment: Uint8Array): Promise<void> {
    const device = await this.get(owner);
    if (device === undefined) throw new Refusal("not-found", `there is no device ${owner}`);
    const value = encodeRow({ ...device, enrolment: toHex(enrolment) } satisfies Device);
    await this.#store.write([{ key: keys.device(owner), value }]);
  }

  /** Blocks a device for good. @throws Refusal `not-found`. */
  async block(owner: Owner, now: number): Promise<void> {
    const device = await this.get(owner);
    if (device === undefined) throw new Refusal("not-found", `there is no device ${owner}`);
    if (device.blocked !== undefined) return;
    const value = encodeRow({ ...device, blocked: now } satisfies Device);
    await this.#store.write([{ key: keys.device(owner), value }]);
    this.#blocked.set(owner, now);
  }

  /** Blocks a device for good that its customer gives up. @throws Refusal `not-found`. */
  async close(owner: Owner, now: number): Promise<void> {
    const device = await this.get(owner);
    if (device === undefined) throw new Refusal("not-found", `there is no device ${owner}`);
    if (device.closed !== undefined) return;
    const blocked = device.blocked ?? now;
    const value = encodeRow({ ...device, blocked, closed: now } satisfies Device);
    await this.#store.write([{ key: keys.device(owner), value }]);
    this.#blocked.set(owner, blocked);
  }

  /** Devices, ascending by owner, after that of the last page. */
  async *all(page: { after?: Owner | undefined; limit?: number } = {}) {
    const range = ranges.devicesAfter(page.after);
    const limit = page.limit === undefined ? {} : { limit: page.limit };
    for await (const [key, value] of this.#store.entries({ ...range, ...limit })) {
      yield { owner: toHex(key.subarray(1)), ...decodeRow<Device>(value) };
    }
  }

  /** The devices of an account. */
  async of(account: AccountId): Promise<Owner[]> {
    const owners: Owner[] = [];
    for await (const [key] of this.#store.entries(ranges.accountDevices(account))) {
      owners.push(toHex(key.subarray(-OWNER_LENGTH)));
    }
    return owners;
  }
}

export const deviceClassNames = Object.keys(deviceClasses) as DeviceClass[];
