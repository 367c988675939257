/** The parts of a node, put together over what is open already: the only place where they meet. Nothing runs yet. */
import { fromHex } from "../protocol/bytes.ts";
import type { MemberId } from "../protocol/output.ts";
import { NodeVerifier } from "../protocol/p256-node.ts";
import type { Domain } from "../protocol/typed-data.ts";
import { makeApiAnswers } from "./api-answers.ts";
import { Endorser } from "./batches/endorser.ts";
import { isAskedFirst } from "./batches/endorsers.ts";
import { Objection } from "./batches/objection.ts";
import { Proposer } from "./batches/proposer.ts";
import type { ChainClient } from "./chain/chain-client.ts";
import { ChainDesk } from "./chain/disputes-desk.ts";
import { Agreement, type AskForCheckpoint } from "./checkpoints/agreement.ts";
import { Checkpointer } from "./checkpoints/checkpointer.ts";
import { SettledState } from "./checkpoints/settled-state.ts";
import type { Databases } from "./databases.ts";
import type { Directory } from "./directory.ts";
import { Evidence } from "./evidence/evidence.ts";
import { BatchFetcher } from "./gossip/batch-fetcher.ts";
import { Host } from "./gossip/host.ts";
import { LeafTopic } from "./gossip/leaf-topic.ts";
import { nodeRequests } from "./gossip/messages/kinds.ts";
import { PeerRequests } from "./gossip/peer-requests.ts";
import { HealthWatch } from "./health-watch.ts";
import { LeafIntake } from "./leaf-intake.ts";
import { LeafSource } from "./leaf-source.ts";
import { measure } from "./measures.ts";
import type { NodeOptions, NodeParts } from "./node.ts";
import { PeerAnswers } from "./peer-answers.ts";
import { PendingPool } from "./pending-pool.ts";
import { keepPool } from "./pool-upkeep.ts";
import { Replica } from "./replica.ts";
import type { StoredKey } from "./service/stored-key.ts";
import type { LeafStore } from "./store/leaf-store.ts";
import { Traces } from "./trace/trace.ts";
import { Validator } from "./validator.ts";
import type { LeafVerifier } from "./verification/verifier.ts";

/** What runs or is open before the rest can be made. */
export type Ground = {
  /** Started. */
  readonly chain: ChainClient;
  readonly directory: Directory;
  readonly databases: Databases;
  /** Started. */
  readonly verifier: LeafVerifier;
  /** The node cannot go on. */
  readonly fail: (error: Error) => void;
};

export type Assembly = Awaited<ReturnType<typeof assemble>>;

/** What waits in memory: some 200 MB at the most. */
const POOL_LIMITS = { leavesMax: 262_144, bytesMax: 128 * 1024 * 1024, ageMaxMs: 3_600_000 };
/** How far a node may be behind its chain and still be ready. */
const FOLD_MS = 30_000;

/** @param version of this software. */
export async function assemble(
  parts: NodeParts,
  options: NodeOptions,
  ground: Ground,
  version: string,
) {
  const { network, keys, logger, metrics } = parts;
  const networkId = fromHex(network.networkId, 32);
  const domain: Domain = {
    chainId: BigInt(network.chainId),
    settlement: network.contracts.settlement,
    networkId: network.networkId,
  };
  const common = {
    ...ground,
    network,
    logger,
    networkId,
    domain,
    context: { networkId, verifier: new NodeVerifier() },
    pool: new PendingPool(POOL_LIMITS, Date.now),
    leaves: await ground.databases.openLeaves(),
    validator: validatorOf(parts, options, ground),
  };
  const peers = makePeers(common, keys.peer, options);
  const books = await openBooks({ ...common, ...peers }, options);
  const work = await openWork({ ...common, ...peers, ...books }, options, version);
  const { replica, agreement } = books;
  const { evidence } = work;
  const traces = await openTraces({ ...common, ...books, ...work }, options);
  replica.onFolded((folded) => {
    // Before the pool forgets what it looks at.
    evidence.folded(folded);
    keepPool(common.pool, folded);
    traces?.folded();
  });
  const { host } = peers;
  const health = new HealthWatch({
    directory: ground.directory,
    connected: () => host.connected(),
    ownPeer: () => host.peerId,
    agreement,
    now: Date.now,
  });
  replica.onFolded((folded) => health.folded(folded));
  const settledState = new SettledState(replica.store);
  replica.onFolded((folded) => settledState.folded(folded));
  const all = { ...common, ...peers, ...books, ...work, traces, health, settledState };
  const answers = makeApiAnswers(all, options.member);
  measure(metrics, { ...all, conflicts: evidence.book, cases: evidence.cases });
  return { ...peers, ...books, ...work, traces, health, settledState, answers };
}

