/** Four members with a gateway each and an observer, as processes, every line between them open to be cut. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { replaceFile } from "../../node/service/durable-file.ts";
import type { MemberId } from "../../protocol/output.ts";
import { devnetPaths, GATEWAYS, MEMBERS, OBSERVER } from "../../scripts/devnet/blueprint.ts";
import { Child } from "../../scripts/devnet/child.ts";
import { freePorts } from "../../scripts/devnet/free-ports.ts";
import { LiveNetwork, type Victim } from "../support/live-network.ts";
import { Link } from "./link.ts";

export type ChaosGateway = Victim & {
  readonly member: MemberId;
  /** Where devices come. */
  readonly devices: string;
  readonly issuer: Uint8Array;
};

type Config = Record<string, unknown>;

const tallystick = fileURLToPath(new URL("../../scripts/tallystick.ts", import.meta.url));
const at = (port: number) => `http://127.0.0.1:${port}`;

export class ChaosNetwork implements AsyncDisposable {
  readonly live: LiveNetwork;
  readonly links: readonly Link[];
  readonly gateways: readonly ChaosGateway[];
  readonly #parts: AsyncDisposableStack;

  private constructor(
    live: LiveNetwork,
    links: readonly Link[],
    gateways: readonly ChaosGateway[],
    parts: AsyncDisposableStack,
  ) {
    this.live = live;
    this.links = links;
    this.gateways = gateways;
    this.#parts = parts;
  }

  /** Its contracts are deployed; nothing but the chain runs yet. @param patienceMs how long gateways try what cannot apply. */
  static async open(patienceMs: number): Promise<ChaosNetwork> {
    await using parts = new AsyncDisposableStack();
    const live = parts.use(await LiveNetwork.open({ intake: { patienceMs } }));
    const links: Link[] = [];
    for (const member of [OBSERVER, ...MEMBERS]) links.push(...(await nodeLinks(live, member)));
    const gateways: ChaosGateway[] = [];
    for (const member of MEMBERS) {
      const link = await Link.open(`gateway${member} to node`, portOf(live, member));
      links.push(link);
      const gateway = await gatewayOf(live, member, link);
      parts.defer(() => gateway.child.stop());
      gateways.push(gateway);
    }
    for (const link of links) parts.use(link);
    return new ChaosNetwork(live, links, gateways, parts.move());
  }

  /** All that can be killed and started again. */
  get victims(): readonly Victim[] {
    return [...this.live.nodes, ...this.gateways];
  }

  async start(): Promise<void> {
    await this.live.devnet.startNodes();
    await this.live.restart(this.gateways);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function portOf({ devnet }: LiveNetwork, member: number): number {
  return devnet.blueprint.ports.api[member]!;
}

/** A node's lines: others' to it, and its own to the chain. */
async function nodeLinks(live: LiveNetwork, member: number): Promise<Link[]> {
  const { ports } = live.devnet.blueprint;
  const paths = devnetPaths(live.devnet.folder);
  const name = member === OBSERVER ? "observer" : `node${member}`;
  const [gossip] = await freePorts(1);
  const toChain = await Link.open(`${name} to chain`, ports.chain);
  const toPeers = await Link.open(`peers to ${name}`, gossip!, ports.gossip[member]!);
  const network = `network-${name}.json`;
  const file = JSON.parse(await readFile(paths.network, "utf8")) as Config;
  await replaceFile(
    `${live.devnet.folder}/${network}`,
    JSON.stringify({ ...file, rpcUrls: [at(toChain.port)] }),
  );
  await edit(paths.nodeConfig(member), (config) => ({
    ...config,
    network: `../${network}`,
    gossip: { ...(config["gossip"] as Config), listen: [`/ip4/127.0.0.1/tcp/${gossip}`] },
  }));
  return [toChain, toPeers];
}

async function gatewayOf(live: LiveNetwork, member: MemberId, link: Link): Promise<ChaosGateway> {
  const paths = devnetPaths(live.devnet.folder);
  const [devices, staff, management] = (await freePorts(3)) as [number, number, number];
  const text = await readFile(paths.gatewayConfig(GATEWAYS[0]), "utf8");
  // Nobody here sells online.
  const { merchants: _, ...config } = parse(text) as Config;
  const name = `gateway${member}`;
  const path = paths.gatewayConfig(member);
  await replaceFile(
    path,
    stringify({
      ...config,
      member,
      node: at(link.port),
      devices: { port: devices },
      staff: { port: staff, access: "open" },
      management: { port: management },
      log: { level: "debug", file: paths.log(name) },
    }),
  );
  const args = ["gateway", "--config", path];
  const child = new Child({ name, script: tallystick, args, log: paths.log(name) });
  const { publicKey: issuer } = await live.key(member, "issuer");
  return { name, child, url: at(management), member, devices: at(devices), issuer };
}

async function edit(path: string, change: (config: Config) => Config): Promise<void> {
  await replaceFile(path, stringify(change(parse(await readFile(path, "utf8")) as Config)));
}
