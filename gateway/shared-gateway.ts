/**
 * A gateway that is one of several processes over one store: it is active, or it stands by and becomes active when the
 * one that is ends. Only the active one decides anything; so all that the parts of a gateway hold in memory is right,
 * as in a gateway that is alone. It stays active until it ends: one that has lost the store begins anew.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "../protocol/refusal.ts";
import { StoreAwayError } from "../node/service/store-errors.ts";
import type { TlsMaterial } from "../node/service/listener.ts";
import type { GatewayOptions, GatewayParts } from "./assembly.ts";
import { Gateway } from "./gateway.ts";
import type { GatewayUrls } from "./listeners.ts";
import type { Lead, SharedStore } from "./postgres/shared-store.ts";
import { announce, makeSecret } from "./standby/active-process.ts";
import { Peers } from "./standby/peers.ts";
import { Standby } from "./standby/standby.ts";

export type SharedGatewayParts = Omit<GatewayParts, "store" | "isShared"> & {
  readonly shared: SharedStore;
};

export type SharedGatewayOptions = GatewayOptions & {
  /** Where the others reach this process while it is active. */
  readonly peers: { readonly host: string; readonly port: number; readonly tls?: TlsMaterial };
};

/** How often it is tried to take the place of a process that may have ended. */
const TURN_MS = 500;

export class SharedGateway implements AsyncDisposable {
  readonly #parts: SharedGatewayParts;
  readonly #options: SharedGatewayOptions;
  readonly #stopping = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  #running = new AsyncDisposableStack();
  #standby: Standby | undefined;
  #gateway: Gateway | undefined;
  #waiting: Promise<void> | undefined;
  #isStoreAway = false;

  constructor(parts: SharedGatewayParts, options: SharedGatewayOptions) {
    this.#parts = parts;
    this.#options = options;
    // Whoever waits for a failure may come later, or not at all.
    this.#failed.promise.catch(() => undefined);
  }

  /** Whether it is the one that decides. */
  get isActive(): boolean {
    return this.#gateway !== undefined;
  }

  /** The same whether it is active or stands by. */
  get urls(): GatewayUrls {
    return (this.#gateway ?? this.#standby!).urls;
  }

  /** Rejects when it cannot go on: the process is to end, and to be started again. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Listens when it returns. @throws Refusal on what the operator must mend. `stop` lets go of what was taken. */
  async start(): Promise<void> {
    const { metrics } = this.#parts;
    metrics.watch("gateway_active", "1 in the process that is active", () => +this.isActive);
    const lead = await this.#tryLead();
    if (lead !== undefined) return this.#activate(lead, this.#options);
    const { peers, ...options } = this.#options;
    const store = this.#parts.shared.standby;
    this.#standby = new Standby({ ...this.#parts, store }, { ...options, peersTls: peers.tls });
    await this.#running.use(this.#standby).start();
    this.#parts.logger.info({}, "another process of the gateway is active: this one stands by");
    this.#waiting = this.#takeTurn();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#waiting;
    await this.#running.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #takeTurn(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      while (!signal.aborted) {
        const lead = await this.#tryLead();
        if (lead !== undefined) return await this.#succeed(lead);
        await sleep(TURN_MS, undefined, { signal }).catch(() => undefined);
      }
    } catch (error) {
      this.#fail(error, "it could not become the active one");
    }
  }

  /** From standing by to active, on the same ports. */
  async #succeed(lead: Lead): Promise<void> {
    const urls = this.#standby!.urls;
    await this.#running.disposeAsync();
    this.#running = new AsyncDisposableStack();
    const { devices, staff, management, merchants } = this.#options;
    await this.#activate(lead, {
      ...this.#options,
      devices: { ...devices, port: portOf(urls.devices) },
      staff: { ...staff, port: portOf(urls.staff) },
      management: { ...management, port: portOf(urls.management) },
      merchants: urls.merchants ? { ...merchants, port: portOf(urls.merchants) } : merchants,
    });
  }

  async #activate(
    lead: Lead,
    { peers: options, ...settings }: SharedGatewayOptions,
  ): Promise<void> {
    this.#running.use(lead);
    lead.lost.catch((error: unknown) =>
      this.#fail(error, "the store is lost, and with it the lead"),
    );
    const { shared: _, ...parts } = this.#parts;
    const gateway = new Gateway({ ...parts, store: lead.store, isShared: true }, settings);
    gateway.failed.catch((error: unknown) => this.#failed.reject(error));
    await gateway.start();
    this.#running.use(gateway);
    const { random, logger } = parts;
    const peers = new Peers(makeSecret(random), (...asked) => gateway.take(...asked), options);
    await this.#running.use(peers).start();
    await announce(lead.store, peers.process);
    this.#gateway = gateway;
    logger.info({ peers: peers.process.url }, "this process of the gateway is active");
  }

  /** @returns undefined while another is active, or the store is away. */
  async #tryLead(): Promise<Lead | undefined> {
    const { shared, logger } = this.#parts;
    try {
      const lead = await shared.lead();
      if (this.#isStoreAway) logger.info({}, "the store answers again");
      this.#isStoreAway = false;
      return lead;
    } catch (error) {
      if (!(error instanceof StoreAwayError)) throw error;
      if (!this.#isStoreAway) logger.warn({ err: error }, "the store is away");
      this.#isStoreAway = true;
      return undefined;
    }
  }

  #fail(error: unknown, what: string): void {
    if (this.#stopping.signal.aborted) return;
    if (!isRefusal(error)) this.#parts.logger.fatal({ err: error }, what);
    this.#failed.reject(error);
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
