/**
 * A member's gateway: the only place where its parts meet. Everything durable is in one store; everything
 * about the ledger is asked of the member's node. It runs until it is stopped or a write fails.
 */
import { type Hex, fromHex } from "../protocol/bytes.ts";
import type { SealingKey } from "../protocol/hpke.ts";
import type { NetworkFile } from "../protocol/network-file.ts";
import type { Random } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Signer, Verifier } from "../protocol/signature.ts";
import type { NodeClient } from "../node/client.ts";
import { HttpServer } from "../node/service/http-server.ts";
import type { TlsMaterial } from "../node/service/listener.ts";
import { type Logger, Metrics } from "../node/service/telemetry.ts";
import { Certificates, limitsOf } from "./certificates.ts";
import type { GatewayConfig } from "./config.ts";
import { Credentials } from "./credentials.ts";
import { DeviceBalances } from "./device-balances.ts";
import { DeviceDesk } from "./device-desk.ts";
import { Devices } from "./devices.ts";
import { EmbeddedAccounts } from "./embedded-accounts.ts";
import { ForeignLists } from "./foreign-lists.ts";
import { Forwarder } from "./forwarder.ts";
import { Intake } from "./intake.ts";
import { Lists } from "./lists.ts";
import { Loads } from "./loads.ts";
import { NodeWatch } from "./node-watch.ts";
import { Nonces } from "./nonces.ts";
import { Onboarding } from "./onboarding.ts";
import { readinessOf } from "./readiness.ts";
import { Reasons } from "./reasons.ts";
import { Receipts } from "./receipts.ts";
import { RecordStatuses } from "./record-status.ts";
import { Recurring } from "./recurring.ts";
import { Redemptions } from "./redemptions.ts";
import { Revocations } from "./revocations.ts";
import { gatewayRoutes, memberInfo } from "./routes.ts";
import { staffRoutes } from "./staff-routes.ts";
import { type Store, watchWrites } from "./store.ts";
import { TrustLists } from "./trust-lists.ts";
import { Vault } from "./vault.ts";

export type GatewayParts = {
  readonly network: NetworkFile;
  readonly keys: {
    readonly issuer: Signer;
    readonly treasury: Signer;
    readonly intake: SealingKey;
  };
  readonly store: Store;
  readonly node: NodeClient;
  readonly verifier: Verifier;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Shown by the staff's listener. */
  readonly metrics: Metrics;
};

/** What the configuration says, with its files read. */
export type GatewayOptions = Omit<GatewayConfig, "network" | "data" | "node" | "keys" | "log"> & {
  readonly tls: { readonly devices?: TlsMaterial; readonly staff?: TlsMaterial };
};

const VERSION = "0.1.0";

export class Gateway {
  readonly #parts: GatewayParts;
  readonly #options: GatewayOptions;
  readonly #networkId: Uint8Array;
  /** Undone in the opposite order, as far as it came. */
  readonly #running = new AsyncDisposableStack();
  readonly #failed = Promise.withResolvers<never>();
  #devices: HttpServer | undefined;
  #staff: HttpServer | undefined;

