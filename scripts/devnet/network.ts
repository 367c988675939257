/**
 * A devnet: the embedded chain, four members' nodes, an observer and two gateways, each a process of its
 * own, over one folder. Started again over the same folder it is the same network.
 */
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ChainClient } from "../../node/chain/chain-client.ts";
import { NodeClient } from "../../node/client.ts";
import { consoleLink } from "../../node/console/console.ts";
import { DataFolder } from "../../node/service/data-folder.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import type { ServiceMessage } from "../../node/service/process.ts";
import { loadToken } from "../../node/service/token-file.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { untilAborted } from "../../node/service/until-aborted.ts";
import { PAYMENT_PATH } from "../../gateway/pages.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { type NetworkFile, parseNetworkFile } from "../../protocol/network-file.ts";
import {
  addressOf,
  type Blueprint,
  devnetPaths,
  drawBlueprint,
  GATEWAYS,
  MEMBERS,
  OBSERVER,
  readBlueprint,
} from "./blueprint.ts";
import type { ChainProcessMessage } from "./chain-process.ts";
import { Child } from "./child.ts";
import { chainOf, openNetwork } from "./opening.ts";

export type DevnetOptions = {
  readonly folder: string;
  /** How long a cycle stays open once something happened in it. A network that is there keeps its own. */
  readonly cycleMs: number;
  /** What is paid for one device at most. Of a new network alone. */
  readonly guarantee?: bigint;
  readonly logger: Logger;
  /** Accounts that can pay for transactions, besides those of the institutions. Of a new network alone. */
  readonly funded?: readonly Hex[];
};

const BLOCK_PERIOD_MS = 250;
const READY_MS = 60_000;

const tallystick = fileURLToPath(new URL("../tallystick.ts", import.meta.url));
const chainProcess = fileURLToPath(new URL("./chain-process.ts", import.meta.url));

export class Devnet implements AsyncDisposable {
  readonly folder: string;
  readonly blueprint: Blueprint;
  /** Whether it was drawn just now. */
  readonly isNew: boolean;
  readonly #logger: Logger;
  readonly #lock: DataFolder;
  readonly #chain: Child;
  readonly #nodes = new Map<number, Child>();
  readonly #gateways = new Map<number, Child>();
  /** From its stop on, nothing is started any more. */
  readonly #stopping = new AbortController();
  #network: NetworkFile | undefined;
  #guarantee: bigint | undefined;

