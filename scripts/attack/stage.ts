/**
 * The stage on which attacks are played: a devnet of real processes, and what strangers, devices, gateways
 * and members can do there. Nothing here reaches into a process, a store or the chain's engine.
 */
import { readFile } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { accountKey } from "../../node/chain/account.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import type { NodeClient, RecordStatus } from "../../node/client.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import type { StoredKey } from "../../node/service/stored-key.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { depositReserve } from "../deploy/operator.ts";
import { devnetPaths, GATEWAYS, MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import { Devnet } from "../devnet/network.ts";
import { type Books, type Policy, readBooks, readPolicy, sum } from "./books.ts";
import { Chance } from "./chance.ts";
import { inParallel, until } from "./patience.ts";
import { Person, type World } from "./person.ts";
import { SharedAccount } from "./shared-account.ts";

export type StageOptions = {
  /** Where the network is drawn. */
  readonly folder: string;
  readonly seed: string;
  readonly logger: Logger;
};

/** How long a cycle stays open: the winner's must have settled before its loser is paid. */
const CYCLE_MS = 2_000;
/** What each gateway's vault can lend out. */
const VAULT = 50_000_00n;
/** What each gateway takes in at once, as its configuration says: little enough to be filled. */
export const INTAKE_LEAVES = 12_288;
/** People who do the same thing at a time. */
export const CROWD = 48;
const nodes = [OBSERVER, ...MEMBERS];
/** Of a loser that is not paid: it never will be, or a case is left. */
const unpaid: ReadonlySet<string | undefined> = new Set(["refused", "void", "reclaimed"]);

export class Stage implements AsyncDisposable {
  readonly devnet: Devnet;
  readonly chance: Chance;
  readonly chain: ChainClient;
  readonly policy: Policy;
  readonly #world: World;
  readonly #logger: Logger;
  readonly #parts: AsyncDisposableStack;
  /** Nodes that are on their way back. */
  readonly #returning = new Map<number, Promise<void>>();
  #people = 0;

  private constructor(
    { seed, logger }: StageOptions,
    parts: { devnet: Devnet; chain: ChainClient; policy: Policy; trustKey: Uint8Array },
    stack: AsyncDisposableStack,
  ) {
    this.devnet = parts.devnet;
    this.chain = parts.chain;
    this.policy = parts.policy;
    this.chance = new Chance(seed);
    this.#logger = logger;
    this.#parts = stack;
    const { devnet, chain, trustKey } = parts;
    this.#world = {
      networkId: devnet.network.networkId,
      trustKey,
      receiptLifeMs: chain.parameters.receiptLifeS * 1000,
      random: (length) => this.chance.bytes(length),
      deviceUrl: (bank) => devnet.deviceUrl(bank),
      staffUrl: (bank) => devnet.staffUrl(bank),
    };
  }

  /** Starts the whole network, and puts money into the vaults of those who run gateways. */
  static async open(options: StageOptions): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const { folder, logger } = options;
    const devnet = stack.use(await Devnet.open({ folder, cycleMs: CYCLE_MS, logger }));
    for (const member of GATEWAYS) await configureGateway(folder, member);
    await devnet.startChain();
    await devnet.deploy();
    await devnet.startNodes();
    await devnet.startGateways();
    const chain = stack.use(new ChainClient({ network: devnet.network, logger }));
    await chain.start();
    const trust = await loadKeyFile(devnetPaths(folder).key("authority", "trust"), "P-256");
    const policy = await readPolicy(chain.reader);
    const parts = { devnet, chain, policy, trustKey: trust.publicKey };
    const stage = new Stage(options, parts, stack.move());
    for (const member of GATEWAYS) {
      await using operator = await stage.operator(member);
      await depositReserve(operator, member, VAULT);
    }
    return stage;
  }

  get networkId(): Uint8Array {
    return this.devnet.networkId;
  }

  /** The node of whoever only watches. */
  get observer(): NodeClient {
    return this.devnet.client(OBSERVER);
  }

  /** Somebody new, at a bank that runs a gateway. */
  async person(role: string, bank: MemberId): Promise<Person> {
    return await Person.enrolled(this.#world, `${role}-${++this.#people}`, bank);
  }

  /** Many of them, at the banks in turn. */
  async crowd(role: string, count: number): Promise<Person[]> {
    const turns = Array.from({ length: count }, (_, i) => GATEWAYS[i % GATEWAYS.length]!);
    return await inParallel(turns, CROWD, (bank) => this.person(role, bank));
  }

  /** A member's key: an insider has it, or a thief. */
  async key(member: MemberId, name: "issuer" | "treasury"): Promise<NodeSigner> {
    return NodeSigner.fromScalar((await this.storedKey(member, name, "P-256")).reveal());
  }

  async storedKey(
    member: MemberId,
    name: string,
    kind: "P-256" | "secp256k1" | "Ed25519",
  ): Promise<StoredKey> {
    return await loadKeyFile(devnetPaths(this.devnet.folder).memberKey(member, name), kind);
  }

  /** The chain as a member's operator speaks to it; to be disposed of. */
  async operator(member: MemberId): Promise<ChainClient> {
    return await this.#account(await this.storedKey(member, "operator", "secp256k1"));
  }

  /** What a regulator may do on chain; to be disposed of. The devnet's plan names none, so the authority rules. */
  async regulator(): Promise<ChainClient> {
    const path = devnetPaths(this.devnet.folder).key("authority", "authority");
    return await this.#account(await loadKeyFile(path, "secp256k1"));
  }

  async #account(key: StoredKey): Promise<ChainClient> {
    const { network } = this.devnet;
    const parts = { network, logger: this.#logger, key: accountKey(key.reveal()) };
    const client = new SharedAccount(parts, { pollMs: 50 });
    await client.start();
    return client;
  }

  /** Until every running node has applied these records. */
  async applied(ids: readonly Hex[]): Promise<void> {
    await this.#come("have applied", this.running(), ids, ({ state }) => state === "applied");
  }

  /** Until each of these records has applied, or lost for good what it lost: members say so, who report. */
  async ended(ids: readonly Hex[]): Promise<void> {
    const isOver = ({ state, restitution }: RecordStatus) =>
      state === "applied" || unpaid.has(restitution);
    const members = this.running().filter((node) => node !== OBSERVER);
    await this.#come("are at their end", members, ids, isOver);
  }

  async #come(
    what: string,
    at: readonly number[],
    ids: readonly Hex[],
    isSo: (status: RecordStatus) => boolean,
  ): Promise<void> {
    for (const node of at) {
      const client = this.devnet.client(node);
      let left = ids;
      let last: RecordStatus | undefined;
      await until(`${ids.length} records ${what} at node ${node}`, async () => {
        const open = (await client.statuses(left)).filter((status) => !isSo(status));
        left = open.map(({ id }) => id as Hex);
        last = open[0];
        return open.length === 0;
      }).catch((cause: unknown) => {
        throw new Error(`${left.length} have not: ${JSON.stringify(last)}`, { cause });
      });
    }
  }

  /** Nodes that are up: an attack may have taken the place of one. */
  running(): number[] {
    return nodes.filter(
      (node) => this.devnet.nodeProcess(node).isRunning && !this.#returning.has(node),
    );
  }

  /**
   * Starts a node whose place somebody had. It comes back while other things are played: who sent rubbish in
   * its name is shut out by the others for half a minute.
   */
  giveBack(member: MemberId): void {
    const back = this.devnet.startNodes([member]);
    this.#returning.set(member, back);
    back.then(
      () => this.#returning.delete(member),
      // Whoever waits for it hears of it.
      () => undefined,
    );
  }

  /** Until a node is back that was given its place again. */
  async isBack(member: MemberId): Promise<void> {
    await this.#returning.get(member);
  }

  /** Until all are back, and stand where the others do. */
  async allBack(): Promise<void> {
    await Promise.all(this.#returning.values());
    await this.checkIdentities();
  }

  books(): Promise<Books> {
    return readBooks(this.chain.reader, this.policy);
  }

  /** What these people have less on the ledger than is theirs, one by one. */
  async missing(people: readonly Person[]): Promise<Amount[]> {
    return await inParallel(people, CROWD, async ({ owner, due }) => {
      const { coins } = await this.observer.coinsOf(owner);
      const held = sum(coins.map(({ amount }) => BigInt(amount)));
      return held < due ? due - held : 0n;
    });
  }

  /** @throws Error unless the identities hold on every running node, all at one state. */
  async checkIdentities(): Promise<void> {
    await until("all nodes stand at one state", async () => {
      const reports = await Promise.all(
        this.running().map((node) => this.devnet.client(node).identities()),
      );
      for (const { seq, rows } of reports) {
        const failing = Object.entries(rows).filter(([, { holds }]) => !holds);
        if (failing.length > 0)
          throw new Error(`after event ${seq}: ${failing.map(([name]) => name).join(", ")} fail`);
      }
      const seqs = new Set(reports.map(({ seq }) => seq));
      const roots = new Set(reports.map(({ stateRoot }) => stateRoot));
      if (seqs.size === 1 && roots.size > 1)
        throw new Error(`state roots differ at event ${reports[0]!.seq}`);
      return seqs.size === 1;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

async function configureGateway(folder: string, member: MemberId): Promise<void> {
  const path = devnetPaths(folder).gatewayConfig(member);
  const config = parse(await readFile(path, "utf8")) as object;
  await replaceFile(path, stringify({ ...config, intake: { leavesMax: INTAKE_LEAVES } }));
}
