/** A devnet of real processes for tests that end some of them: in a folder of its own, logs told in full. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { approve, deposit } from "../../node/chain/calls.ts";
import type { ChainClient } from "../../node/chain/chain-client.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import {
  addressOf,
  devnetPaths,
  GATEWAYS,
  MEMBERS,
  OBSERVER,
} from "../../scripts/devnet/blueprint.ts";
import type { Child } from "../../scripts/devnet/child.ts";
import { Devnet } from "../../scripts/devnet/network.ts";
import { call, makeFolder } from "./chain.ts";
import { depositedCoin, depositSeq, type HeldCoin, payTo } from "./money.ts";
import { quiet } from "./network.ts";
import { until } from "./until.ts";

/** What can be killed here: a node, the observer's too, or a gateway. */
export type Victim = {
  readonly name: string;
  readonly child: Child;
  /** Where it says whether it is ready. */
  readonly url: string;
};

const READY_MS = 300_000;

export class LiveNetwork implements AsyncDisposable {
  readonly devnet: Devnet;
  /** Reads the contracts, and acts for member 3. */
  readonly chain: ChainClient;
  readonly #parts: AsyncDisposableStack;

  private constructor(devnet: Devnet, chain: ChainClient, parts: AsyncDisposableStack) {
    this.devnet = devnet;
    this.chain = chain;
    this.#parts = parts;
  }

  /** A chain with the contracts; nothing else runs yet. @param gateways what their configurations say besides. */
  static async open(gateways: Readonly<Record<string, object>> = {}): Promise<LiveNetwork> {
    await using parts = new AsyncDisposableStack();
    const { path } = parts.use(await makeFolder());
    const devnet = await Devnet.open({ folder: join(path, "d"), cycleMs: 2_000, logger: quiet });
    parts.use(devnet);
    const paths = devnetPaths(devnet.folder);
    const debug = { level: "debug" };
    for (const member of [OBSERVER, ...MEMBERS]) {
      await configure(paths.nodeConfig(member), { log: debug });
    }
    for (const member of GATEWAYS) {
      await configure(paths.gatewayConfig(member), { log: debug, ...gateways });
    }
    await devnet.startChain();
    await devnet.deploy();
    const chain = parts.use(await devnet.chainOf(3));
    await chain.start();
    return new LiveNetwork(devnet, chain, parts.move());
  }

  async startServices(): Promise<void> {
    await this.devnet.startNodes();
    await this.devnet.startGateways();
  }

  get networkId(): Uint8Array {
    return this.devnet.networkId;
  }

  get nodes(): Victim[] {
    return [OBSERVER, ...MEMBERS].map((member) => this.node(member));
  }

  get gateways(): Victim[] {
    return GATEWAYS.map((member) => this.gateway(member));
  }

  node(member: number): Victim {
    const child = this.devnet.nodeProcess(member);
    return { name: child.name, child, url: this.devnet.apiUrl(member) };
  }

  gateway(member: number): Victim {
    const child = this.devnet.gatewayProcess(member);
    return { name: child.name, child, url: this.devnet.managementUrl(member) };
  }

  /** The log file of a process. */
  logOf({ name }: Victim): string {
    return devnetPaths(this.devnet.folder).log(name);
  }

  /** A database of a process, such as "ledger" of a node. */
  databaseOf({ name }: Victim, database: string): string {
    const member = name === "observer" ? OBSERVER : Number(name.at(-1));
    const data = name.startsWith("gateway") ? "gateway" : "node";
    return join(devnetPaths(this.devnet.folder).institution(member), data, database);
  }

  async key(member: MemberId, name: "issuer" | "treasury"): Promise<NodeSigner> {
    const path = devnetPaths(this.devnet.folder).memberKey(member, name);
    return NodeSigner.fromScalar((await loadKeyFile(path, "P-256")).reveal());
  }

  /** Whether the chain holds something of these members' that is in no block yet. */
  async areSending(members: readonly MemberId[]): Promise<boolean> {
    const count = (address: Hex, at: string) =>
      call<Hex>(this.devnet.chainUrl(), "eth_getTransactionCount", address, at);
    for (const member of members) {
      const path = devnetPaths(this.devnet.folder).memberKey(member, "operator");
      const address = addressOf(await loadKeyFile(path, "secp256k1"));
      if ((await count(address, "pending")) !== (await count(address, "latest"))) return true;
    }
    return false;
  }

  /** A coin of member 3's vault. */
  async deposit(amount: bigint): Promise<HeldCoin> {
    const { network } = this.devnet;
    await this.chain.send(approve(network.contracts.settlement, amount));
    const seq = await depositSeq(network, await this.chain.send(deposit(3, amount)));
    return depositedCoin(this.networkId, seq, payTo(await this.key(3, "treasury"), 3, amount));
  }

  /** Starts processes that were killed, and waits until they can do their work. */
  async restart(victims: readonly Victim[]): Promise<void> {
    await Promise.all(victims.map(({ child }) => child.start()));
    await Promise.all(victims.map(untilReady));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

async function untilReady({ name, url }: Victim): Promise<void> {
  let says = "nothing";
  const isReady = async () => {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    says = (await answer?.text()) ?? "nothing";
    return answer?.ok === true;
  };
  await until(`${name} is ready`, isReady, READY_MS).catch((cause: unknown) => {
    throw new Error(`${name} is not ready; it says ${says}`, { cause });
  });
}

/** Adds to the sections of a configuration. */
async function configure(path: string, more: Readonly<Record<string, object>>): Promise<void> {
  const config = parse(await readFile(path, "utf8")) as Record<string, object>;
  for (const [name, section] of Object.entries(more)) {
    config[name] = { ...config[name], ...section };
  }
  await replaceFile(path, stringify(config));
}
