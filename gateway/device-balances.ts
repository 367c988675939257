/**
 * Keeps the bank's books in step with what its customers' devices hold on the ledger. Devices pay each other
 * without asking anyone; when such a payment has applied, the payer's frozen part is to shrink and the
 * payee's to grow, wherever the record came in. So a device's balance is not added up from records: it is
 * asked of the ledger, whenever something was heard of the device, and of all devices now and then.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Owner, ownerOf } from "../protocol/key.ts";
import { decodeLeaf } from "../protocol/leaf.ts";
import type { NodeClient } from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { Accounts } from "./accounts.ts";
import type { Devices } from "./devices.ts";
import type { Outcome } from "./outcome.ts";
import { Recurring } from "./recurring.ts";

export type DeviceBalancesParts = {
  readonly accounts: Pick<Accounts, "settle">;
  readonly devices: Pick<Devices, "all" | "get">;
  readonly node: Pick<NodeClient, "enrolment">;
  readonly logger: Logger;
  /** How often all devices are asked for. */
  readonly sweepMs: number;
};

/** After a failure, which is the node's or the core system's. */
const RETRY_MS = 1000;

export class DeviceBalances {
  readonly #parts: DeviceBalancesParts;
  /** Owners that something was heard of, devices of ours or not. */
  readonly #touched = new Set<Owner>();
  readonly #stopping = new AbortController();
  #wake: () => void = () => undefined;
  readonly #sweeping: Recurring;
  #running: Promise<void> | undefined;

  constructor(parts: DeviceBalancesParts) {
    this.#parts = parts;
    const { sweepMs: everyMs, logger } = parts;
    const failure = "the devices' balances could not all be asked for";
    this.#sweeping = new Recurring({ task: () => this.sweep(), everyMs, logger, failure });
  }

  start(): void {
    this.#sweeping.start();
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#sweeping.stop();
    await this.#running;
  }

  /** Something was heard of this owner: its balance is asked for soon. */
  touch(owner: Owner): void {
    this.#touched.add(owner);
    this.#wake();
  }

  /** Touches those whose coins a record has moved. */
  async settle({ leaf, state }: Outcome): Promise<void> {
    if (state === "refused") return;
    const record = decodeLeaf(leaf.bytes);
    if (record.kind === "enrolment") return;
    this.touch(ownerOf(record.signer));
    for (const { owner } of record.outputs) this.touch(owner);
  }

  /** Asks for all devices, one after the other. Costs a call and seldom a posting for each. */
  async sweep(): Promise<void> {
    for await (const { owner } of this.#parts.devices.all()) {
      if (this.#stopping.signal.aborted) return;
      // One that is not known now is asked for again by itself: those after it do not wait for it.
      await this.#ask(owner).catch(() => this.touch(owner));
    }
  }

  async #ask(owner: Owner): Promise<void> {
    const { devices, node, accounts } = this.#parts;
    const device = await devices.get(owner);
    if (device === undefined) return;
    const { balance, seq } = await node.enrolment(owner);
    await accounts.settle(device.account, owner, BigInt(balance), seq);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      for (const owner of this.#touched) {
        if (signal.aborted) return;
        this.#touched.delete(owner);
        try {
          await this.#ask(owner);
        } catch (error) {
          this.#parts.logger.warn({ err: error, owner }, "a device's balance is not known");
          this.#touched.add(owner);
          await this.#pause(RETRY_MS);
        }
      }
      if (this.#touched.size > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Or until the stop. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
