/**
 * A member's node, or an observer's: the only place where its parts meet. It opens what is on disk, takes
 * its place in the network, and folds the chain's log until it is stopped or cannot go on.
 */
import { fromHex } from "../protocol/bytes.ts";
import type { NetworkFile } from "../protocol/network-file.ts";
import type { MemberId } from "../protocol/output.ts";
import { NodeVerifier } from "../protocol/p256-node.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Domain } from "../protocol/typed-data.ts";
import { ConflictQueries, eventOf } from "./api/conflict-queries.ts";
import { eventOfFolded } from "./api/folded-event.ts";
import { Queries } from "./api/queries.ts";
import { nodeRoutes } from "./api/routes.ts";
import { Endorser } from "./batches/endorser.ts";
import { Objection } from "./batches/objection.ts";
import { Proposer } from "./batches/proposer.ts";
import { accountKey } from "./chain/account.ts";
import { ChainClient } from "./chain/chain-client.ts";
import { ChainDesk } from "./chain/disputes-desk.ts";
import { Checkpointer } from "./checkpoints/checkpointer.ts";
import { Databases, isDamage } from "./databases.ts";
import { Directory } from "./directory.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { AppliedProofs } from "./evidence/applied-proofs.ts";
import { Evidence } from "./evidence/evidence.ts";
import { EvidenceExport } from "./evidence/evidence-export.ts";
import { BatchFetcher } from "./gossip/batch-fetcher.ts";
import { Host } from "./gossip/host.ts";
import { LeafTopic } from "./gossip/leaf-topic.ts";
import { nodeRequests } from "./gossip/messages/kinds.ts";
import { PeerRequests } from "./gossip/peer-requests.ts";
import { LeafIntake } from "./leaf-intake.ts";
import { LeafSource } from "./leaf-source.ts";
import { measure } from "./measures.ts";
import { PeerAnswers } from "./peer-answers.ts";
import { PendingPool } from "./pending-pool.ts";
import { keepPool } from "./pool-upkeep.ts";
import { Replica } from "./replica.ts";
import { Revoker } from "./revoker.ts";
import { DataFolder } from "./service/data-folder.ts";
import { EventFeed } from "./service/event-feed.ts";
import { HttpServer } from "./service/http-server.ts";
import type { StoredKey } from "./service/stored-key.ts";
import type { Logger, Metrics } from "./service/telemetry.ts";
import { Validator } from "./validator.ts";
import { LeafVerifier } from "./verification/verifier.ts";

export type NodeParts = {
  readonly network: NetworkFile;
  readonly keys: {
    readonly peer: StoredKey;
    /** This and the operator's are absent on an observer, and there on a member's node. */
    readonly validator?: StoredKey | undefined;
    /** The one that is to take its place, held before the registry names it. */
    readonly nextValidator?: StoredKey | undefined;
    readonly operator?: StoredKey | undefined;
  };
  readonly logger: Logger;
  readonly metrics: Metrics;
};

export type NodeOptions = {
  readonly data: string;
  /** Absent on an observer. */
  readonly member?: MemberId | undefined;
  readonly gossip: { readonly listen: readonly string[] };
  readonly api: { readonly host: string; readonly port: number };
  readonly chain: { readonly url?: string | undefined; readonly pollMs: number };
  readonly batches: { readonly gatherMs: number; readonly answerMs: number };
  readonly cycles: { readonly openMs: number; readonly turnMs: number };
  readonly verification: { readonly workers?: number | undefined };
};

/** What waits in memory: some 200 MB at the most. */
const POOL_LIMITS = { leavesMax: 262_144, bytesMax: 128 * 1024 * 1024, ageMaxMs: 3_600_000 };
/** How far a node may be behind its chain and still be ready. */
const FOLD_MS = 30_000;
const VERSION = "0.1.0";

export class Node {
  readonly #parts: NodeParts;
  readonly #options: NodeOptions;
  readonly #stop = new AbortController();
  /** Undone in the opposite order, as far as it came. */
  readonly #running = new AsyncDisposableStack();
  readonly #failed = Promise.withResolvers<never>();
  #folder: DataFolder | undefined;
  #databases: Databases | undefined;
  #api: HttpServer | undefined;
  #following: Promise<void> | undefined;
  /** Why the ledger's database is to be set aside at the stop. */
  #damage: Error | undefined;

  constructor(parts: NodeParts, options: NodeOptions) {
    this.#parts = parts;
    this.#options = options;
    // Whoever waits for a failure may come later, or not at all.
    this.#failed.promise.catch(() => undefined);
  }