type Common = Pick<NodeParts, "network" | "logger"> &
  Ground & {
    readonly networkId: Uint8Array;
    readonly domain: Domain;
    readonly context: { readonly networkId: Uint8Array; readonly verifier: NodeVerifier };
    readonly pool: PendingPool;
    readonly leaves: LeafStore;
    readonly validator: Validator | undefined;
  };

/** The other institutions: who they are, and what is asked of them. */
function makePeers({ network, directory, logger }: Common, key: StoredKey, options: NodeOptions) {
  const { networkId } = network;
  const seed = key.reveal();
  const host = new Host({ seed, listen: options.gossip.listen, logger });
  const handlers = new PeerAnswers();
  const requests = new PeerRequests({
    host,
    networkId,
    kinds: nodeRequests,
    handlers,
    logger,
  });
  const fetcher = new BatchFetcher({ requests, peers: () => host.connected() });
  directory.onChange(({ members, observers }) => {
    host.setPeers(
      [...members.filter(({ status }) => status !== 3), ...observers]
        .filter(({ peerId }) => peerId !== host.peerId)
        .map(({ peerId, addresses }) => ({ id: peerId, addresses })),
    );
  });
  tellOf({ directory, logger }, () => {
    const { member } = options;
    const named = member === undefined ? undefined : directory.peerIdOf(member);
    if (named === undefined || named === host.peerId) return undefined;
    return `the registry names peer ${named}: no one connects with ${host.peerId}`;
  });
  return { host, handlers, requests, fetcher };
}

/** The ledger, and the checkpoints that it has come to. */
async function openBooks(
  common: Common & ReturnType<typeof makePeers>,
  { member, cycles }: NodeOptions,
) {
  const { context, networkId, pool, leaves, fetcher, logger } = common;
  const { chain, databases, directory, requests, fail } = common;
  const source = new LeafSource({ networkId, pool, store: leaves, peers: fetcher, logger });
  const cycleMs = Math.max(cycles.openMs, chain.parameters.minCycleS * 1000);
  const ask: AskForCheckpoint = (to, cycle, digest) =>
    requests.ask(peerOf(directory, to), "checkpoint", { cycle, digest });
  const agreement = new Agreement({ directory, member, ask, logger, now: Date.now });
  const { replica, checkpointer } = await databases.openLedger(
    (state, store) => {
      const replica = new Replica({
        context,
        state,
        store,
        leaves: source,
        hurry: () => chain.look(),
      });
      const checkpointer = new Checkpointer(
        {
          ...common,
          replica,
          ask,
          agreement,
          onDivergence: fail,
        },
        { ...cycles, cycleMs },
      );
      return { replica, checkpointer };
    },
    (assembled) => assembled.checkpointer.resume(),
  );
  return { source, replica, agreement, checkpointer };
}

