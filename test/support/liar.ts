/**
 * A member that lies: its own keys and its own place in the network, the real transport, and answers that
 * a test makes up. To what the test does not answer it says nothing of use.
 */
import { ChainClient } from "../../node/chain/chain-client.ts";
import { Host } from "../../node/gossip/host.ts";
import { leafTopicName } from "../../node/gossip/leaf-topic.ts";
import {
  type NodeHandlers,
  type NodeRequests,
  nodeRequests,
} from "../../node/gossip/messages/kinds.ts";
import { PeerRequests } from "../../node/gossip/peer-requests.ts";
import { peerIdOf } from "../../node/gossip/peer-id.ts";
import { type Batch, batchDigest, batchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import { orderSignatures } from "../../protocol/quorum.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { recoverValidator } from "../../protocol/typed-data.ts";
import type { Consortium } from "./consortium.ts";
import { domainOf, operator, quiet, seed } from "./network.ts";
import { until } from "./until.ts";

const OBSERVER = 0;

export class Liar implements AsyncDisposable {
  readonly host: Host;
  readonly requests: NodeRequests;
  readonly #consortium: Consortium;

  private constructor(consortium: Consortium, host: Host, requests: NodeRequests) {
    this.#consortium = consortium;
    this.host = host;
    this.requests = requests;
  }

  /** Takes the place of `member`, and waits until the others are connected. */
  static async start(
    consortium: Consortium,
    member: MemberId,
    lies: Partial<NodeHandlers> = {},
  ): Promise<Liar> {
    const host = new Host({
      seed: seed(`peer ${member}`),
      listen: [consortium.addressOf(member)],
    });
    const { networkId } = consortium.network;
    const handlers: NodeHandlers = { ...evasive, ...lies };
    const requests = new PeerRequests({ host, networkId, kinds: nodeRequests, handlers });
    host.join(leafTopicName(networkId), async () => "ignore");
    await host.start();
    const others = [OBSERVER, ...consortium.members].filter((other) => other !== member);
    host.setPeers(
      await Promise.all(
        others.map(async (other) => ({
          id: await Liar.peerIdOf(other),
          addresses: [consortium.addressOf(other)],
        })),
      ),
    );
    const isConnected = () => host.connected().length === consortium.nodes.size;
    await until("all are connected with the liar", isConnected, 60_000);
    return new Liar(consortium, host, requests);
  }

  static async peerIdOf(member: MemberId): Promise<string> {
    return await peerIdOf(seed(`peer ${member}`));
  }

  /** Sends a frame, whatever it is, to everyone that listens by now. */
  async publish(frame: Uint8Array): Promise<void> {
    await this.host.publish(leafTopicName(this.#consortium.network.networkId), frame);
  }

  /** Puts a batch of its own on the chain, with what the others endorse and its own signature. */
  async sequence(batch: Batch, own: Uint8Array): Promise<void> {
    const header = batchHeader(batch);
    const digest = batchDigest(domainOf(this.#consortium.network), header);
    const signatures = new Map<Hex, Uint8Array>([[recoverValidator(digest, own), own]]);
    for (const peer of this.host.connected()) {
      const answer = await this.requests.ask(peer, "propose", { batch, seq: 1 });
      if (answer.kind !== "endorsed") continue;
      signatures.set(recoverValidator(digest, answer.signature), answer.signature);
    }
    await using chain = new ChainClient(
      { network: this.#consortium.network, logger: quiet, key: operator(batch.member) },
      { pollMs: 20 },
    );
    await chain.start();
    await chain.sequence(header, orderSignatures(signatures));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.requests.stop();
    await this.host.stop();
  }
}

const nothing = async (): Promise<never> => {
  throw new Refusal("unavailable", "not today");
};

const evasive: NodeHandlers = {
  propose: nothing,
  leaves: async ({ hashes }) => hashes.map(() => undefined),
  batch: async () => undefined,
  checkpoint: async () => ({ kind: "none-yet" }),
  status: nothing,
};
