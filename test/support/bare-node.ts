/** Someone who speaks libp2p and gossipsub and is bound by none of our rules: a stranger, or a liar. */
import { randomBytes } from "node:crypto";
import { type GossipSub, gossipsub, type GossipsubOpts, StrictNoSign } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { Libp2p } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { peerKeyOf } from "../../node/gossip/peer-id.ts";

export type BareNode = Libp2p<{ identify: Identify; pubsub: GossipSub }>;

export async function makeBareNode(
  seed: Uint8Array = randomBytes(32),
  gossip: Partial<GossipsubOpts> = {},
): Promise<BareNode> {
  return createLibp2p({
    privateKey: await peerKeyOf(seed),
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        allowPublishToZeroTopicPeers: true,
        ...gossip,
      }),
    },
  });
}