  private constructor(
    folder: string,
    blueprint: Blueprint,
    isNew: boolean,
    lock: DataFolder,
    logger: Logger,
    funded: readonly string[],
  ) {
    this.folder = folder;
    this.blueprint = blueprint;
    this.isNew = isNew;
    this.#lock = lock;
    this.#logger = logger;
    const paths = devnetPaths(folder);
    const chain = {
      folder: paths.chain,
      port: blueprint.ports.chain,
      blockPeriodMs: BLOCK_PERIOD_MS,
      chainId: blueprint.chainId,
      funded,
    };
    this.#chain = new Child({
      name: "chain",
      script: chainProcess,
      args: [JSON.stringify(chain)],
      log: paths.log("chain"),
    });
    for (const member of [OBSERVER, ...MEMBERS]) {
      const name = member === OBSERVER ? "observer" : `node${member}`;
      this.#nodes.set(
        member,
        service(name, ["node", "--config", paths.nodeConfig(member)], paths.log(name)),
      );
    }
    for (const member of GATEWAYS) {
      const name = `gateway${member}`;
      this.#gateways.set(
        member,
        service(name, ["gateway", "--config", paths.gatewayConfig(member)], paths.log(name)),
      );
    }
  }

  /** Takes the folder, and draws a new network in it where there is none. @throws Refusal `in-use`, `wrong-folder`. */
  static async open({
    folder,
    cycleMs,
    guarantee,
    logger,
    funded = [],
  }: DevnetOptions): Promise<Devnet> {
    const lock = await Devnet.lock(folder);
    try {
      const found = await readBlueprint(folder);
      const blueprint = found ?? (await Devnet.#draw(folder, cycleMs));
      const paths = devnetPaths(folder);
      const keys = await Promise.all([
        ...["deployer", "authority"].map((name) =>
          loadKeyFile(paths.key("authority", name), "secp256k1"),
        ),
        ...MEMBERS.map((member) => loadKeyFile(paths.memberKey(member, "operator"), "secp256k1")),
      ]);
      const accounts = [...keys.map(addressOf), ...funded];
      const devnet = new Devnet(folder, blueprint, found === undefined, lock, logger, accounts);
      devnet.#guarantee = guarantee;
      return devnet;
    } catch (error) {
      await lock.close();
      throw error;
    }
  }

  /** Takes a folder that holds a devnet, or nothing. @throws Refusal `in-use`, `wrong-folder`. */
  static async lock(folder: string): Promise<DataFolder> {
    return await DataFolder.open(folder, { kind: "devnet", networkId: null });
  }

  /** What an earlier draw left unfinished is of no use. */
  static async #draw(folder: string, cycleMs: number): Promise<Blueprint> {
    const members = MEMBERS.map((member) => `member${member}`);
    for (const name of ["authority", "observer", "shop", "customer", ...members]) {
      await rm(`${folder}/${name}`, { recursive: true, force: true });
    }
    return await drawBlueprint(folder, cycleMs);
  }

  get network(): NetworkFile {
    if (this.#network === undefined) throw new Error("the devnet's contracts are not deployed yet");
    return this.#network;
  }

  get networkId(): Uint8Array {
    return fromHex(this.network.networkId, 32);
  }

  /** Starts the chain. */
  async startChain(): Promise<string> {
    const [message] = await this.#start<ChainProcessMessage>([this.#chain]);
    return message?.kind === "listening" ? message.url : "";
  }

  async stopChain(): Promise<void> {
    await this.#chain.stop();
  }

  /** Deploys what is missing, writes the network file and the trust list. The chain runs. */
  async deploy(): Promise<NetworkFile> {
    const { folder, blueprint } = this;
    const opening = openNetwork({
      folder,
      blueprint,
      guarantee: this.#guarantee,
      logger: this.#logger,
    });
    this.#network = await untilAborted(opening, this.#stopping.signal);
    return this.#network;
  }

  /** Reads the network that was deployed here before. */
  async readNetwork(): Promise<NetworkFile> {
    this.#network = parseNetworkFile(await readFile(devnetPaths(this.folder).network, "utf8"));
    return this.#network;
  }

  /** Starts nodes and waits until they follow the chain. @param members 0 for the observer. */
  async startNodes(members: readonly number[] = [OBSERVER, ...MEMBERS]): Promise<void> {
    await this.#start(members.map((member) => this.#nodes.get(member)!));
    await this.#untilReady(members.map((member) => this.apiUrl(member)));
  }

  async stopNodes(members: readonly number[] = [OBSERVER, ...MEMBERS]): Promise<void> {
    await Promise.all(members.map((member) => this.#nodes.get(member)!.stop()));
  }

  async startGateways(): Promise<void> {
    await this.#start([...this.#gateways.values()]);
    await this.#untilReady(GATEWAYS.map((member) => this.managementUrl(member)));
  }

  async stopGateways(): Promise<void> {
    await Promise.all([...this.#gateways.values()].map((gateway) => gateway.stop()));
  }

  /** Every process of the devnet that runs now, by name. */
  running(): string[] {
    const children = [this.#chain, ...this.#nodes.values(), ...this.#gateways.values()];
    return children.filter((child) => child.isRunning).map((child) => child.name);
  }

  /** The process of a node, to be killed by tests. */
  nodeProcess(member: number): Child {
    return this.#nodes.get(member)!;
  }

  /** The process of a gateway, to be killed by tests. */
  gatewayProcess(member: number): Child {
    return this.#gateways.get(member)!;
  }

  /** The process of the chain, to be killed by tests. */
  chainProcess(): Child {
    return this.#chain;
  }

  /** Resolves with its name when a process ends that was to go on. */
  async someoneEnded(): Promise<string> {
    const children = [this.#chain, ...this.#nodes.values(), ...this.#gateways.values()];
    return await Promise.race(
      children
        .filter((child) => child.isRunning)
        .map(async (child) => {
          await child.ended();
          return child.name;
        }),
    );
  }

  client(member: number): NodeClient {
    return new NodeClient({ url: this.apiUrl(member) });
  }

  /** A client of the chain that acts for a member, to be started and stopped by the caller. */
  async chainOf(member: number): Promise<ChainClient> {
    const { folder } = this;
    return await chainOf({ folder, logger: this.#logger }, this.network, member);
  }

  chainUrl(): string {
    return `http://127.0.0.1:${this.blueprint.ports.chain}`;
  }

  apiUrl(member: number): string {
    return `http://127.0.0.1:${this.blueprint.ports.api[member]}`;
  }

  /** The link that opens the observer's console. */
  async consoleLink(): Promise<string> {
    const url = `http://127.0.0.1:${this.blueprint.ports.console}`;
    return consoleLink(url, await loadToken(devnetPaths(this.folder).consoleToken));
  }

  /** Where devices find a member's gateway. */
  deviceUrl(member: number): string {
    return `http://127.0.0.1:${this.blueprint.ports.devices[gatewayIndex(member)]}`;
  }

  staffUrl(member: number): string {
    return `http://127.0.0.1:${this.blueprint.ports.staff[gatewayIndex(member)]}`;
  }

  /** The payment page of a member's customers. */
  paymentPageUrl(member: number): string {
    return this.deviceUrl(member) + PAYMENT_PATH;
  }

  /** Where a gateway's operators find its probes and metrics. */
  managementUrl(member: number): string {
    return `http://127.0.0.1:${this.blueprint.ports.management[gatewayIndex(member)]}`;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the devnet is stopped"));
    await this.stopGateways();
    await this.stopNodes();
    await this.stopChain();
    await this.#lock.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start<Message = ServiceMessage>(children: readonly Child[]): Promise<Message[]> {
    this.#stopping.signal.throwIfAborted();
    return await Promise.all(children.map((child) => child.start<Message>()));
  }

  async #untilReady(urls: readonly string[]): Promise<void> {
    await Promise.all(urls.map((url) => untilReady(url, this.#stopping.signal)));
  }
}

function service(name: string, args: readonly string[], log: string): Child {
  return new Child({ name, script: tallystick, args, log });
}

function gatewayIndex(member: number): number {
  return GATEWAYS.indexOf(member as (typeof GATEWAYS)[number]);
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const end = Date.now() + READY_MS;
  for (;;) {
    signal.throwIfAborted();
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (Date.now() > end) {
      throw new Error(`${url} is not ready within ${READY_MS} ms: ${await answer?.text()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
