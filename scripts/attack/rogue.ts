/**
 * A member that turned: its node is stopped, and whoever has its keys takes its place in the network. The
 * transport is the real one, the answers are what an attack makes up. To what it does not answer it says
 * nothing of use.
 */
import { Host } from "../../node/gossip/host.ts";
import { leafTopicName } from "../../node/gossip/leaf-topic.ts";
import {
  type NodeHandlers,
  type NodeRequests,
  nodeRequests,
} from "../../node/gossip/messages/kinds.ts";
import { peerIdOf } from "../../node/gossip/peer-id.ts";
import { PeerRequests } from "../../node/gossip/peer-requests.ts";
import { type Batch, batchDigest, batchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import type { MemberId } from "../../protocol/output.ts";
import { orderSignatures } from "../../protocol/quorum.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { type Domain, recoverValidator, signTypedDigest } from "../../protocol/typed-data.ts";
import { until } from "./patience.ts";
import type { Stage } from "./stage.ts";

/** What became of a batch that the rogue put forward. */
export type Sequenced = {
  /** The members that endorsed it. */
  readonly endorsed: number;
  /** Why the others did not. */
  readonly refusals: readonly string[];
  readonly isOnChain: boolean;
};

type RogueParts = {
  readonly member: MemberId;
  readonly host: Host;
  readonly requests: NodeRequests;
  readonly members: readonly string[];
  readonly bytes: Map<Hex, Uint8Array>;
};

export class Rogue implements AsyncDisposable {
  readonly member: MemberId;
  readonly host: Host;
  readonly #stage: Stage;
  readonly #requests: NodeRequests;
  /** Peer ids of the other members. */
  readonly #members: readonly string[];
  /** What it gives to those who ask for leaves. */
  readonly #bytes: Map<Hex, Uint8Array>;

  private constructor(stage: Stage, { member, host, requests, members, bytes }: RogueParts) {
    this.member = member;
    this.host = host;
    this.#stage = stage;
    this.#requests = requests;
    this.#members = members;
    this.#bytes = bytes;
  }

  /** Takes the place of `member`, and waits until the others are connected with it. */
  static async rise(stage: Stage, member: MemberId): Promise<Rogue> {
    const { devnet } = stage;
    await stage.isBack(member);
    await devnet.stopNodes([member]);
    const seed = async (each: MemberId) =>
      (await stage.storedKey(each, "peer", "Ed25519")).reveal();
    const addressOf = (each: MemberId) =>
      `/ip4/127.0.0.1/tcp/${devnet.blueprint.ports.gossip[each]}`;
    const host = new Host({ seed: await seed(member), listen: [addressOf(member)] });
    const bytes = new Map<Hex, Uint8Array>();
    const handlers: NodeHandlers = {
      ...evasive,
      leaves: async ({ hashes }) => hashes.map((hash) => bytes.get(hash)),
    };
    const { networkId } = devnet.network;
    const requests = new PeerRequests({ host, networkId, kinds: nodeRequests, handlers });
    host.join(leafTopicName(networkId), async () => "ignore");
    await host.start();
    const others = [OBSERVER, ...MEMBERS].filter((other) => other !== member);
    const peers = await Promise.all(
      others.map(async (other) => ({
        id: await peerIdOf(await seed(other)),
        addresses: [addressOf(other)],
      })),
    );
    host.setPeers(peers);
    await until(
      "the others are connected with the rogue",
      async () => host.connected().length === others.length,
    );
    // An observer endorses nothing.
    const members = peers.slice(1).map(({ id }) => id);
    return new Rogue(stage, { member, host, requests, members, bytes });
  }

  /** Sends bytes to everyone as a frame of pending leaves, whatever they are. */
  async gossip(frame: Uint8Array): Promise<void> {
    await this.host.publish(leafTopicName(this.#stage.devnet.network.networkId), frame);
  }

  /**
   * Puts leaves forward in exactly this order, and sequences them if enough members endorse that.
   * @param isWithheld whether the bytes are kept from those who ask for them.
   */
  async sequence(leaves: readonly Uint8Array[], isWithheld = false): Promise<Sequenced> {
    const hashes = leaves.map(leafHash);
    if (!isWithheld) for (const [i, hash] of hashes.entries()) this.#bytes.set(hash, leaves[i]!);
    const { member } = this;
    await using operator = await this.#stage.operator(member);
    const number = (await operator.batchesOf(member)) + 1;
    const batch: Batch = { member, number, leaves: hashes };
    const header = batchHeader(batch);
    const digest = batchDigest(this.#domain(), header);
    const validator = await this.#stage.storedKey(member, "validator", "secp256k1");
    const own = signTypedDigest(validator.reveal(), digest);
    const signatures = new Map<Hex, Uint8Array>([[recoverValidator(digest, own), own]]);
    const refusals: string[] = [];
    for (const peer of this.#members) {
      const answer = await this.#requests.ask(peer, "propose", { batch, seq: 1 });
      if (answer.kind === "refused") refusals.push(answer.reason.code);
      else signatures.set(recoverValidator(digest, answer.signature), answer.signature);
    }
    const endorsed = signatures.size - 1;
    const isOnChain = await operator.sequence(header, orderSignatures(signatures)).then(
      () => true,
      () => false,
    );
    return { endorsed, refusals, isOnChain };
  }

  #domain(): Domain {
    const { chainId, networkId, contracts } = this.#stage.devnet.network;
    return { chainId: BigInt(chainId), networkId, settlement: contracts.settlement };
  }

  /** Gives the member its place back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#requests.stop();
    await this.host.stop();
    this.#stage.giveBack(this.member);
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
