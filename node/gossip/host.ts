/**
 * A node's place in the network: who may be connected, that they are, and what passes between them. The
 * registry names the peers; everyone else is refused on both sides, and a peer that misbehaves is shut
 * out for a while. Only this folder knows that libp2p is underneath.
 */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import type { Connection, Libp2p, PeerId, Stream } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { Refusal } from "../../protocol/refusal.ts";
import { type Random, systemRandom } from "../../protocol/random.ts";
import type { Logger } from "../service/telemetry.ts";
import { type Channel, makeChannel } from "./channel.ts";
import { Conduct, type Offence } from "./conduct.ts";
import { Dialler } from "./dialler.ts";
import { makeLibp2p, SCORE_BAD, type Services } from "./libp2p.ts";
import { type Peer, parseAddresses } from "./peer.ts";
import { parsePeerId, peerKeyOf } from "./peer-id.ts";

export type HostOptions = {
  /** The 32 bytes of the node's Ed25519 identity. */
  readonly seed: Uint8Array;
  /** Multiaddrs to listen at, such as "/ip4/0.0.0.0/tcp/4701". */
  readonly listen: readonly string[];
  readonly logger?: Logger;
  readonly random?: Random;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
};

/** What becomes of a message on a topic: `reject` costs whoever sent it on its place in the network. */
export type Verdict = "accept" | "ignore" | "reject";

export type HostEvents = { connected: [peer: string]; disconnected: [peer: string] };

const WATCH_INTERVAL_MS = 1000;
/** No one dials a peer it is connected with: who connects again after this long has lost the old connection. */
const REPLACED_AFTER_MS = 2000;
/**
 * Whoever publishes sends to everyone it is connected with. A message goes on from here only for those it
 * is not: by then, the others have said that they have it.
 */
const FORWARD_AFTER_MS = 100;
/** Streams of a new connection stand within this time. */
const STREAMS_BY_MS = 5000;

