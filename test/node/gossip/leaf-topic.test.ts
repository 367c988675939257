import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type GossipsubOpts, StrictSign } from "@libp2p/gossipsub";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import type { Host, Verdict } from "../../../node/gossip/host.ts";
import { LeafTopic, leafTopicName } from "../../../node/gossip/leaf-topic.ts";
import { limits } from "../../../protocol/limits.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { type BareNode, makeBareNode } from "../../support/bare-node.ts";
import { makeHost, peerOf, startConnected, stopAll } from "../../support/hosts.ts";
import { networkId } from "../../support/leaves.ts";
import { until } from "../../support/until.ts";

type Node = {
  readonly host: Host;
  readonly topic: LeafTopic;
  /** Leaves taken in, in order, as text. */
  readonly leaves: string[];
  readonly frames: { readonly from: string; readonly leaves: readonly Uint8Array[] }[];
  /** Whose calls it heard. */
  readonly heard: Set<string>;
  stop(): Promise<void>;
};

function makeNode(
  judge: (leaves: readonly Uint8Array[]) => Promise<Verdict> = async () => "accept",
): Node {
  const host = makeHost();
  const leaves: string[] = [];
  const frames: Node["frames"] = [];
  const heard: Node["heard"] = new Set();
  const topic = new LeafTopic({
    host,
    networkId,
    onFrame: async (received, from) => {
      if (isCall(received[0]!)) {
        heard.add(from);
        return "accept";
      }
      frames.push({ from, leaves: received });
      const verdict = await judge(received);
      if (verdict === "accept")
        leaves.push(...received.map((leaf) => Buffer.from(leaf).toString("latin1")));
      return verdict;
    },
  });
  const stop = async () => {
    topic.stop();
    await host.stop();
  };
  return { host, topic, leaves, frames, heard, stop };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** Gossip reaches whom it knows to listen: subscriptions travel after the connection. */
async function untilHeard(nodes: readonly Node[], links = nodes.length - 1): Promise<void> {
  await until("every node hears every other", async () => {
    for (const { topic } of nodes) {
      topic.publish(makeCall());
      topic.flush();
    }
    await sleep(50);
    return nodes.every(({ heard }) => heard.size >= links);
  });
}

const CALL = "anyone there? ";

/** A frame of its own that a test's node does not count. */
function makeCall(): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from(CALL), randomBytes(8)]));
}

function isCall(leaf: Uint8Array): boolean {
  return textOf(leaf).startsWith(CALL);
}

