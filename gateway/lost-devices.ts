/**
 * A lost device: blocked at once, revoked on the chain by the node, and when `reclaimDelay` has passed all that
 * it still holds is taken back, in rounds, for as long as payments still come to it. What nobody else can prove
 * to be his any more becomes the customer's, in the account or on a new device. Each step is durable and is
 * found again by a restart; all of it may be asked again.
 */
import { fromHex, type Hex, toHex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import { decodeLeaf } from "../protocol/leaf.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";
import type { NodeClient } from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { Credentials } from "./credentials.ts";
import type { Devices } from "./devices.ts";
import { keys, ranges } from "./keys.ts";
import type { Loads } from "./loads.ts";
import type { Outcome } from "./outcome.ts";
import {
  contestedOf,
  creditedOf,
  provenOf,
  type Reclaim,
  type Reclaims,
  sumOf,
} from "./reclaims.ts";
import { Recurring } from "./recurring.ts";
import type { Revocations } from "./revocations.ts";
import { decodeRow, encodeRow } from "./row.ts";
import { Serial } from "./serial.ts";
import type { Store } from "./store.ts";

export type LostDevicesParts = {
  readonly store: Store;
  readonly devices: Devices;
  readonly revocations: Pick<Revocations, "revokedSince">;
  readonly reclaims: Reclaims;
  readonly credentials: Credentials;
  readonly credentialLifeMs: number;
  readonly loads: Pick<Loads, "ask">;
  readonly node: Pick<NodeClient, "enrolment">;
  /** Throws while the node is not up with the chain. */
  readonly checkNode: () => void;
  readonly reclaimDelayMs: () => number;
  readonly logger: Logger;
  readonly clock: () => number;
  /** How often those are seen to for which something is to be done, and how often the others. */
  readonly everyMs: number;
  readonly sweepMs: number;
};

type LostRow = {
  /** Milliseconds. */
  readonly reported: number;
  /** Its customer has it still, and gave it up. */
  readonly isClosed?: true;
  readonly replacement?: {
    /** Hash of the credential that the customer's new device enrols with. */
    readonly credential: Hex;
    /** Whether what is recovered is loaded onto it. */
    readonly load: boolean;
  };
};

/** How a lost device stands. Amounts in minor units, times in milliseconds. */
export type LostDevice = {
  readonly reported: number;
  /** It is not lost: its customer gave it up, empty, and what comes to it late is taken back all the same. */
  readonly isClosed?: true;
  /** Block time of its revocation; absent until the chain has it. */
  readonly revoked?: number;
  readonly reclaimableFrom?: number;
  /** What the ledger says it still holds. */
  readonly onDevice: bigint;
  /** What was taken back, all together. */
  readonly reclaimed: bigint;
  /** What of it payees have proven to be theirs, by a record that names the same coins. */
  readonly proven: bigint;
  /** What of it is the customer's. */
  readonly credited: bigint;
  /** What of it was not credited, as a payment names it, and for which no payee was paid: the bank looks at it. */
  readonly contested: bigint;
  /** When the next of it becomes the customer's, unless a payee comes before. */
  readonly creditFrom?: number;
  readonly replacement?: {
    readonly device?: Owner;
    readonly load: boolean;
    readonly loaded: bigint;
  };
};

export class LostDevices {
  readonly #parts: LostDevicesParts;
  readonly #serial = new Serial();
  readonly #rows = new Map<Owner, LostRow>();
  /** When each is looked at next. */
  readonly #due = new Map<Owner, number>();
  readonly #touring: Recurring;
  #isStopping = false;

  private constructor(parts: LostDevicesParts) {
    this.#parts = parts;
    const { everyMs, logger } = parts;
    const failure = "lost devices could not be seen to";
    this.#touring = new Recurring({ task: () => this.#tour(), everyMs, logger, failure });
  }

  static async open(parts: LostDevicesParts): Promise<LostDevices> {
    const lost = new LostDevices(parts);
    for await (const [key, value] of parts.store.entries(ranges.lostDevices)) {
      lost.#rows.set(toHex(key.subarray(1)), decodeRow<LostRow>(value));
    }
    return lost;
  }

  start(): void {
    this.#touring.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#touring.stop();
  }

  /** Blocks a device that its customer has lost, and sees to the rest. @throws Refusal `not-found`. */
  async report(owner: Owner): Promise<void> {
    await this.#serial.run(async () => {
      const { devices, clock } = this.#parts;
      await devices.block(owner, clock());
      if (!this.#rows.has(owner)) await this.#save(owner, { reported: clock() });
    });
  }

  /** Blocks an empty device that its customer gives up: what comes to it late is taken back. @throws Refusal `not-found`. */
  async close(owner: Owner): Promise<void> {
    await this.#serial.run(async () => {
      const { devices, clock } = this.#parts;
      await devices.close(owner, clock());
      if (!this.#rows.has(owner)) await this.#save(owner, { reported: clock(), isClosed: true });
    });
  }

  /**
   * Lets the customer enrol another device in the place of a lost one.
   * @param load whether what is recovered is to be loaded onto it.
   * @returns a credential, in the place of one given before; none once a device was enrolled with it.
   * @throws Refusal `not-found` for a device that was not reported.
   */
  replace(owner: Owner, load: boolean): Promise<{ text: string; expires: number } | undefined> {
    return this.#serial.run(async () => {
      const { devices, credentials, credentialLifeMs } = this.#parts;
      const row = this.#rows.get(owner);
      const device = await devices.get(owner);
      if (row === undefined || device === undefined) {
        throw new Refusal("not-found", `device ${owner} was not reported lost`);
      }
      const before = row.replacement?.credential;
      if (before !== undefined && (await credentials.userOf(before)) !== undefined) {
        await this.#save(owner, { ...row, replacement: { credential: before, load } });
        return undefined;
      }
      if (before !== undefined) await credentials.withdraw(before);
      const { account, customer, class: deviceClass, label } = device;
      const holder = { account, customer, class: deviceClass, label };
      const { hash, ...issued } = await credentials.issue(holder, credentialLifeMs);
      await this.#save(owner, { ...row, replacement: { credential: hash, load } });
      return issued;
    });
  }

  /** How a lost device stands; undefined for one that was not reported. */
  async stateOf(owner: Owner): Promise<LostDevice | undefined> {
    const row = this.#rows.get(owner);
    if (row === undefined) return undefined;
    const { reclaims, revocations, node, credentials } = this.#parts;
    const applied = reclaims.of(owner).filter(isApplied);
    const total = (amount: (reclaim: Reclaim) => bigint) =>
      applied.reduce((sum, reclaim) => sum + amount(reclaim), 0n);
    const dues = applied.flatMap((each) =>
      each.state === "applied" ? (reclaims.dueAt(each) ?? []) : [],
    );
    const { replacement } = row;
    return {
      reported: row.reported,
      ...present("isClosed", row.isClosed),
      ...present("revoked", revocations.revokedSince(owner)),
      ...present("reclaimableFrom", this.#reclaimableFrom(owner)),
      onDevice: BigInt((await node.enrolment(owner)).balance),
      reclaimed: total(({ coins }) => sumOf(coins)),
      proven: total(provenOf),
      credited: total(creditedOf),
      contested: total(contestedOf),
      ...present("creditFrom", dues.length === 0 ? undefined : Math.min(...dues)),
      ...(replacement && {
        replacement: {
          ...present("device", await credentials.userOf(replacement.credential)),
          load: replacement.load,
          loaded: total((each) => (each.loaded === "" ? creditedOf(each) : 0n)),
        },
      }),
    };
  }

  /** Looks at once at a lost device that a record has paid. */
  async settle({ leaf, state }: Outcome): Promise<void> {
    if (state === "refused") return;
    const record = decodeLeaf(leaf.bytes);
    if (record.kind === "enrolment") return;
    for (const { owner } of record.outputs) this.#due.delete(owner);
  }

  #reclaimableFrom(owner: Owner): number | undefined {
    const revoked = this.#parts.revocations.revokedSince(owner);
    return revoked === undefined ? undefined : revoked + this.#parts.reclaimDelayMs();
  }

  async #tour(): Promise<void> {
    const { clock, logger, sweepMs, checkNode } = this.#parts;
    if (this.#rows.size > 0) checkNode();
    for (const owner of this.#rows.keys()) {
      if (this.#isStopping) return;
      const from = this.#reclaimableFrom(owner);
      const isDue = (this.#due.get(owner) ?? 0) <= clock();
      if (!isDue || from === undefined || clock() < from) continue;
      try {
        const isBusy = await this.#seeTo(owner, from);
        if (!isBusy) this.#due.set(owner, clock() + sweepMs);
      } catch (error) {
        logger.warn({ err: error, owner }, "a lost device could not be seen to");
      }
    }
  }

  /** One round. @returns whether there is more to do soon. */
  async #seeTo(owner: Owner, from: number): Promise<boolean> {
    const { reclaims, devices } = this.#parts;
    await reclaims.follow(owner);
    const hasTaken = await reclaims.takeBack(owner, from);
    const device = await devices.get(owner);
    await reclaims.credit(owner, device!.account);
    const isLoading = await this.#loadReplacement(owner);
    return hasTaken || isLoading || reclaims.of(owner).some(isUnderWay);
  }

  /** Loads what was credited, one load for each reclaim. @returns whether one is under way. */
  async #loadReplacement(owner: Owner): Promise<boolean> {
    const { reclaims, credentials } = this.#parts;
    const replacement = this.#rows.get(owner)?.replacement;
    if (replacement === undefined || !replacement.load) return false;
    const device = await credentials.userOf(replacement.credential);
    if (device === undefined) return false;
    let isLoading = false;
    for (const reclaim of reclaims.of(owner)) {
      const isWanted = creditedOf(reclaim) > 0n && reclaim.loaded === undefined;
      if (isWanted && !(await this.#load(owner, device, reclaim))) isLoading = true;
    }
    return isLoading;
  }

  /** Asked again, it is the same load. @returns whether that is over. */
  async #load(owner: Owner, device: Owner, reclaim: Reclaim): Promise<boolean> {
    const { reclaims, loads } = this.#parts;
    const id = fromHex(reclaim.id).subarray(0, 16);
    const ask = { kind: "load", id, amount: creditedOf(reclaim), parts: [] } as const;
    try {
      const { state } = await loads.ask(device, ask);
      if (state === "applied") await reclaims.noteLoad(owner, reclaim, "");
      return state === "applied";
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (error.row.retry) return false;
      // It stays in the account, where the customer can dispose of it.
      await reclaims.noteLoad(owner, reclaim, error.code);
      return true;
    }
  }

  async #save(owner: Owner, row: LostRow): Promise<void> {
    await this.#parts.store.write([{ key: keys.lostDevice(owner), value: encodeRow(row) }]);
    this.#rows.set(owner, row);
    this.#due.delete(owner);
  }
}

function isApplied({ state }: Reclaim): boolean {
  return state === "applied" || state === "credited";
}

/** Whether the ledger is soon to say more of it. */
function isUnderWay({ state, settled }: Reclaim): boolean {
  return state === "made" || (state === "applied" && settled === undefined);
}

function present<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value };
}