export class Host extends EventEmitter<HostEvents> {
  readonly #options: HostOptions;
  readonly #logger: Logger | undefined;
  readonly #conduct: Conduct;
  readonly #dialler: Dialler;
  readonly #topics = new Map<string, (data: Uint8Array, from: string) => Promise<Verdict>>();
  readonly #protocols = new Map<string, (stream: Stream, connection: Connection) => void>();
  readonly #peers = new Map<string, readonly Multiaddr[]>();
  #libp2p: Libp2p<Services> | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: HostOptions) {
    super();
    const { random = systemRandom, now = Date.now } = options;
    this.#options = options;
    this.#logger = options.logger;
    this.#conduct = new Conduct(now);
    this.#dialler = new Dialler({ dial: (peer) => this.#dial(peer), now, random });
  }

  /** This node's peer id. */
  get peerId(): string {
    return this.#running.peerId.toString();
  }

  /** The multiaddrs it listens at, each ending with its peer id. */
  get addresses(): readonly string[] {
    return this.#running.getMultiaddrs().map(String);
  }

  /** The peer ids it is connected with. */
  connected(): readonly string[] {
    return this.#libp2p?.getPeers().map(String) ?? [];
  }

  /** What peers did that no honest peer does, counted since the start. */
  offences(): ReturnType<Conduct["offences"]> {
    return this.#conduct.offences();
  }

  /** Takes part in a topic; to be called before the start. `judge` decides on each message before it goes on. */
  join(topic: string, judge: (data: Uint8Array, from: string) => Promise<Verdict>): void {
    assert(this.#libp2p === undefined, "topics are joined before the start");
    this.#topics.set(topic, judge);
  }

  /** Sends to every connected peer that takes part in the topic. Returns how many those are. */
  async publish(topic: string, data: Uint8Array): Promise<number> {
    const { recipients } = await this.#running.services.pubsub.publish(topic, data);
    return recipients.length;
  }

  /** Answers streams of a protocol; to be called before the start. @param bytesMax of one message. */
  serve(protocol: string, bytesMax: number, handle: (channel: Channel) => void): void {
    assert(this.#libp2p === undefined, "protocols are served from the start");
    this.#protocols.set(protocol, (stream, { remotePeer }) =>
      handle(makeChannel(remotePeer.toString(), stream, bytesMax)),
    );
  }

  /** Opens a stream to a connected peer. @throws Error if it is not connected or does not speak the protocol. */
  async open(peer: string, protocol: string, bytesMax: number): Promise<Channel> {
    const connection = this.#connections(peer).find(({ status }) => status === "open");
    if (connection === undefined) throw new Error(`peer ${peer} is not connected`);
    return makeChannel(peer, await connection.newStream(protocol), bytesMax);
  }

  /**
   * Makes the registry's peers the only ones: new ones are dialled until they are connected, others are
   * disconnected. A peer that cannot be understood is left out and logged; the node itself may be named.
   */
  setPeers(peers: readonly Peer[]): void {
    const wanted = new Map(peers.flatMap((peer) => this.#parse(peer)));
    for (const peer of this.#peers.keys()) if (!wanted.has(peer)) this.#remove(peer);
    for (const [peer, addresses] of wanted) {
      // One that has moved is not waited for as long as where it was.
      if (this.#peers.get(peer)?.join() !== addresses.join()) this.#dialler.forget(peer);
      this.#peers.set(peer, addresses);
      if (this.#libp2p !== undefined) this.#want(peer);
    }
  }

  /** Shuts a peer out for what it did, and says so. `detail` is for the log alone. */
  penalise(peer: string, offence: Offence, detail: string): void {
    const bannedMs = this.#conduct.offend(peer, offence);
    this.#logger?.warn(
      { peer, offence, detail, bannedMs },
      "a peer misbehaved and is disconnected",
    );
    this.#disconnect(peer, `misbehaved: ${offence}`);
  }

  /** @throws Refusal `in-use` if an address is taken. */
  async start(): Promise<void> {
    const libp2p = await makeLibp2p({
      key: await peerKeyOf(this.#options.seed),
      listen: this.#options.listen,
      topics: [...this.#topics.keys()],
      isAllowed: (peer) => this.#isAllowed(peer.toString()),
    });
    const { pubsub } = libp2p.services;
    libp2p.addEventListener("connection:open", ({ detail }) => this.#onConnection(detail));
    libp2p.addEventListener("peer:connect", ({ detail }) => this.#onConnect(detail));
    libp2p.addEventListener("peer:disconnect", ({ detail }) => this.#onDisconnect(detail));
    for (const [topic, judge] of this.#topics) {
      pubsub.topicValidators.set(topic, async (from, { data }) => {
        const verdict = await judge(data, from.toString());
        if (verdict === "accept") await sleep(FORWARD_AFTER_MS, undefined, { ref: false });
        return verdicts[verdict];
      });
    }
    await Promise.all(
      [...this.#protocols].map(([protocol, handler]) =>
        libp2p.handle(protocol, handler, { maxInboundStreams: 2, maxOutboundStreams: 2 }),
      ),
    );
    try {
      await libp2p.start();
    } catch (error) {
      await libp2p.stop();
      throw startError(error, this.#options.listen);
    }
    this.#libp2p = libp2p;
    for (const topic of this.#topics.keys()) pubsub.subscribe(topic);
    for (const peer of this.#peers.keys()) this.#want(peer);
    this.#watch = setInterval(() => this.#checkPeers(), WATCH_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    this.#dialler.stop();
    const libp2p = this.#libp2p;
    this.#libp2p = undefined;
    await libp2p?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #running(): Libp2p<Services> {
    if (this.#libp2p === undefined) throw new Error("the host is not running");
    return this.#libp2p;
  }

  #isAllowed(peer: string): boolean {
    return this.#peers.has(peer) && !this.#conduct.isBanned(peer);
  }

  #parse(peer: Peer): [string, readonly Multiaddr[]][] {
    try {
      return [[parsePeerId(peer.id).toString(), parseAddresses(peer)]];
    } catch (error) {
      this.#logger?.warn({ peer: peer.id, err: error }, "a peer of the registry is left out");
      return [];
    }
  }

  /** Of two peers, the one whose id is lower dials first. */
  #want(peer: string): void {
    if (peer !== this.peerId) this.#dialler.want(peer, this.peerId < peer);
  }

  #remove(peer: string): void {
    this.#peers.delete(peer);
    this.#dialler.forget(peer);
    this.#disconnect(peer, "no longer a peer of this network");
  }

  #connections(peer: string): Connection[] {
    return this.#libp2p?.getConnections(parsePeerId(peer)) ?? [];
  }

  #disconnect(peer: string, reason: string): void {
    for (const connection of this.#connections(peer)) connection.abort(new Error(reason));
  }

  async #dial(peer: string): Promise<void> {
    const addresses = this.#peers.get(peer) ?? [];
    // Nothing to dial is no failure: such a peer dials us, and those without an address are looked at again.
    if (addresses.length === 0 || this.#conduct.isBanned(peer))
      throw new Error("not to be dialled");
    await this.#running.dial([...addresses]);
  }

  #onConnection(connection: Connection): void {
    const peer = connection.remotePeer.toString();
    // The registry may have changed while the two shook hands.
    if (!this.#isAllowed(peer)) return connection.abort(new Error("not a peer of this network"));
    for (const older of this.#connections(peer)) {
      const age = connection.timeline.open - older.timeline.open;
      if (age > REPLACED_AFTER_MS) older.abort(new Error("replaced by a new connection"));
    }
  }

  #onConnect(peerId: PeerId): void {
    const peer = peerId.toString();
    this.#logger?.info({ peer }, "connected");
    this.#dialler.connected(peer);
    this.emit("connected", peer);
  }

  #onDisconnect(peerId: PeerId): void {
    const peer = peerId.toString();
    this.#logger?.info({ peer }, "disconnected");
    this.#dialler.lost(peer);
    this.emit("disconnected", peer);
  }

  /**
   * What libp2p leaves alone: a peer whose score has fallen is still connected, and one whose gossip
   * stream broke would stay so without ever hearing a frame.
   */
  #checkPeers(): void {
    const pubsub = this.#running.services.pubsub as GossipSubWithScore;
    for (const peer of this.connected()) {
      if (pubsub.getScore(peer) <= SCORE_BAD) {
        this.penalise(peer, "gossip-score", "sent messages that break the gossip protocol");
      } else if (this.#topics.size > 0 && !this.#hasGossip(peer)) {
        this.#logger?.warn({ peer }, "a peer's gossip stream broke: connecting anew");
        this.#disconnect(peer, "the gossip stream broke");
      }
    }
  }

  #hasGossip(peer: string): boolean {
    const connections = this.#connections(peer);
    const isYoung = connections.some(({ timeline }) => Date.now() - timeline.open < STREAMS_BY_MS);
    const streams = connections
      .flatMap((connection) => connection.streams)
      .filter(({ protocol }) => protocol.startsWith("/meshsub/"))
      // A stream that one side gave up lingers until the other side does.
      .filter((s) => s.writeStatus === "writable" && s.remoteWriteStatus === "writable");
    const stands = (direction: Stream["direction"]) =>
      streams.some((stream) => stream.direction === direction);
    return isYoung || (stands("inbound") && stands("outbound"));
  }
}

/** There at run time, and left out of the exported type. */
type GossipSubWithScore = Services["pubsub"] & { getScore(peer: string): number };

const verdicts = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const satisfies Record<Verdict, TopicValidatorResult>;

function startError(error: unknown, listen: readonly string[]): unknown {
  const text = error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error);
  return /EADDRINUSE|address already in use/.test(text)
    ? new Refusal("in-use", `another process listens at ${listen.join(" or ")}`)
    : error;
}