/** What is done with leaves: taken in, put into batches, watched for double spends. */
async function openWork(
  common: Common & ReturnType<typeof makePeers> & Awaited<ReturnType<typeof openBooks>>,
  options: NodeOptions,
  version: string,
) {
  const { network, context, validator, chain, databases, fail } = common;
  const { host, handlers, requests, directory, leaves, replica, logger } = common;
  const intake = new LeafIntake({
    ...common,
    store: replica.store,
    state: replica.state,
    publish: (fresh) => {
      for (const leaf of fresh) topic.publish(leaf);
    },
    onLocal: () => proposer?.wake(),
  });
  const topic: LeafTopic = new LeafTopic({
    host,
    networkId: network.networkId,
    onFrame: async (frame, from) =>
      isSpared(directory, options.member, from)
        ? intake.spared(frame)
        : await intake.gossiped(frame),
    logger,
  });
  const endorser =
    validator === undefined
      ? undefined
      : new Endorser(
          { ...common, store: leaves, intake, verifier: context.verifier, validator },
          { waitMs: 2 * chain.parameters.blockPeriodMs },
        );
  const proposer: Proposer | undefined =
    endorser === undefined || validator === undefined
      ? undefined
      : new Proposer(
          {
            ...common,
            endorser,
            validator,
            propose: async (to, batch, seq) => {
              const answer = await requests.ask(
                peerOf(directory, to),
                "propose",
                { batch, seq },
                { timeoutMs: options.batches.answerMs },
              );
              if (answer.kind === "endorsed") return answer.signature;
              throw new Objection(answer.reason.code, answer.reason.text, answer.leaves);
            },
          },
          { member: validator.member, ...options.batches, foldMs: FOLD_MS },
        );
  handlers.begin({ ...common, endorser, version });
  const evidence = new Evidence(
    {
      ...common,
      member: options.member,
      store: await databases.open("evidence"),
      desk: network.contracts.disputes === undefined ? undefined : new ChainDesk(chain),
      check: (leaf) => intake.fetched([leaf]),
      onLocal: () => proposer?.wake(),
      onFailure: (cause) => fail(new Error("evidence is not kept any more", { cause })),
    },
    { turnMs: options.cycles.turnMs },
  );
  return { intake, topic, proposer, evidence };
}

/** Observers answer traces; a member that wants to keeps the index for it. */
async function openTraces(
  common: Common & Awaited<ReturnType<typeof openBooks>> & Awaited<ReturnType<typeof openWork>>,
  { member, trace }: NodeOptions,
): Promise<Traces | undefined> {
  if (!(trace?.index ?? member === undefined)) return undefined;
  const { network, context, databases, replica, evidence, chain, fail } = common;
  const desk = network.contracts.disputes === undefined ? undefined : new ChainDesk(chain);
  return new Traces({
    ...common,
    ...context,
    store: replica.store,
    state: replica.state,
    files: await databases.openLarge("trace"),
    book: evidence.book,
    caseOf: async (caseId) => await desk?.case(caseId),
    onFailure: (cause) => fail(new Error("the index of traces is not kept any more", { cause })),
  });
}

/** An observer has none. */
function validatorOf(
  { keys, logger }: NodeParts,
  { member }: NodeOptions,
  { directory }: Ground,
): Validator | undefined {
  if (member === undefined) return undefined;
  const held = [keys.validator, keys.nextValidator].filter((key) => key !== undefined);
  const secrets = held.map((key) => key.reveal());
  const made = new Validator(member, secrets, directory);
  tellOf({ directory, logger }, () => made.obstacle);
  return made;
}

/** Tells the operator once when the registry goes by other keys than this node's, and once when by these again. */
function tellOf(
  { directory, logger }: Pick<Common, "directory" | "logger">,
  find: () => string | undefined,
): void {
  let told: string | undefined;
  directory.onChange(() => {
    const obstacle = find();
    if (obstacle === told) return;
    if (obstacle === undefined) logger.info({ was: told }, "this node takes its part again");
    else logger.error({ obstacle }, "this node does not take its part");
    told = obstacle;
  });
}

/** Whether leaves from this peer are another's to check: observers check all, and what observers sent is checked. */
function isSpared(directory: Directory, member: MemberId | undefined, from: string): boolean {
  const proposer = directory.memberOf(from);
  if (member === undefined || proposer === undefined) return false;
  return !isAskedFirst(member, proposer, directory.activeMembers());
}

function peerOf(directory: Directory, member: MemberId): string {
  const peer = directory.peerIdOf(member);
  if (peer === undefined) throw new Error(`member ${member} is in no registry`);
  return peer;
}
