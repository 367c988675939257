/**
 * A member's gateway: its parts (assembly.ts), set going and made to listen. Everything durable is in one
 * store; everything about the ledger is asked of the member's node. It runs until it is stopped or a write
 * fails.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { fromHex, type Hex } from "../protocol/bytes.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Seen } from "../node/service/http-server.ts";
import { assemble, type Assembly, type GatewayOptions, type GatewayParts } from "./assembly.ts";
import { customerRoutes } from "./authorization/customer-routes.ts";
import type { BankRow } from "./authorization/schema.ts";
import { serviceRoutes } from "./authorization/service-routes.ts";
import { claimRoutes, claimStaffRoutes } from "./claims/routes.ts";
import { merchantRoutes } from "./merchants/merchant-routes.ts";
import { merchantStaffRoutes } from "./merchants/staff-routes.ts";
import type { Intake } from "./intake.ts";
import { type GatewayUrls, Listeners, type PassedListener } from "./listeners.ts";
import { managementRoutes } from "./management-routes.ts";
import { NodeWatch } from "./node-watch.ts";
import { readinessOf } from "./readiness.ts";
import { Recurring } from "./recurring.ts";
import type { Revocations } from "./revocations.ts";
import { BUILT_PAGES, pageRoutes, PAYMENT_PATH, paymentPageRoutes } from "./pages.ts";
import { gatewayRoutes, memberInfo, networkInfo } from "./routes.ts";
import { staffRoutes } from "./staff-routes.ts";
import type { TrustLists } from "./trust-lists.ts";
import { watchWrites } from "./store.ts";
import type { Vault } from "./vault.ts";
import { webhookRoutes } from "./webhooks/staff-routes.ts";

/** How often letters of processes that stand by are looked for. */
const LETTERS_MS = 100;

export class Gateway {
  readonly #parts: GatewayParts;
  readonly #options: GatewayOptions;
  /** Undone in the opposite order, as far as it came. */
  readonly #running = new AsyncDisposableStack();
  readonly #failed = Promise.withResolvers<never>();
  readonly #listeners: Listeners;

