/**
 * How libp2p is set up between members: a handful of known institutions, each link worth keeping, frames
 * of a hundred kilobytes, no strangers. Every setting that differs from libp2p's own says why.
 */
import { hash } from "node:crypto";
import { type GossipSub, gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { Ed25519PrivateKey, Libp2p, PeerId } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { type Ping, ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { limits } from "../../protocol/limits.ts";
import { WINDOW_BYTES } from "./channel.ts";

export type Services = { identify: Identify; ping: Ping; pubsub: GossipSub };

export type Libp2pSetting = {
  readonly key: Ed25519PrivateKey;
  /** Multiaddrs to listen at. */
  readonly listen: readonly string[];
  /** The only topics there are. */
  readonly topics: readonly string[];
  /** Whether a peer may be connected to, in either direction. */
  readonly isAllowed: (peer: PeerId) => boolean;
};

/** A peer with this score sent invalid messages; nothing honest comes near it. */
export const SCORE_BAD = -100;

/** Made, not started. */
export function makeLibp2p(setting: Libp2pSetting): Promise<Libp2p<Services>> {
  const isDenied = (peer: PeerId) => !setting.isAllowed(peer);
  return createLibp2p<Services>({
    start: false,
    privateKey: setting.key,
    addresses: { listen: [...setting.listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: WINDOW_BYTES } })],
    connectionGater: {
      denyDialPeer: isDenied,
      denyInboundEncryptedConnection: isDenied,
      denyOutboundEncryptedConnection: isDenied,
    },
    connectionManager: {
      // All members may come from one address, and all at once after an outage: the default lets in 5.
      inboundConnectionThreshold: 1000,
      maxIncomingPendingConnections: 100,
      inboundUpgradeTimeout: 5000,
      // The dialler decides who is dialled again, and when.
      reconnectRetries: 0,
    },
    // A loaded peer answers a ping late, and to cut the link then loses its frames: only a silence that no
    // load explains means that the machine is gone, and one ping at a time asks.
    connectionMonitor: { pingInterval: 30_000, pingTimeout: { minTimeout: 30_000 } },
    services: { identify: identify(), ping: ping(), pubsub: gossipsub(gossipSetting(setting)) },
  });
}

function gossipSetting({ topics }: Libp2pSetting): NonNullable<Parameters<typeof gossipsub>[0]> {
  return {
    // Leaves are signed each by itself and links are authenticated: a frame needs no signature of its own.
    // Without one a receiver spends a quarter less on a frame of 100 KB, and equal frames have one name.
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => hash("sha256", message.data, "buffer"),
    ignoreDuplicatePublishError: true,
    allowPublishToZeroTopicPeers: true,
    emitSelf: false,
    fallbackToFloodsub: false,
    allowedTopics: [...topics],

    // Whoever publishes sends to every member it is connected with, and each says IDONTWANT to its mesh when
    // it has the frame. The host waits for those before a frame goes on: with 4 and with 8 nodes on two
    // cores, each frame came to each node 1.00 times; without the wait 1.1 to 2.1 times.
    floodPublish: true,
    D: 4,
    Dlo: 3,
    Dhi: 8,
    Dscore: 2,
    Dout: 1,
    idontwantMaxMessages: 4096,
    // In heartbeats of a second: also how long it is remembered who has a frame. A loaded node takes seconds
    // to verify one, and where that was forgotten meanwhile each frame came 2.1 times.
    mcacheLength: 10,
    // Nothing is advertised and asked for afterwards: what is lost is fetched by hash, when it is needed.
    Dlazy: 0,
    gossipFactor: 0,
    mcacheGossip: 1,
    doPX: false,

    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    maxInboundDataLength: limits.frameBytesMax + 16 * 1024,
    // A peer that takes nothing for so long is cut off and begins anew.
    maxOutboundBufferSize: 256 * limits.frameBytesMax,
    decodeRpcLimits: {
      maxSubscriptions: 4,
      maxMessages: 4,
      maxIhaveMessageIDs: 0,
      maxIwantMessageIDs: 0,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 16,
      maxPeerInfos: 0,
    },

    // Only what no honest peer does lowers a score. In a small network on busy machines, late deliveries
    // and many peers at one address say nothing. How long a peer is shut out is ours to decide.
    scoreParams: {
      IPColocationFactorWeight: 0,
      behaviourPenaltyThreshold: 6,
      retainScore: 0,
      topics: Object.fromEntries(topics.map((topic) => [topic, topicScore])),
    },
    scoreThresholds: {
      gossipThreshold: SCORE_BAD / 10,
      publishThreshold: SCORE_BAD / 5,
      graylistThreshold: SCORE_BAD / 2,
    },
  };
}

const topicScore = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  // One is enough, and is still bad when it is next looked at: it fades by a tenth each second.
  invalidMessageDeliveriesWeight: 4 * SCORE_BAD,
  invalidMessageDeliveriesDecay: 0.9,
  // Required by the parameters' type; of no weight.
  timeInMeshQuantum: 1,
  timeInMeshCap: 1,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 1,
  meshMessageDeliveriesActivation: 1000,
  meshFailurePenaltyDecay: 0.5,
};
