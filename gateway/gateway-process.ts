/** A gateway as a process: what its configuration names is read, its data folder taken, and it runs. */
import { sealingKeyOf } from "../protocol/hpke.ts";
import { parseNetworkFile } from "../protocol/network-file.ts";
import { NodeVerifier } from "../protocol/p256-node.ts";
import { systemRandom } from "../protocol/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import { NodeClient } from "../node/client.ts";
import type { Callers } from "../node/service/callers.ts";
import { DataFolder } from "../node/service/data-folder.ts";
import { readGivenText } from "../node/service/given-file.ts";
import { loadKeyFile } from "../node/service/key-file.ts";
import { isLoopback } from "../node/service/listener.ts";
import { type Logger, makeLogger, Metrics } from "../node/service/telemetry.ts";
import { readTls, type TlsFiles } from "../node/service/tls-files.ts";
import { withTokens } from "./authorization/relay-files.ts";
import type { GatewayConfig } from "./config.ts";
import { loadGatewayConfig } from "./config-paths.ts";
import { CoreAccounts } from "./core-banking/core-accounts.ts";
import { CoreClient } from "./core-banking/core-client.ts";
import type { GatewayOptions, GatewayParts } from "./assembly.ts";
import { Gateway } from "./gateway.ts";
import type { GatewayUrls } from "./listeners.ts";
import { SharedGateway } from "./shared-gateway.ts";
import { STORE } from "./store.ts";
import { StaffTokens } from "./staff/token-keys.ts";

/** How long a stop waits for the node, or a core system. */
const HURRY_MS = 4_000;

export class GatewayProcess {
  readonly logger: Logger;
  readonly #config: GatewayConfig;
  readonly #running = new AsyncDisposableStack();
  /** Ends calls of the node and of a core system that keep a stop waiting. */
  readonly #hurry = new AbortController();
  #gateway: Gateway | SharedGateway | undefined;

  private constructor(config: GatewayConfig) {
    this.#config = config;
    const { level, file } = config.log;
    const name = `gateway ${config.member}`;
    this.logger = makeLogger({ name, level, ...(file === undefined ? {} : { file }) });
  }

  /** @param path of the configuration. @throws Refusal `bad-configuration`, naming file, line and column. */
  static async load(path: string): Promise<GatewayProcess> {
    return new GatewayProcess(await loadGatewayConfig(path));
  }

