/**
 * A gateway's process while another is active: it listens where a gateway does, takes leaves in by itself, and passes
 * all else on. It needs neither the node nor the active process to take leaves, but the store alone.
 */
import { encodeAcknowledgement } from "../../protocol/acknowledgement.ts";
import { fromHex } from "../../protocol/bytes.ts";
import {
  checkDeviceRequestSignature,
  checkDeviceRequestTime,
  decodeDeviceRequest,
} from "../../protocol/device-request.ts";
import { encodeDeviceReply } from "../../protocol/device-reply.ts";
import { ownerOf } from "../../protocol/key.ts";
import { decodeLeaves } from "../../protocol/leaf-list.ts";
import { limits } from "../../protocol/limits.ts";
import { decodeTrustList, type SignedTrustList } from "../../protocol/lists.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import type { Asked, Passed } from "../../node/service/http-server.ts";
import type { TlsMaterial } from "../../node/service/listener.ts";
import { StoreAwayError } from "../../node/service/store-errors.ts";
import type { GatewayOptions, GatewayParts } from "../assembly.ts";
import { keys, ranges } from "../keys.ts";
import { type GatewayUrls, Listeners, type PassedListener, passedListeners } from "../listeners.ts";
import { managementRoutes } from "../management-routes.ts";
import { NodeWatch } from "../node-watch.ts";
import { PresentKey } from "../present-key.ts";
import { RateLimits } from "../rate-limits.ts";
import { StrangerRates } from "../stranger-rates.ts";
import { Recurring } from "../recurring.ts";
import { Forwarding } from "./forwarding.ts";
import { Letterbox } from "./letterbox.ts";

export type StandbyParts = Pick<
  GatewayParts,
  "network" | "keys" | "store" | "node" | "verifier" | "random" | "clock" | "logger" | "metrics"
>;

export type StandbyOptions = GatewayOptions & {
  /** To reach the active process on another machine. */
  readonly peersTls?: TlsMaterial | undefined;
};

const BYTES = "application/octet-stream";
/** The largest that any route of the active process takes. */
const BODY_MAX = limits.gatewayPayloadMax + 512;
/** What has nothing to do with what is asked. */
const ownRefusals: ReadonlySet<RefusalCode> = new Set(["busy", "rate-limited", "unavailable"]);
const NEWEST_LIST = { ...ranges.trustLists, reverse: true, limit: 1 };
/** Devices whose share of what may be asked is remembered. */
const NAMES_MAX = 10_000;

export class Standby implements AsyncDisposable {
  readonly #parts: StandbyParts;
  readonly #options: StandbyOptions;
  readonly #networkId: Uint8Array;
  readonly #watch: NodeWatch;
  readonly #letterbox: Letterbox;
  readonly #forwarding: Forwarding;
  readonly #rates: RateLimits;
  readonly #strangerRates: StrangerRates;
  readonly #running = new AsyncDisposableStack();
  readonly #listeners: Listeners;
  /** By which devices know the member's word, as the newest trust list in the store says. */
  #issuers: readonly Uint8Array[] = [];
  #storeTrouble: string | undefined = "the store has not answered yet";

