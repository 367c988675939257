/**
 * A member's node, or an observer's: its parts (assembly.ts), set going. It listens, waits for the chain,
 * opens what is on disk, takes its place in the network, and folds the chain's log until it is stopped or
 * cannot go on.
 */
import type { NetworkFile } from "../protocol/network-file.ts";
import type { MemberId } from "../protocol/output.ts";
import { Refusal } from "../protocol/refusal.ts";
import { nodeRoutes } from "./api/routes.ts";
import { type Assembly, assemble } from "./assembly.ts";
import { accountKey } from "./chain/account.ts";
import { ChainClient } from "./chain/chain-client.ts";
import { type ConsoleOptions, type ConsoleParts, makeConsole } from "./console/console.ts";
import { Databases, isDamage, nodeFolder } from "./databases.ts";
import { Directory } from "./directory.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { readinessOf } from "./readiness.ts";
import type { Replica } from "./replica.ts";
import { DataFolder } from "./service/data-folder.ts";
import { HttpServer } from "./service/http-server.ts";
import type { TlsMaterial } from "./service/listener.ts";
import type { StoredKey } from "./service/stored-key.ts";
import type { Logger, Metrics } from "./service/telemetry.ts";
import { untilAborted } from "./service/until-aborted.ts";
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
  readonly api: {
    readonly host: string;
    readonly port: number;
    /** Demanded where the host is not loopback. */
    readonly tls?: TlsMaterial | undefined;
  };
  readonly chain: { readonly url?: string | undefined; readonly pollMs: number };
  readonly batches: { readonly gatherMs: number; readonly answerMs: number };
  readonly cycles: { readonly openMs: number; readonly turnMs: number };
  readonly verification: { readonly workers?: number | undefined };
  /** A listener for people; none where it is not configured. */
  readonly console?: Omit<ConsoleOptions, "version"> | undefined;
  /** Kept by an observer where it is not said. */
  readonly trace?: { readonly index?: boolean | undefined };
};

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
  #server: HttpServer | undefined;
  /** For people; absent where none is configured. */
  #console: HttpServer | undefined;
  /** There once the node takes part. */
  #assembly: Assembly | undefined;
  #following: Promise<void> | undefined;
  /** Why the ledger's database is to be set aside at the stop. */
  #damage: Error | undefined;

  constructor(parts: NodeParts, options: NodeOptions) {
    this.#parts = parts;
    this.#options = options;
    // Whoever waits for a failure may come later, or not at all.
    this.#failed.promise.catch(() => undefined);
  }

  /** Where the API listens, from early in the start on. */
  get url(): string {
    if (this.#server === undefined) throw new Error("the node does not listen");
    return this.#server.url;
  }

  /** Where people look, if it is configured. */
  get consoleUrl(): string | undefined {
    return this.#console?.url;
  }

  /** Rejects when the node cannot go on: it is to be stopped, and may be started again. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /**
   * Listens, then waits for the chain as long as it takes, and takes part.
   * @param signal aborted when it is no longer wanted.
   * @throws Refusal on what the operator must mend; Error on what the world did.
   */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    try {
      await this.#open(signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Once the start has come to its end. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("the node is stopping"));
    await this.#console?.stop();
    await this.#server?.stop();
    await this.#following;
    await this.#running.disposeAsync();
    if (this.#damage !== undefined) await this.#databases?.setAside(this.#damage);
    await this.#folder?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { network, keys, logger } = this.#parts;
    const { data, member } = this.#options;
    if (member !== undefined && (keys.validator === undefined || keys.operator === undefined)) {
      throw new Refusal(
        "bad-configuration",
        "a member's node needs the keys of its validator and its operator",
      );
    }
    const { networkId } = network;
    const directory = new Directory();
    const { chain, watch } = this.#makeChain(directory);
    // Whoever looks after the node can see what it waits for.
    await this.#listen(chain);
    await chain.start(signal);
    this.#folder = await DataFolder.open(data, { ...nodeFolder, networkId });
    const fail = (error: Error) => this.#fail(error);
    const databases = this.#running.use(new Databases(this.#folder, { logger, onDamage: fail }));
    this.#databases = databases;
    const verifier = this.#running.use(
      new LeafVerifier({ networkId, logger, ...defined(this.#options.verification) }),
    );
    await verifier.start();
    const ground = { chain, directory, databases, verifier, fail };
    const assembly = await assemble(this.#parts, this.#options, ground, VERSION);
    await this.#run(assembly, watch, signal);
    this.#assembly = assembly;
    this.#following = this.#follow(chain, assembly.replica);
  }

  async #listen(chain: ChainClient): Promise<void> {
    const { logger, metrics } = this.#parts;
    const { member, api } = this.#options;
    const answers = () => {
      if (this.#assembly !== undefined) return this.#assembly.answers;
      throw new Refusal("unavailable", `the node is starting; its chain: ${chain.state.kind}`);
    };
    const server = new HttpServer(
      {
        routes: nodeRoutes(answers, { isMember: member !== undefined }),
        logger,
        metrics,
        checks: readinessOf(chain, () => this.#assembly),
      },
      {
        title: "Tallystick node",
        version: VERSION,
        host: api.host,
        port: api.port,
        ...defined({ tls: api.tls }),
      },
    );
    await server.start();
    this.#server = server;
    await this.#listenToPeople(answers);
  }

  async #listenToPeople(answers: ConsoleParts["answers"]): Promise<void> {
    const options = this.#options.console;
    if (options === undefined) return;
    const listener = await makeConsole(
      { logger: this.#parts.logger, answers },
      { ...options, version: VERSION },
    );
    await listener.start();
    this.#console = listener;
  }

  #makeChain(directory: Directory): {
    readonly chain: ChainClient;
    readonly watch: DirectoryWatch;
  } {
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
    return { chain, watch };
  }

  async #run(
    {
      evidence,
      traces,
      health,
      settledState,
      agreement,
      host,
      requests,
      topic,
      checkpointer,
      proposer,
    }: Assembly,
    watch: DirectoryWatch,
    signal: AbortSignal,
  ): Promise<void> {
    this.#running.use(settledState);
    // Before any leaf comes in: each may be the loser of a coin.
    await evidence.start();
    this.#running.use(evidence);
    await traces?.start();
    this.#running.use(traces);
    await host.start();
    this.#running.use(host);
    this.#running.defer(() => requests.stop());
    this.#running.defer(() => topic.stop());
    this.#running.use(agreement);
    await untilAborted(watch.start(), signal);
    health.start();
    this.#running.use(health);
    checkpointer.start();
    this.#running.defer(() => checkpointer.stop());
    proposer?.start();
    this.#running.defer(() => proposer?.stop());
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

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
