/** A whole consortium in one process for tests: the chain, a node for each member, and an observer. */
import { join } from "node:path";
import { peerIdOf } from "../../node/gossip/peer-id.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import { approve, deposit } from "../../node/chain/calls.ts";
import { NodeClient } from "../../node/client.ts";
import { Node, type NodeOptions, type NodeParts } from "../../node/node.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { type Logger, type LogLevel, makeLogger, Metrics } from "../../node/service/telemetry.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import type { MemberId, Output } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { deployNetwork } from "../../scripts/deploy/deploy.ts";
import type { DeployPlan, PlannedMember } from "../../scripts/deploy/plan.ts";
import { freePorts } from "../../scripts/devnet/free-ports.ts";
import { makeChain, makeFolder, payer } from "./chain.ts";
import {
  coinsOf,
  depositedCoin,
  depositSeq,
  enrolmentOf,
  type HeldCoin,
  idOf,
  payTo,
  spendOf,
} from "./money.ts";
import type { LogLine } from "./log-tail.ts";
import {
  authority,
  deployer,
  operator,
  plannedMember,
  planOf,
  quiet,
  seed,
  validatorKey,
} from "./network.ts";
import { until } from "./until.ts";

const OBSERVER = 0;

/** Gives its URL when it starts. */
export type TestChain = { start(): Promise<string> } & AsyncDisposable;

export class Consortium implements AsyncDisposable {
  readonly network: NetworkFile;
  readonly networkId: Uint8Array;
  readonly folder: string;
  readonly nodes = new Map<MemberId, Node>();
  /** What the nodes warned of, and worse. */
  readonly warnings: LogLine[] = [];
  /** From which level on the nodes say it; in `said` stands all of it. */
  level: LogLevel = "warn";
  readonly said: string[] = [];
  readonly #parts: AsyncDisposableStack;
  readonly #ports: readonly number[];

  private constructor(
    network: NetworkFile,
    folder: string,
    ports: readonly number[],
    parts: AsyncDisposableStack,
  ) {
    this.network = network;
    this.networkId = fromHex(network.networkId);
    this.folder = folder;
    this.#ports = ports;
    this.#parts = parts;
  }