  constructor(parts: StandbyParts, options: StandbyOptions) {
    const { network, keys: held, verifier, clock } = parts;
    const { member, intake, rates, watch } = options;
    this.#parts = parts;
    this.#options = options;
    this.#networkId = fromHex(network.networkId, 32);
    this.#watch = new NodeWatch({ ...parts, networkId: network.networkId, everyMs: watch.everyMs });
    this.#letterbox = new Letterbox({
      ...parts,
      networkId: this.#networkId,
      member,
      issuer: new PresentKey([held.issuer, held.nextIssuer], () => [
        ...this.#issuers,
        this.#watch.issuerOf(member),
      ]),
      verifier: intake.check === "signatures" ? verifier : undefined,
      leavesMax: intake.leavesMax,
    });
    this.#listeners = new Listeners(parts, options);
    this.#forwarding = new Forwarding(parts.store, options.peersTls);
    const { devicePerS: perS, deviceBurst: burst } = rates;
    this.#rates = new RateLimits({ perS, burst, namesMax: NAMES_MAX }, clock);
    this.#strangerRates = new StrangerRates(rates, clock);
  }

  /** @throws Refusal `in-use`, `bad-configuration`. `stop` lets go of what was taken. */
  async start(): Promise<void> {
    this.#running.defer(() => this.#watch.stop());
    await this.#watch.start();
    const { logger } = this.#parts;
    const { everyMs } = this.#options.watch;
    const failure = "what the store says is not understood";
    const looking = new Recurring({ task: () => this.#look(), everyMs, logger, failure });
    looking.start();
    this.#running.defer(() => looking.stop());
    this.#running.defer(() => this.#forwarding.close());
    await this.#listen(this.#running.use(this.#listeners));
  }

  async stop(): Promise<void> {
    await this.#running.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Of the listeners that there are. */
  get urls(): GatewayUrls {
    return this.#listeners.urls;
  }

  async #listen(listeners: Listeners): Promise<void> {
    const { logger } = this.#parts;
    const checks = {
      node: () => this.#watch.trouble,
      store: () => this.#storeTrouble,
      drain: () => (listeners.draining.isDraining ? "callers are sent elsewhere" : undefined),
    };
    const operators = managementRoutes({ logger, listeners });
    await listeners.open("management", { routes: operators, checks });
    for (const who of passedListeners) {
      if (who === "merchants" && this.#options.tls.merchants === undefined) continue;
      const answer = (asked: Asked) => this.#answer(who, asked);
      await listeners.open(who, { routes: [], otherwise: { bodyMaxBytes: BODY_MAX, answer } });
    }
  }

  async #answer(listener: PassedListener, asked: Asked): Promise<Passed> {
    const reply = listener === "devices" ? await this.#keep(asked) : undefined;
    if (reply === undefined) return this.#forwarding.pass(listener, asked);
    return { status: 200, headers: { "content-type": BYTES }, body: reply };
  }

  /** @returns the reply, if these are leaves that are taken here. */
  async #keep({ method, url, headers, body, address }: Asked): Promise<Uint8Array | undefined> {
    if (method !== "POST" || body === undefined || headers["content-type"] !== BYTES)
      return undefined;
    try {
      if (url === "/v1/leaves") return await this.#keepLeaves(body, address);
      if (url === "/v1/device") return await this.#keepSubmission(body);
      return undefined;
    } catch (error) {
      // In which words it is refused, and with which lists, is for the active process to say.
      if (!isRefusal(error) || ownRefusals.has(error.code)) throw error;
      return undefined;
    }
  }

  async #keepLeaves(body: Uint8Array, address: string): Promise<Uint8Array | undefined> {
    const leaves = decodeLeaves(body);
    this.#strangerRates.takeLeaves(address, leaves.length);
    const acknowledgement = await this.#letterbox.take(leaves, false);
    return acknowledgement && encodeAcknowledgement(acknowledgement);
  }

  /** As at the desk (device-desk.ts), but for the nonce: handing in the same leaves twice tells and changes nothing. */
  async #keepSubmission(body: Uint8Array): Promise<Uint8Array | undefined> {
    const { verifier, clock, store } = this.#parts;
    const request = decodeDeviceRequest(body);
    const { ask, nonce } = request;
    if (ask.kind !== "submit" || request.member !== this.#options.member) return undefined;
    checkDeviceRequestSignature(this.#networkId, request, verifier);
    checkDeviceRequestTime(request, clock());
    const owner = ownerOf(request.deviceKey);
    this.#rates.take(owner, "the device asks");
    const isOwn = (await store.get(keys.device(owner))) !== undefined;
    const acknowledgement = await this.#letterbox.take(ask.leaves, isOwn);
    if (acknowledgement === undefined) return undefined;
    const answer = { kind: ask.kind, acknowledgement };
    return encodeDeviceReply({ nonce, outcome: "answered", answer });
  }

  async #look(): Promise<void> {
    const { store, logger } = this.#parts;
    const before = this.#storeTrouble;
    try {
      for await (const [, bytes] of store.entries(NEWEST_LIST)) this.#learn(decodeTrustList(bytes));
      this.#storeTrouble = undefined;
    } catch (error) {
      if (!(error instanceof StoreAwayError)) throw error;
      this.#storeTrouble = "the store does not answer";
      if (before !== this.#storeTrouble) logger.warn({ err: error }, this.#storeTrouble);
    }
  }

  #learn({ members }: SignedTrustList): void {
    const row = members.find(({ member }) => member === this.#options.member);
    this.#issuers = [row?.issuer, row?.previousIssuer].filter((key) => key !== undefined);
  }
}