  /**
   * @throws Refusal naming what the operator must mend: `bad-configuration`, `exposed-key`, `wrong-network`,
   *   `wrong-folder`, `in-use`; Error on what the world did. `stop` lets go of what was taken.
   */
  async start(): Promise<void> {
    const { network: networkPath, keys } = this.#config;
    const network = parseNetworkFile(await readGivenText(networkPath));
    const loaded = await loadKeys(keys);
    const tls = await loadTls(this.#config);
    const callers = await callersOf(this.#config, this.logger);
    const node = await nodeOf(this.#config, this.#hurry.signal);
    const accounts = await this.#coreAccounts();
    const parts = {
      network,
      keys: loaded,
      node,
      ...(accounts === undefined ? {} : { accounts }),
      verifier: new NodeVerifier(),
      random: systemRandom,
      clock: Date.now,
      logger: this.logger,
      metrics: new Metrics({ process: true }),
      callers,
    };
    const authorization = await withTokens(this.#config.authorization);
    const gateway = await this.#gatewayOf(parts, { ...this.#config, authorization, tls });
    this.#gateway = this.#running.use(gateway);
    await gateway.start();
  }

  async #gatewayOf(
    parts: Omit<GatewayParts, "store">,
    options: GatewayOptions,
  ): Promise<Gateway | SharedGateway> {
    const { data, store, peers, member } = this.#config;
    const { networkId } = parts.network;
    if ((data === undefined) === (store === undefined))
      throw new Refusal(
        "bad-configuration",
        "say either data or store: where the gateway keeps all",
      );
    if (store === undefined) {
      const folder = this.#running.use(
        await DataFolder.open(data!, { kind: "gateway", networkId }),
      );
      return new Gateway(
        { ...parts, store: this.#running.use(await folder.openStore(STORE)) },
        options,
      );
    }
    // A gateway that is alone does without it.
    const { openShared } = await import("./postgres/open.ts");
    const shared = await openShared(store.postgres, { networkId, member }, this.logger);
    this.#running.defer(() => shared.close());
    const { tls, ...where } = peers;
    const material = tls === undefined ? {} : { tls: await readTls(tls) };
    return new SharedGateway(
      { ...parts, shared },
      { ...options, peers: { ...where, ...material } },
    );
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#hurry.abort(), HURRY_MS);
    await this.#running.disposeAsync();
    clearTimeout(timer);
  }

  /** Undefined where the accounts are embedded. */
  async #coreAccounts(): Promise<CoreAccounts | undefined> {
    const { core } = this.#config.accounts;
    if (core === undefined) return undefined;
    const { url, tls, ...options } = core;
    const material = await tlsTo(url, tls, "accounts.core.tls");
    return new CoreAccounts(
      new CoreClient({
        url,
        ...material,
        ...options,
        signal: this.#hurry.signal,
        logger: this.logger,
      }),
    );
  }

  urls(): GatewayUrls {
    return this.#gateway!.urls;
  }

  /** Rejects when it cannot go on. */
  get failed(): Promise<never> {
    return this.#gateway!.failed;
  }
}

/** @throws Refusal `bad-configuration` where it is not said, or not safe, how tokens are checked. */
async function callersOf({ staff }: GatewayConfig, logger: Logger): Promise<Callers | undefined> {
  const { access, tokens } = staff;
  if (access === "open") return undefined;
  if (tokens === undefined)
    throw new Refusal("bad-configuration", "staff.access is tokens: staff.tokens says which count");
  const { keys: source, issuer, audience } = tokens;
  if (source.startsWith("http:") && !isLoopback(new URL(source).hostname))
    throw new Refusal("bad-configuration", `${source} is not on this machine: read it over https`);
  return StaffTokens.open({ source, issuer, audience, clock: Date.now, logger });
}

async function loadKeys(paths: GatewayConfig["keys"]) {
  const issuer = await loadKeyFile(paths.issuer, "P-256");
  const treasury = await loadKeyFile(paths.treasury, "P-256");
  const intake = await loadKeyFile(paths.intake, "P-256");
  const next = (path: string | undefined) =>
    path === undefined ? undefined : loadKeyFile(path, "P-256");
  return {
    issuer,
    treasury,
    nextIssuer: await next(paths.nextIssuer),
    nextTreasury: await next(paths.nextTreasury),
    intake: sealingKeyOf(intake.reveal()),
  };
}

async function loadTls({ devices, staff, merchants, management }: GatewayConfig) {
  return {
    ...(merchants.tls === undefined ? {} : { merchants: await readTls(merchants.tls) }),
    ...(devices.tls === undefined ? {} : { devices: await readTls(devices.tls) }),
    ...(staff.tls === undefined ? {} : { staff: await readTls(staff.tls) }),
    ...(management.tls === undefined ? {} : { management: await readTls(management.tls) }),
  };
}

async function nodeOf({ node: url, nodeTls }: GatewayConfig, signal: AbortSignal) {
  return new NodeClient({ url, signal, ...(await tlsTo(url, nodeTls, "nodeTls")) });
}

/** @throws Refusal `bad-configuration` where what is asked would pass others in the clear, or by a stranger. */
async function tlsTo(url: string, files: TlsFiles | undefined, name: string) {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" && files === undefined)
    throw new Refusal(
      "bad-configuration",
      `to ask ${url} takes ${name}: it wants to know who asks`,
    );
  if (protocol === "http:" && !isLoopback(hostname))
    throw new Refusal(
      "bad-configuration",
      `${url} is not on this machine: ask it over https, with ${name}`,
    );
  return files === undefined ? {} : { tls: await readTls(files) };
}