  /**
   * @param means of each member, where it needs other ones than plans of tests give.
   * @param terms of the network, the same.
   * @param chainIn a chain that keeps itself in a folder and gives accounts what gas costs.
   */
  static async open(
    members = 4,
    means: Partial<Pick<PlannedMember, "quota" | "reserve">> = {},
    terms: Partial<Pick<DeployPlan, "authority" | "delayS" | "parameters" | "regulator">> = {},
    chainIn: (folder: string, funded: readonly Hex[]) => TestChain = embeddedChain,
  ): Promise<Consortium> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await makeFolder());
    const operators = Array.from({ length: members }, (_, i) => operator(i + 1).address);
    const regulators = terms.regulator === undefined ? [] : [terms.regulator];
    const roles = [deployer.address, authority.address, ...regulators];
    const funded = [payer.address as Hex, ...roles, ...operators];
    const chain = parts.use(chainIn(join(folder.path, "chain"), funded));
    const rpcUrls = [await chain.start()];
    const ports = await freePorts(members + 1);
    const plan = planOf(members, {
      members: await Promise.all(
        operators.map(async (_, i) => ({
          ...plannedMember(i + 1),
          ...means,
          ...(await peerOf(i + 1, ports[i + 1]!)),
        })),
      ),
      observers: [{ name: "Central bank", ...(await peerOf(OBSERVER, ports[OBSERVER]!)) }],
      ...terms,
    });
    const network = await deployNetwork(
      { rpcUrls, deployer, logger: quiet },
      plan,
      new AbortController().signal,
    );
    return new Consortium(network, folder.path, ports, parts.move());
  }

  get members(): MemberId[] {
    return this.#ports.slice(1).map((_, i) => i + 1);
  }

  async startAll(more: Partial<NodeOptions> = {}): Promise<void> {
    await Promise.all([OBSERVER, ...this.members].map((member) => this.start(member, more)));
  }

  /** @param member 0 for the observer. @param keys in the place of those it was admitted with. */
  async start(
    member: MemberId,
    more: Partial<NodeOptions> = {},
    keys: Partial<NodeParts["keys"]> = {},
  ): Promise<Node> {
    const isMember = member !== OBSERVER;
    const node = new Node(
      {
        network: this.network,
        keys: {
          peer: new StoredKey("Ed25519", seed(`peer ${member}`)),
          validator: isMember ? new StoredKey("secp256k1", validatorKey(member)) : undefined,
          operator: isMember
            ? new StoredKey("secp256k1", seed(`account operator ${member}`))
            : undefined,
          ...keys,
        },
        logger: this.#loggerOf(member),
        metrics: new Metrics(),
      },
      {
        data: join(this.folder, `node${member}`),
        member: isMember ? member : undefined,
        gossip: { listen: [this.addressOf(member)] },
        api: { host: "127.0.0.1", port: 0 },
        chain: { pollMs: 100 },
        batches: { gatherMs: 5, answerMs: 3_000 },
        cycles: { openMs: 1_000, turnMs: 1_000 },
        verification: { workers: 1 },
        ...more,
      },
    );
    await node.start();
    this.nodes.set(member, node);
    return node;
  }

  async stop(member: MemberId): Promise<void> {
    await this.nodes.get(member)?.stop();
    this.nodes.delete(member);
  }

  /** Where a member's peer listens. */
  addressOf(member: MemberId): string {
    return `/ip4/127.0.0.1/tcp/${this.#ports[member]}`;
  }

  client(member: MemberId): NodeClient {
    return new NodeClient({ url: this.nodes.get(member)!.url });
  }

  treasury(member: MemberId): NodeSigner {
    return NodeSigner.fromScalar(seed(`treasury ${member}`));
  }

  /** Reserves become a coin of the member's vault. @param treasury its present key. */
  async deposit(
    member: MemberId,
    amount: bigint,
    treasury = this.treasury(member),
  ): Promise<HeldCoin> {
    await using chain = new ChainClient(
      { network: this.network, logger: quiet, key: operator(member) },
      { pollMs: 20 },
    );
    await chain.start();
    await chain.send(approve(this.network.contracts.settlement, amount));
    const receipt = await chain.send(deposit(member, amount));
    const seq = await depositSeq(this.network, receipt);
    return depositedCoin(this.networkId, seq, payTo(treasury, member, amount));
  }

  /** @param issuer the member's present key. */
  async enrol(
    device: NodeSigner,
    member: MemberId,
    issuer = NodeSigner.fromScalar(seed(`issuer ${member}`)),
  ): Promise<Hex> {
    const enrolment = await enrolmentOf(this.networkId, device, member, issuer);
    const { results } = await this.client(member).submit([enrolment.bytes]);
    return results[0]!.id as Hex;
  }

  /** A signed spend of coins. */
  async spend(
    signer: NodeSigner,
    coins: readonly HeldCoin[],
    outputs: readonly Output[],
  ): Promise<SignedRecord> {
    return spendOf(this.networkId, signer, coins, outputs);
  }

  coinsOf(record: SignedRecord): HeldCoin[] {
    return coinsOf(this.networkId, record);
  }

  idOf(record: SignedRecord): Hex {
    return idOf(this.networkId, record);
  }

  /** Waits until every running node says that all of `ids` applied. */
  async untilApplied(ids: readonly Hex[], timeoutMs = 30_000): Promise<void> {
    for (const member of this.nodes.keys()) {
      await until(
        `node ${member} has applied them`,
        async () =>
          (await this.client(member).statuses(ids)).every(({ state }) => state === "applied"),
        timeoutMs,
      );
    }
  }

  /** Waits until every running node has folded the settlement of `cycle`. */
  async untilSettled(cycle: number, timeoutMs = 30_000): Promise<void> {
    for (const member of this.nodes.keys()) {
      await until(
        `node ${member} has folded the settlement of cycle ${cycle}`,
        async () => (await this.client(member).status()).settledCycle >= cycle,
        timeoutMs,
      );
    }
  }

  /** TALLYSTICK_LOG shows the logs as well. */
  #loggerOf(member: MemberId): Logger {
    const shown = process.env["TALLYSTICK_LOG"] as LogLevel | undefined;
    const write = (text: string) => {
      const line = JSON.parse(text) as LogLine;
      if (["warn", "error", "fatal"].includes(line.level)) this.warnings.push(line);
      this.said.push(text);
      if (shown !== undefined) process.stderr.write(text);
    };
    return makeLogger({ name: `node ${member}`, level: shown ?? this.level, stream: { write } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.stop()));
    await this.#parts.disposeAsync();
  }
}

function embeddedChain(folder: string, funded: readonly Hex[]): TestChain {
  return makeChain(folder, { funded, blockPeriodMs: 60 });
}

async function peerOf(
  member: MemberId,
  port: number,
): Promise<{ peerId: string; addresses: string[] }> {
  return {
    peerId: await peerIdOf(seed(`peer ${member}`)),
    addresses: [`/ip4/127.0.0.1/tcp/${port}`],
  };
}