  constructor(parts: GatewayParts, options: GatewayOptions) {
    this.#parts = {
      ...parts,
      store: watchWrites(parts.store, (error) => {
        parts.logger.fatal({ err: error }, "the gateway cannot go on: a write failed");
        this.#failed.reject(error);
      }),
    };
    this.#options = options;
    this.#listeners = new Listeners(parts, options);
    // Whoever waits for a failure may come later, or not at all.
    this.#failed.promise.catch(() => undefined);
  }

  /** Where devices come. */
  get url(): string {
    return this.#listeners.url("devices")!;
  }

  /** Where the bank's own people and systems come. */
  get staffUrl(): string {
    return this.#listeners.url("staff")!;
  }

  /** Where merchants come, if there is such a place. */
  get merchantsUrl(): string | undefined {
    return this.#listeners.url("merchants");
  }

  /** Where its operators come. */
  get managementUrl(): string {
    return this.#listeners.url("management")!;
  }

  /** Of the listeners that there are. */
  get urls(): GatewayUrls {
    return this.#listeners.urls;
  }

  /** Answers what was passed on by a process that stands by. */
  take(
    listener: PassedListener,
    request: IncomingMessage,
    response: ServerResponse,
    seen: Seen,
  ): void {
    this.#listeners.take(listener, request, response, seen);
  }

  /** Rejects when the gateway cannot go on: it is to be stopped, and may be started again. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** @throws Refusal on what the operator must mend, such as `wrong-network`, `in-use`. */
  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#running.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(): Promise<void> {
    const { network, node, logger, clock, keys } = this.#parts;
    const watch = await this.#watchNode();
    const page = () => this.#options.authorization.page ?? `${this.url}${PAYMENT_PATH}`;
    const parts = await assemble(this.#parts, this.#options, watch, page);
    const { forwarder, vault, loads, redemptions, balances, lists, revocations } = parts;
    const { intake, lost, doubleSpends, recordEvents, parcels, banking } = parts;
    const { transfers, payments, orders, outbox, claims, claimBook } = parts;
    const { foreignClaims, unclaimed } = parts;
    for (const part of [vault, loads, transfers, redemptions, claimBook, balances, lost]) {
      forwarder.onOutcome((outcome) => part.settle(outcome));
    }
    watch.onEvent((event) => forwarder.handle(event));
    watch.onEvent((event) => revocations.handle(event));
    watch.onEvent((event) => recordEvents.handle(event));
    doubleSpends.onChange((row) => recordEvents.handleDoubleSpend(row));
    intake.onTaken((leaves) => recordEvents.handleTaken(leaves));
    // Devices that come at once need lists; what is not published yet is asked for again.
    await lists.refresh();
    for (const part of [
      forwarder,
      loads,
      balances,
      lists,
      this.#watchVault(vault),
      this.#carryRevocations(revocations),
      doubleSpends,
      lost,
      parcels,
      claims,
      foreignClaims,
      unclaimed,
      ...(banking === undefined ? [] : [banking]),
      ...(this.#parts.isShared === true ? [this.#adoptLetters(parts.intake)] : []),
    ]) {
      part.start();
      this.#running.defer(() => part.stop());
    }
    this.#measure(parts);

    const listeners = this.#listeners;
    const { member, credentials: issuing } = this.#options;
    const checks = {
      ...readinessOf({
        issuer: parts.ledgerIssuer,
        treasury: parts.vaultKey,
        member,
        watch,
        trust: parts.trust,
        clock,
      }),
      drain: () => (listeners.draining.isDraining ? "callers are sent elsewhere" : undefined),
    };
    const { networkId, currency } = network;
    const { invitationLifeMs } = this.#options.authorization;
    const staff = { ...parts, node, member, clock, currency, networkId: fromHex(networkId, 32) };
    this.#running.use(listeners);
    const operators = managementRoutes({ logger, listeners });
    await listeners.open("management", { routes: operators, checks });
    await listeners.open("staff", {
      routes: [
        ...staffRoutes({ ...staff, credentialLifeMs: issuing.lifeMs }),
        ...serviceRoutes({ ...parts, invitationLifeMs }),
        ...merchantStaffRoutes(parts),
        ...webhookRoutes(parts),
        ...claimStaffRoutes({ ...parts, member }),
      ],
      callers: this.#parts.callers,
      replays: parts.replays,
    });
    const info = () =>
      memberInfo({
        networkId,
        member,
        vault: vault.owner,
        issuer: parts.ledgerIssuer.publicKey,
        intake: keys.intake.publicKey,
      });
    const { authority, pages } = this.#options;
    const facts = () =>
      networkInfo({
        network,
        member,
        trust: parts.trust.newest,
        trustKey: authority.trustKey as Hex,
        receiptLifeMs: watch.receiptLifeMs(),
      });
    const routes = gatewayRoutes({ ...parts, info, network: facts });
    await listeners.open("devices", {
      routes: [
        ...routes,
        ...customerRoutes({ ...parts, currency, banks: () => this.#banks(parts.trust) }),
        ...claimRoutes({ ...parts, member }),
        ...(await pageRoutes(pages ?? BUILT_PAGES)),
        ...(await paymentPageRoutes()),
      ],
    });
    if (this.#options.tls.merchants !== undefined) {
      await listeners.open("merchants", { routes: merchantRoutes({ ...parts, page }) });
    }
    // Merchants are told where the payment page is: it is known by now.
    for (const part of [transfers, payments, orders, outbox]) {
      part.start();
      this.#running.defer(() => part.stop());
    }
  }

  /** The banks of the network, as far as a trust list names them and the network file their gateways. */
  #banks(trust: TrustLists): BankRow[] {
    const names = new Map(trust.newest?.members.map(({ member, name }) => [member, name]));
    return this.#parts.network.gateways.flatMap(({ member, url }) => {
      const name = names.get(member);
      const page = `${url.replace(/\/$/, "")}${PAYMENT_PATH}`;
      return name === undefined ? [] : [{ member, name, url: page }];
    });
  }

  async #watchNode(): Promise<NodeWatch> {
    const { network, node, logger } = this.#parts;
    const { everyMs } = this.#options.watch;
    const { networkId } = network;
    const watch = new NodeWatch({ node, networkId, logger, everyMs });
    this.#running.defer(() => watch.stop());
    await watch.start();
    if (watch.isForeign) throw new Refusal("wrong-network", watch.trouble!);
    return watch;
  }

  /** Looks at the vault's coins now and then, so that money is credited whichever way it came, and under the present key. */
  #watchVault(vault: Vault): Recurring {
    return new Recurring({
      task: async () => {
        await vault.gather();
        await vault.coins();
      },
      everyMs: this.#options.watch.everyMs,
      logger: this.#parts.logger,
      failure: "the vault's coins are not known",
    });
  }

  /** Sees to it that who is blocked here is revoked on the chain, however long that takes. */
  #carryRevocations(revocations: Revocations): Recurring {
    return new Recurring({
      task: () => revocations.carryToChain(),
      everyMs: this.#options.watch.everyMs,
      logger: this.#parts.logger,
      failure: "devices are blocked that the chain does not know of yet",
    });
  }

  /** Takes over what processes that stand by have acknowledged. */
  #adoptLetters(intake: Intake): Recurring {
    return new Recurring({
      task: () => intake.adopt(),
      everyMs: LETTERS_MS,
      logger: this.#parts.logger,
      failure: "leaves that other processes took in wait",
    });
  }

  #measure({ intake, loads, vault, parcels, foreignClaims, outbox }: Assembly): void {
    const { metrics } = this.#parts;
    metrics.watch("gateway_intake_leaves", "Leaves that are not final", () => intake.size);
    metrics.watch("gateway_intake_bytes", "Their bytes", () => intake.sizeBytes);
    metrics.watch("gateway_loads_open", "Loads that are not final", () => loads.open);
    metrics.watch("gateway_parcels", "Parcels and answers kept for others", () => parcels.size);
    metrics.watch(
      "gateway_claims_waiting",
      "Claims that other members have not answered",
      () => foreignClaims.waiting,
    );
    metrics.watch(
      "gateway_webhooks_waiting",
      "Notices that receivers have not heard",
      () => outbox.totals.waiting,
    );
    metrics.watch(
      "gateway_webhooks_parked",
      "Receivers that nothing is sent to: they have heard nothing for long",
      () => outbox.totals.parked,
    );
    metrics.watch("gateway_vault_spends", "Spends of the vault's not final", () => vault.spending);
  }
}
