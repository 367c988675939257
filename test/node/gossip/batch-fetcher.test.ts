import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { BatchFetcher } from "../../../node/gossip/batch-fetcher.ts";
import type { Host } from "../../../node/gossip/host.ts";
import { leaves as leavesKind } from "../../../node/gossip/messages/leaves.ts";
import { type NodeHandlers, nodeRequests } from "../../../node/gossip/messages/kinds.ts";
import { PeerRequests } from "../../../node/gossip/peer-requests.ts";
import { batchHeader } from "../../../protocol/batch.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { limits } from "../../../protocol/limits.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { makeHost, startConnected, stopAll } from "../../support/hosts.ts";
import { networkId } from "../../support/leaves.ts";

const refuse = () => Promise.reject(new Refusal("forbidden", "not asked for here"));
const nothing: NodeHandlers = {
  propose: refuse,
  checkpoint: refuse,
  status: refuse,
  leaves: async ({ hashes }) => hashes.map(() => undefined),
  batch: async () => undefined,
};

type Node = {
  readonly host: Host;
  readonly requests: PeerRequests<typeof nodeRequests>;
  /** How often it was asked for leaves, and for batches. */
  readonly asked: { leaves: number; batch: number };
};

function makeNode(handlers: Partial<NodeHandlers> = {}): Node {
  const host = makeHost();
  const asked = { leaves: 0, batch: 0 };
  const answers = { ...nothing, ...handlers };
  const requests = new PeerRequests({
    host,
    networkId,
    kinds: nodeRequests,
    handlers: {
      ...answers,
      leaves: (question, context) => {
        asked.leaves++;
        return answers.leaves(question, context);
      },
      batch: (root, context) => {
        asked.batch++;
        return answers.batch(root, context);
      },
    },
  });
  return { host, requests, asked };
}

/** Answers from what it holds. */
function holderOf(held: readonly Uint8Array[]): Partial<NodeHandlers> {
  const byHash = new Map(held.map((leaf) => [leafHash(leaf), leaf]));
  return { leaves: async ({ hashes }) => hashes.map((hash) => byHash.get(hash)) };
}

describe("batch fetcher", () => {
  const running: Node[] = [];
  afterEach(async () => {
    for (const { requests } of running) requests.stop();
    await stopAll(running.splice(0).map(({ host }) => host));
  });
  const never = new AbortController().signal;

  /** A fetcher, connected with nodes that answer as said. */
  async function makeFetcher(
    ...answers: Partial<NodeHandlers>[]
  ): Promise<{ fetcher: BatchFetcher; self: Node; others: Node[] }> {
    const [self, ...others] = [{}, ...answers].map(makeNode) as [Node, ...Node[]];
    running.push(self, ...others);
    await startConnected(running.map(({ host }) => host));
    const fetcher = new BatchFetcher({
      requests: self.requests,
      peers: () => self.host.connected(),
    });
    return { fetcher, self, others };
  }

  const all = Array.from({ length: 1000 }, () => new Uint8Array(randomBytes(262)));
  const hashes = all.map(leafHash);
  const { root } = batchHeader({ member: 3, number: 7, leaves: hashes });

  function expectAll(found: ReadonlyMap<Hex, Uint8Array>): void {
    expect(hashes.map((hash) => found.get(hash))).to.deep.equal(all);
  }

  it("puts leaves together from peers that each hold a part, and shares the work out", async () => {
    const { fetcher, others } = await makeFetcher(
      holderOf(all.slice(0, 400)),
      holderOf(all.slice(300, 800)),
      holderOf(all.slice(700)),
    );
    expectAll(await fetcher.leaves(root, hashes, never));
    expect(others.every(({ asked }) => asked.leaves > 0)).to.equal(true);
  });

  it("fetches by pages what does not fit one answer", async () => {
    const large = Array.from(
      { length: limits.batchLeavesMax },
      () => new Uint8Array(randomBytes(limits.leafBytesMax)),
    );
    const { fetcher, others } = await makeFetcher(holderOf(large));
    const found = await fetcher.leaves(root, large.map(leafHash), never);
    expect(found.size).to.equal(large.length);
    const pages = Math.ceil((large.length * (limits.leafBytesMax + 4)) / leavesKind.answerBytesMax);
    expect(others[0]!.asked.leaves).to.equal(pages);
  });

  it("is not held up by a silent peer, nor misled by one that lies, and names the liar", async () => {
    const liar: Partial<NodeHandlers> = {
      leaves: async ({ hashes: asked }) => asked.map(() => new Uint8Array([6, 6, 6])),
    };
    const silent: Partial<NodeHandlers> = { leaves: () => new Promise(() => undefined) };
    const { fetcher, self, others } = await makeFetcher(silent, liar, holderOf(all));
    const start = performance.now();

    expectAll(await fetcher.leaves(root, hashes, never));

    expect(performance.now() - start).to.be.below(5000);
    expect(self.host.offences()).to.deep.equal([
      { peer: others[1]!.host.peerId, offence: "false-answer", count: 1 },
    ]);
  });

  it("asks first whom it is told to, and no one else if that one has all", async () => {
    const { fetcher, others } = await makeFetcher(holderOf(all), holderOf(all), holderOf(all));
    const first = others[1]!;
    expectAll(await fetcher.leaves(root, hashes, never, first.host.peerId));
    expect(others.map(({ asked }) => asked.leaves)).to.deep.equal([0, 1, 0]);
  });

  it("gives what there is when no one has the rest", async () => {
    const { fetcher } = await makeFetcher(holderOf(all.slice(0, 10)), {});
    const found = await fetcher.leaves(root, hashes.slice(0, 20), never);
    expect([...found.keys()].toSorted()).to.deep.equal(hashes.slice(0, 10).toSorted());
    expect((await (await makeAlone()).leaves(root, hashes, never)).size).to.equal(0);
  });

  async function makeAlone(): Promise<BatchFetcher> {
    const alone = makeNode();
    running.push(alone);
    await alone.host.start();
    return new BatchFetcher({ requests: alone.requests, peers: () => alone.host.connected() });
  }

  it("finds a batch with whoever has it, past those that have it not or lie", async () => {
    const batch = { member: 3, number: 8, leaves: hashes };
    const other = { member: 3, number: 8, leaves: hashes.slice(1) };
    const { fetcher, self } = await makeFetcher(
      {},
      { batch: async () => other },
      { batch: async (asked) => (asked === root ? batch : undefined) },
    );
    expect(await fetcher.batch(root, never)).to.deep.equal(batch);
    expect(await fetcher.batch(toHex(randomBytes(32)), never)).to.equal(undefined);
    expect(self.host.offences().map(({ offence }) => offence)).to.deep.equal(["false-answer"]);
  });

  it("stops asking when what it fetches is no longer wanted", async () => {
    const { fetcher } = await makeFetcher({ leaves: () => new Promise(() => undefined) });
    const wanted = new AbortController();
    const work = fetcher.leaves(root, hashes, wanted.signal);
    wanted.abort(new Error("the node stops"));
    expect((await work).size).to.equal(0);
  });
});