  constructor(parts: GatewayParts, options: GatewayOptions) {
    this.#parts = {
      ...parts,
      store: watchWrites(parts.store, (error) => {
        parts.logger.fatal({ err: error }, "the gateway cannot go on: a write failed");
        this.#failed.reject(error);
      }),
    };
    this.#options = options;
    this.#networkId = fromHex(parts.network.networkId, 32);
    // Whoever waits for a failure may come later, or not at all.
    this.#failed.promise.catch(() => undefined);
  }

  /** Where devices come. */
  get url(): string {
    return this.#devices!.url;
  }

  /** Where the bank's own people and systems come. */
  get staffUrl(): string {
    return this.#staff!.url;
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
    const { network, keys, store, node, verifier, random, clock, logger } = this.#parts;
    const { member, audit, accounts: booking, loads: loading, intake: taking } = this.#options;
    const { issuer, treasury } = keys;
    const networkId = this.#networkId;
    const common = { networkId, member, store, node, clock, logger, issuer, random, verifier };

    const watch = await this.#watchNode();
    const receiptLifeMs = () => watch.receiptLifeMs();
    const accounts = await EmbeddedAccounts.open(store, clock);
    await accounts.openAccount(booking.suspense, "suspense");
    const devices = await Devices.open(store);
    const reasons = new Reasons();
    const intake = await Intake.open({
      ...common,
      ...taking,
      reasons,
      verifier: taking.check === "signatures" ? verifier : undefined,
    });
    const balances = new DeviceBalances({ ...common, accounts, devices, sweepMs: booking.sweepMs });
    const redemptions = new Redemptions({
      ...common,
      vaultOwner: Vault.ownerOf(treasury),
      accounts,
      suspense: booking.suspense,
      devices,
      balances,
      intake,
    });
    const vault = await Vault.open({
      ...common,
      treasury,
      intake,
      account: (ids) => redemptions.received(ids),
    });

    const trust = await this.#openTrustLists();
    const revocations = await Revocations.open({
      ...common,
      devices,
      receiptLifeMs,
      listLifeMs: this.#options.lists.lifeMs,
    });
    const foreign = new ForeignLists({
      ...common,
      gateways: network.gateways.filter((gateway) => gateway.member !== member),
      issuerOf: (id) => watch.issuerOf(id),
    });
    const { refreshMs } = this.#options.lists;
    const lists = new Lists({ trust, revocations, foreign, logger, refreshMs });

    const certificates = new Certificates({
      ...common,
      limits: limitsOf(this.#options.certificates),
      guarantee: () => trust.guaranteeOf(member),
      receiptLifeMs,
    });
    const credentials = new Credentials(store, random, clock);
    const auditKey =
      audit === undefined
        ? undefined
        : { epoch: audit.epoch, publicKey: fromHex(audit.key as Hex, 33) };
    const onboarding = new Onboarding({
      ...common,
      auditKey,
      intake,
      devices,
      credentials,
      certificates,
    });
    const receipts = new Receipts({
      ...common,
      checkNode: () => watch.checkCurrent(),
      intake,
      devices,
      isRevoked: (owner) => revocations.isRevoked(owner),
      receiptLifeMs,
    });
    const loads = await Loads.open({
      ...common,
      accounts,
      vault,
      onboarding,
      certificates,
      receipts,
      balances,
      smallest: BigInt(loading.smallest),
      retryMs: loading.retryMs,
    });
    const forwarder = new Forwarder({
      ...common,
      ...taking,
      intake,
      reasons,
      checkNode: () => watch.check(),
    });
    const statuses = new RecordStatuses({ ...common, intake, reasons });
    const desk = new DeviceDesk({
      ...common,
      intakeKey: keys.intake,
      devices,
      nonces: new Nonces(store, clock),
      onboarding,
      certificates,
      loads,
      redemptions,
      intake,
      statuses,
      receipts,
      lists,
    });

    for (const part of [vault, loads, redemptions, balances]) {
      forwarder.onOutcome((outcome) => part.settle(outcome));
    }
    watch.onEvent((event) => forwarder.handle(event));
    watch.onEvent((event) => revocations.handle(event));
    // Devices that come at once need lists; what is not published yet is asked for again.
    await lists.refresh();
    for (const part of [forwarder, loads, balances, lists, this.#watchVault(vault)]) {
      part.start();
      this.#running.defer(() => part.stop());
    }
    this.#measure(intake, loads, vault);

    const checks = readinessOf({ member, watch, trust, issuer, treasury, clock });
    const info = memberInfo({
      networkId: network.networkId,
      member,
      vault: vault.owner,
      issuer: issuer.publicKey,
      intake: keys.intake.publicKey,
    });
    const { metrics } = this.#parts;
    const credentialLifeMs = this.#options.credentials.lifeMs;
    this.#staff = await this.#listen(
      new HttpServer(
        {
          routes: staffRoutes({
            ...common,
            accounts,
            credentials,
            credentialLifeMs,
            devices,
            vault,
            intake,
            loads,
          }),
          logger,
          metrics,
          checks,
        },
        { title: "Tallystick gateway, staff", version: VERSION, ...this.#listening("staff") },
      ),
    );
    this.#devices = await this.#listen(
      new HttpServer(
        {
          routes: gatewayRoutes({ desk, intake, revocations, node, info }),
          logger,
          // Strangers see no more than how long they waited.
          metrics: new Metrics(),
          checks,
        },
        { title: "Tallystick gateway", version: VERSION, ...this.#listening("devices") },
      ),
    );
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

  async #openTrustLists(): Promise<TrustLists> {
    const { store, verifier } = this.#parts;
    const { trustKey, lists: source } = this.#options.authority;
    return TrustLists.open({
      networkId: this.#networkId,
      verifier,
      trustKey: fromHex(trustKey, 33),
      source,
      store,
    });
  }

  /** Looks at the vault's coins now and then, so that money is credited whichever way it came. */
  #watchVault(vault: Vault): Recurring {
    return new Recurring({
      task: async () => {
        await vault.coins();
      },
      everyMs: this.#options.watch.everyMs,
      logger: this.#parts.logger,
      failure: "the vault's coins are not known",
    });
  }

  #measure(intake: Intake, loads: Loads, vault: Vault): void {
    const { metrics } = this.#parts;
    metrics.watch("gateway_intake_leaves", "Leaves that are not final", () => intake.size);
    metrics.watch("gateway_intake_bytes", "Their bytes", () => intake.sizeBytes);
    metrics.watch("gateway_loads_open", "Loads that are not final", () => loads.open);
    metrics.watch("gateway_vault_spends", "Spends of the vault's not final", () => vault.spending);
  }

  #listening(who: "devices" | "staff") {
    const { host, port } = this.#options[who];
    const tls = this.#options.tls[who];
    const names = who === "devices" ? this.#options.devices.names : [];
    return { host, port, names, ...(tls === undefined ? {} : { tls }) };
  }

  async #listen(server: HttpServer): Promise<HttpServer> {
    await server.start();
    return this.#running.use(server);
  }
}