describe("leaf topic", () => {
  const running: { stop(): Promise<void> | void }[] = [];
  const track = <T extends { stop(): Promise<void> | void }>(part: T): T => {
    running.push(part);
    return part;
  };
  afterEach(() => stopAll(running.splice(0)));

  /** A registered peer of `host` that speaks gossipsub by its own rules, in the host's mesh. */
  async function makeLiar(host: Host, gossip?: Partial<GossipsubOpts>): Promise<BareNode> {
    const seed = randomBytes(32);
    const liar = track(await makeBareNode(seed, gossip));
    liar.services.pubsub.subscribe(leafTopicName(networkId));
    host.setPeers([{ id: liar.peerId.toString(), addresses: [] }]);
    await liar.dial(multiaddr(host.addresses[0]!));
    await until(
      "the liar is heard",
      () => liar.services.pubsub.getSubscribers(leafTopicName(networkId)).length === 1,
    );
    return liar;
  }

  it("names the topic by the network", () => {
    expect(leafTopicName(networkId)).to.equal(`/tallystick/${"5a".repeat(8)}/leaves/1`);
  });

  it("brings every leaf of four nodes to each of the others exactly once", async () => {
    const nodes = Array.from({ length: 4 }, () => track(makeNode()));
    await startConnected(nodes.map(({ host }) => host));
    await untilHeard(nodes);

    const sent = nodes.map(() =>
      Array.from({ length: 500 }, () => new Uint8Array(randomBytes(262))),
    );
    for (const [index, { topic }] of nodes.entries()) {
      for (const leaf of sent[index]!) topic.publish(leaf);
    }

    await until("all have arrived", () => nodes.every(({ leaves }) => leaves.length >= 1500));
    await sleep(300);
    for (const [index, { leaves }] of nodes.entries()) {
      const others = sent
        .filter((_, from) => from !== index)
        .flat()
        .map(textOf);
      expect(leaves.toSorted()).to.deep.equal(others.toSorted());
    }
  });

  it("sends a lone leaf after its delay, and a hundred kilobytes at once in one frame", async () => {
    const [sender, receiver] = [track(makeNode()), track(makeNode())];
    await startConnected([sender.host, receiver.host]);
    await untilHeard([sender, receiver]);

    sender.topic.publish(new Uint8Array([7]));
    await until("the lone leaf is there", () => receiver.frames.length === 1);

    for (let i = 0; i < 500; i++) sender.topic.publish(new Uint8Array(randomBytes(262)));
    await until("all leaves are there", () => receiver.leaves.length === 501);
    expect(receiver.frames.map(({ leaves }) => leaves.length)).to.deep.equal([1, 385, 115]);
  });

  it("carries frames of the largest leaves, a megabyte in a row", async () => {
    const [sender, receiver] = [track(makeNode()), track(makeNode())];
    await startConnected([sender.host, receiver.host]);
    await untilHeard([sender, receiver]);
    const leaves = Array.from(
      { length: 700 },
      () => new Uint8Array(randomBytes(limits.leafBytesMax)),
    );

    for (const leaf of leaves) sender.topic.publish(leaf);

    await until("all leaves are there", () => receiver.leaves.length === leaves.length);
    expect(receiver.leaves.toSorted()).to.deep.equal(leaves.map(textOf).toSorted());
    expect(receiver.topic.counts.dropped).to.equal(0);
  });

  it("sends a frame on only after it was accepted here", async () => {
    const gate = Promise.withResolvers<Verdict>();
    const [first, last] = [track(makeNode()), track(makeNode())];
    let isOpen = true;
    const middle = track(makeNode(async () => (isOpen ? "accept" : gate.promise)));
    await Promise.all([first, middle, last].map(({ host }) => host.start()));
    first.host.setPeers([peerOf(middle.host)]);
    last.host.setPeers([peerOf(middle.host)]);
    middle.host.setPeers([first, last].map(({ host }) => peerOf(host)));
    await until("both ends hear the middle", () => middle.host.connected().length === 2);
    await untilHeard([first, middle, last], 1);

    isOpen = false;
    first.topic.publish(new Uint8Array([42]));
    await until("the middle judges it", () => middle.frames.length === 1);
    await sleep(500);
    expect(last.frames).to.deep.equal([]);

    gate.resolve("accept");
    await until("it went on", () => last.frames.length === 1);
    expect(last.frames[0]!.from).to.equal(middle.host.peerId);
  });

  it("sends on nothing it ignores or refuses, and blames for the latter whoever sent it", async () => {
    const verdicts: Record<number, () => Promise<Verdict>> = {
      1: async () => "ignore",
      2: async () => Promise.reject(new Refusal("busy", "no room")),
      3: async () => Promise.reject(new Error("the disk is full")),
      4: async () => Promise.reject(new Refusal("bad-signature", "not signed by its signer")),
    };
    const [first, last] = [track(makeNode()), track(makeNode())];
    const middle = track(makeNode(async ([leaf]) => verdicts[leaf!.length]?.() ?? "accept"));
    await Promise.all([first, middle, last].map(({ host }) => host.start()));
    first.host.setPeers([peerOf(middle.host)]);
    last.host.setPeers([peerOf(middle.host)]);
    middle.host.setPeers([first, last].map(({ host }) => peerOf(host)));
    await until("both ends hear the middle", () => middle.host.connected().length === 2);
    await untilHeard([first, middle, last], 1);

    for (const length of [1, 2, 3]) {
      first.topic.publish(new Uint8Array(length));
      first.topic.flush();
    }
    await until("the middle has judged", () => middle.frames.length === 3);
    await sleep(300);
    expect(middle.host.offences()).to.deep.equal([]);
    expect(middle.host.connected()).to.have.length(2);

    first.topic.publish(new Uint8Array(4));
    await until("the sender is out", () => !middle.host.connected().includes(first.host.peerId));
    expect(middle.host.offences()).to.deep.equal([
      { peer: first.host.peerId, offence: "invalid-frame", count: 1 },
    ]);
    await sleep(300);
    expect(last.frames).to.deep.equal([]);
    expect(middle.host.connected()).to.deep.equal([last.host.peerId]);
  });

  it("shuts out a peer that publishes garbage, and names it", async () => {
    const node = track(makeNode());
    await node.host.start();
    const liar = await makeLiar(node.host);

    await liar.services.pubsub.publish(leafTopicName(networkId), new Uint8Array([9, 9, 9]));

    await until("the liar is out", () => node.host.connected().length === 0);
    expect(node.host.offences()).to.deep.equal([
      { peer: liar.peerId.toString(), offence: "invalid-frame", count: 1 },
    ]);
    expect(node.frames).to.deep.equal([]);
    await liar.dial(multiaddr(node.host.addresses[0]!)).catch(() => undefined);
    await sleep(300);
    expect(node.host.connected()).to.deep.equal([]);
  });

  it("shuts out a peer that breaks the gossip protocol, and names it", async () => {
    const node = track(makeNode());
    await node.host.start();
    // Frames carry no signature of their own: one that does is another protocol's.
    const liar = await makeLiar(node.host, { globalSignaturePolicy: StrictSign });

    await liar.services.pubsub.publish(
      leafTopicName(networkId),
      new Uint8Array([0, 1, 0, 0, 0, 1, 5]),
    );

    await until("the liar is out", () => node.host.connected().length === 0);
    expect(node.host.offences()).to.deep.equal([
      { peer: liar.peerId.toString(), offence: "gossip-score", count: 1 },
    ]);
    expect(node.frames).to.deep.equal([]);
  });

  it("drops frames without blame while as many as it allows are being judged", async () => {
    const gate = Promise.withResolvers<Verdict>();
    const [sender, receiver] = [track(makeNode()), track(makeNode(() => gate.promise))];
    await startConnected([sender.host, receiver.host]);
    await until("the receiver listens", async () => {
      sender.topic.publish(new Uint8Array(randomBytes(8)));
      sender.topic.flush();
      await sleep(20);
      return receiver.topic.counts.dropped > 0;
    });

    expect(receiver.frames).to.have.length(limits.framesInFlightMax);
    expect(receiver.topic.counts.received).to.equal(limits.framesInFlightMax);
    gate.resolve("accept");
    await until(
      "the held frames are in",
      () => receiver.leaves.length === limits.framesInFlightMax,
    );
    expect(receiver.host.offences()).to.deep.equal([]);
    expect(receiver.host.connected()).to.have.length(1);

    sender.topic.publish(new Uint8Array([1]));
    await until("it listens again", () => receiver.leaves.length === limits.framesInFlightMax + 1);
  });

  it("connects anew with a peer whose gossip stream broke, and hears it again", async () => {
    const node = track(makeNode());
    await node.host.start();
    const peer = await makeLiar(node.host);
    const topic = leafTopicName(networkId);
    const connection = peer.getConnections()[0]!;
    // A message longer than any: the node's side of the stream gives up on it.
    const stream = await connection.newStream("/meshsub/1.2.0");
    stream.send(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x0f]));

    await until("the connection is given up", () => connection.status !== "open", 15_000);
    await until("it connects again", async () => {
      await peer.dial(multiaddr(node.host.addresses[0]!));
      return node.host.connected().length === 1;
    });
    await until("a frame arrives", async () => {
      await peer.services.pubsub.publish(
        topic,
        new Uint8Array([0, 1, 0, 0, 0, 1, ...randomBytes(1)]),
      );
      await sleep(50);
      return node.leaves.length > 0;
    });
    expect(node.host.offences()).to.deep.equal([]);
  });
});