  /** Where the API listens. */
  get url(): string {
    if (this.#api === undefined) throw new Error("the node is not running");
    return this.#api.url;
  }

  /** Rejects when the node cannot go on: it is to be stopped, and may be started again. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** @throws Refusal on what the operator must mend; Error on what the world did. */
  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the node is stopping"));
    await this.#following;
    await this.#running.disposeAsync();
    if (this.#damage !== undefined) await this.#databases?.setAside(this.#damage);
    await this.#folder?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(): Promise<void> {
    const { network, keys, logger, metrics } = this.#parts;
    const { data, member, api } = this.#options;
    if (member !== undefined && (keys.validator === undefined || keys.operator === undefined)) {
      throw new Refusal(
        "bad-configuration",
        "a member's node needs the keys of its validator and its operator",
      );
    }
    const networkId = fromHex(network.networkId, 32);
    const domain: Domain = {
      chainId: BigInt(network.chainId),
      settlement: network.contracts.settlement,
      networkId: network.networkId,
    };
    const directory = new Directory();
    const { chain, watch } = await this.#startChain(directory);
    const folder = await DataFolder.open(data, { kind: "node", networkId: network.networkId });
    this.#folder = folder;
    const databases = this.#running.use(
      new Databases(folder, { logger, onDamage: (error) => this.#fail(error) }),
    );
    this.#databases = databases;
    const leaves = await databases.openLeaves();
    const verifier = this.#running.use(
      new LeafVerifier({
        networkId: network.networkId,
        logger,
        ...defined({ workers: this.#options.verification.workers }),
      }),
    );
    await verifier.start();
    const pool = new PendingPool(POOL_LIMITS, Date.now);
    const host = new Host({
      seed: keys.peer.reveal(),
      listen: this.#options.gossip.listen,
      logger,
    });
    const context = { networkId, verifier: new NodeVerifier() };
    const validator = this.#validator(directory);

    const handlers = new PeerAnswers();
    const requests = new PeerRequests({
      host,
      networkId: network.networkId,
      kinds: nodeRequests,
      handlers,
      logger,
    });
    const fetcher = new BatchFetcher({ requests, peers: () => host.connected() });
    const source = new LeafSource({ networkId, pool, store: leaves, peers: fetcher, logger });
    const { replica, checkpointer } = await databases.openLedger(
      (state, store) => {
        const replica = new Replica({ context, state, store, leaves: source });
        const checkpointer = new Checkpointer(
          {
            domain,
            replica,
            directory,
            chain,
            ask: (to, cycle, digest) =>
              requests.ask(peerOf(directory, to), "checkpoint", { cycle, digest }),
            logger,
            validator,
            onDivergence: (error) => this.#fail(error),
          },
          {
            ...this.#options.cycles,
            cycleMs: Math.max(this.#options.cycles.openMs, chain.parameters.minCycleS * 1000),
          },
        );
        return { replica, checkpointer };
      },
      (assembled) => assembled.checkpointer.resume(),
    );
    const intake = new LeafIntake({
      networkId,
      pool,
      store: replica.store,
      verifier,
      publish: (fresh) => {
        for (const leaf of fresh) topic.publish(leaf);
      },
      onLocal: () => proposer?.wake(),
    });
    const endorser =
      validator === undefined
        ? undefined
        : new Endorser(
            {
              networkId,
              domain,
              replica,
              pool,
              store: leaves,
              intake,
              verifier: context.verifier,
              validator,
            },
            { waitMs: 2 * chain.parameters.blockPeriodMs },
          );
    const proposer: Proposer | undefined =
      endorser === undefined || validator === undefined
        ? undefined
        : new Proposer(
            {
              context,
              domain,
              replica,
              directory,
              pool,
              endorser,
              validator,
              propose: async (to, batch, seq) => {
                const answer = await requests.ask(peerOf(directory, to), "propose", { batch, seq });
                if (answer.kind === "endorsed") return answer.signature;
                throw new Objection(answer.reason.code, answer.reason.text, answer.leaves);
              },
              chain,
              logger,
            },
            { member: validator.member, ...this.#options.batches, foldMs: FOLD_MS },
          );
    const topic: LeafTopic = new LeafTopic({
      host,
      networkId: network.networkId,
      onFrame: (frame) => intake.gossiped(frame),
      logger,
    });
    handlers.begin({
      directory,
      endorser,
      fetcher,
      pool,
      leaves,
      checkpointer,
      replica,
      logger,
      version: VERSION,
    });
    const evidence = new Evidence(
      {
        networkId,
        member,
        replica,
        pool,
        leaves,
        store: await databases.open("evidence"),
        directory,
        desk: network.contracts.disputes === undefined ? undefined : new ChainDesk(chain),
        logger,
        onLocal: () => proposer?.wake(),
        onFailure: (cause) => this.#fail(new Error("evidence is not kept any more", { cause })),
      },
      { turnMs: this.#options.cycles.turnMs },
    );
    const conflicts = new ConflictQueries({
      book: evidence.book,
      exporter: new EvidenceExport({
        networkId: network.networkId,
        book: evidence.book,
        store: replica.store,
        proofs: new AppliedProofs((cycle) => replica.store.appliedIn(cycle)),
        settledCycle: (cycle, block) => chain.settledCycle(cycle, block),
      }),
      pool,
      context: () => ({
        currency: network.currency,
        openCycle: replica.state.parameters.openCycle,
        reclaimDelayS: replica.state.reclaimDelayS,
        penaltyPercent: chain.parameters.penaltyPercent,
        canPay: network.contracts.disputes !== undefined,
      }),
    });
    const conflictFeed = new EventFeed({ history: (number) => conflicts.changesAfter(number) });
    evidence.book.onChange((conflict) => conflictFeed.publish(eventOf(conflict)));
    const queries = new Queries({
      conflicts,
      domain,
      member,
      replica,
      pool,
      leaves,
      chain,
      peers: () => host.connected(),
      verified: () => verifier.verified,
    });
    const feed = new EventFeed({ history: (seq) => queries.eventsAfter(seq) });
    replica.onFolded((folded) => {
      evidence.folded(folded);
      keepPool(pool, folded);
      feed.publish(eventOfFolded(folded));
    });
    measure(metrics, { replica, pool, verifier, host, topic, conflicts: evidence.book });

    directory.onChange(({ members, observers }) => {
      host.setPeers(
        [...members.filter(({ status }) => status !== 3), ...observers]
          .filter(({ peerId }) => peerId !== host.peerId)
          .map(({ peerId, addresses }) => ({ id: peerId, addresses })),
      );
    });
    this.#tellOf(directory, () => {
      const named = member === undefined ? undefined : directory.peerIdOf(member);
      if (named === undefined || named === host.peerId) return undefined;
      return `the registry names peer ${named}: no one connects with ${host.peerId}`;
    });
    // Before any leaf comes in: each may be the loser of a coin.
    await evidence.start();
    this.#running.use(evidence);
    await host.start();
    this.#running.use(host);
    this.#running.defer(() => requests.stop());
    this.#running.defer(() => topic.stop());
    await watch.start();
    checkpointer.start();
    this.#running.defer(() => checkpointer.stop());
    proposer?.start();
    this.#running.defer(() => proposer?.stop());
    const server = new HttpServer(
      {
        routes: nodeRoutes({
          intake: member === undefined ? undefined : intake,
          revoker:
            member === undefined
              ? undefined
              : new Revoker({ ...context, member, state: replica.state, chain }),
          queries,
          feed,
          evidence: { conflicts, conflictFeed },
        }),
        logger,
        metrics,
        checks: {
          chain: () => (chain.state.kind === "following" ? undefined : `chain ${chain.state.kind}`),
          leaves: () =>
            source.missing === undefined
              ? undefined
              : `bytes of batch ${source.missing} are missing`,
          ledger: () => (replica.state.seq > 0 ? undefined : "nothing is folded yet"),
        },
      },
      { title: "Tallystick node", version: VERSION, host: api.host, port: api.port },
    );
    await server.start();
    this.#api = server;
    this.#running.use(server);
    this.#following = this.#follow(chain, replica);
  }

  async #startChain(
    directory: Directory,
  ): Promise<{ readonly chain: ChainClient; readonly watch: DirectoryWatch }> {
    const { network, keys, logger } = this.#parts;
    const { url, pollMs } = this.#options.chain;
    const { operator } = keys;
    const chain: ChainClient = this.#running.use(
      new ChainClient(
        {
          network,
          logger,
          key: operator === undefined ? undefined : accountKey(operator.reveal()),
          onRegistryChange: (block) => watch.changed(block),
        },
        { pollMs, ...(url === undefined ? {} : { rpcUrls: [url, ...network.rpcUrls] }) },
      ),
    );
    const read = (block: number) => chain.reader.directory(block);
    const watch = this.#running.use(new DirectoryWatch({ directory, read, logger }));
    await chain.start();
    return { chain, watch };
  }

  /** An observer has none. */
  #validator(directory: Directory): Validator | undefined {
    const { validator, nextValidator } = this.#parts.keys;
    const { member } = this.#options;
    if (member === undefined) return undefined;
    const held = [validator, nextValidator].filter((key) => key !== undefined);
    const secrets = held.map((key) => key.reveal());
    const made = new Validator(member, secrets, directory);
    this.#tellOf(directory, () => made.obstacle);
    return made;
  }

  /** Tells the operator once when the registry goes by other keys than this node's, and once when by these again. */
  #tellOf(directory: Directory, find: () => string | undefined): void {
    const { logger } = this.#parts;
    let told: string | undefined;
    directory.onChange(() => {
      const obstacle = find();
      if (obstacle === told) return;
      if (obstacle === undefined) logger.info({ was: told }, "this node takes its part again");
      else logger.error({ obstacle }, "this node does not take its part");
      told = obstacle;
    });
  }

  async #follow(chain: ChainClient, replica: Replica): Promise<void> {
    const { signal } = this.#stop;
    const { place, state } = { place: replica.store.place, state: replica.state };
    const cursor = place === undefined ? undefined : { seq: state.seq, place };
    try {
      await replica.follow(chain.events(cursor, signal), signal);
    } catch (error) {
      if (!signal.aborted) this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    if (this.#stop.signal.aborted) return;
    if (isDamage(error)) this.#damage ??= error;
    this.#parts.logger.fatal({ err: error }, "the node cannot go on");
    this.#failed.reject(error);
  }
}

function peerOf(directory: Directory, member: MemberId): string {
  const peer = directory.peerIdOf(member);
  if (peer === undefined) throw new Error(`member ${member} is in no registry`);
  return peer;
}

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
