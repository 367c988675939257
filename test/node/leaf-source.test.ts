/** Where the fold finds the leaves of a batch, and what a node answers to others that look for them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type BatchPeers, LeafSource } from "../../node/leaf-source.ts";
import type { SequencedEvent } from "../../node/ledger/event.ts";
import { type AnswerParts, PeerAnswers } from "../../node/peer-answers.ts";
import { PendingPool } from "../../node/pending-pool.ts";
import { CheckedStore } from "../../node/service/checked-store.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { LeafStore } from "../../node/store/leaf-store.ts";
import { type Batch, batchHeader } from "../../protocol/batch.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { type Leaf, leafHash, leafId } from "../../protocol/leaf.ts";
import { makeFolder } from "../support/chain.ts";
import { makeSpends, networkIdBytes } from "../support/leaves.ts";

const logger = makeLogger({ name: "leaf source", level: "silent" });
const never = new AbortController().signal;
const nobody: BatchPeers = {
  batch: () => assert.fail("no peer is to be asked for a batch"),
  leaves: () => assert.fail("no peer is to be asked for leaves"),
};

describe("the leaves of a batch", () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let files: CheckedStore;
  let store: LeafStore;
  let pool: PendingPool;
  let leaves: readonly Leaf[];
  let batch: Batch;
  let root: Hex;

  beforeEach(async () => {
    folder = await makeFolder();
    await open(true);
    leaves = await makeSpends(5);
    batch = { member: 2, number: 9, leaves: leaves.map(({ bytes }) => leafHash(bytes)) };
    ({ root } = batchHeader(batch));
  });
  afterEach(async () => {
    await files.close();
    await folder[Symbol.asyncDispose]();
  });

  async function open(create = false): Promise<void> {
    files = await CheckedStore.open(join(folder.path, "leaves"), { create });
    store = new LeafStore(files);
    pool = new PendingPool({ leavesMax: 100, bytesMax: 1 << 20, ageMaxMs: 60_000 }, Date.now);
  }

  /** As a stop and a start leave it: only what is on disk is there. */
  async function restart(): Promise<void> {
    await files.close();
    await open();
  }

  function pend(leaf: Leaf): void {
    const [hash, id] = [leafHash(leaf.bytes), leafId(networkIdBytes, leaf)];
    pool.add({ hash, id, leaf, local: false, checked: false });
  }

  const bytesOf = (some: readonly Leaf[]) => some.map(({ bytes }) => bytes);
  const endorse = () => store.putBatch(root, { batch, leaves: bytesOf(leaves) });

  async function expectFound(peers: BatchPeers): Promise<void> {
    const source = new LeafSource({ networkId: networkIdBytes, pool, store, peers, logger });
    const event: SequencedEvent = {
      kind: "sequenced",
      seq: 4,
      member: batch.member,
      number: batch.number,
      count: batch.leaves.length,
      root: fromHex(root),
      timeS: 0,
    };
    const found = await source.leavesOf(event, never);
    assert.deepEqual(
      found.map(({ hash, id }) => [hash, id]),
      leaves.map((leaf, i) => [batch.leaves[i], leafId(networkIdBytes, leaf)]),
    );
    assert.equal(source.missing, undefined);
    assert.deepEqual(await store.getWhole(root), { batch, leaves: bytesOf(leaves) });
  }

  it("are found with no peer once the batch was endorsed, also after a restart", async () => {
    await endorse();
    await expectFound(nobody);
    await restart();
    await expectFound(nobody);
  });

  it("are gathered from the pool and, under the root, from peers, and stored with the batch", async () => {
    pend(leaves[0]!);
    pend(leaves[1]!);
    const asked: [root: Hex, hashes: readonly Hex[]][] = [];
    await expectFound({
      // Member and number are not proved by the root: those of the log count.
      batch: async () => ({ ...batch, member: 7, number: 70 }),
      leaves: async (of, hashes) => {
        asked.push([of, hashes]);
        return new Map(leaves.map(({ bytes }) => [leafHash(bytes), bytes]));
      },
    });
    assert.deepEqual(asked, [[root, batch.leaves.slice(2)]]);
    await restart();
    await expectFound(nobody);
  });

  it("are asked for again while some are missing or false, each until it came, and nothing is stored before", async () => {
    const asked: (readonly Hex[])[] = [];
    await expectFound({
      batch: async () => (asked.length === 0 ? batch : assert.fail("the batch is known")),
      leaves: async (_root, hashes) => {
        assert.equal(files.size, 0);
        asked.push(hashes);
        const [first, second] = hashes as [Hex, Hex?];
        const bytes = leaves[batch.leaves.indexOf(first)]!.bytes;
        const lie: [Hex, Uint8Array][] = second === undefined ? [] : [[second, randomBytes(200)]];
        return new Map([[first, bytes], ...lie]);
      },
    });
    assert.deepEqual(
      asked,
      batch.leaves.map((_, i) => batch.leaves.slice(i)),
    );
  });

  describe("that a peer asks for", () => {
    const answer = async (of: Hex, hashes: readonly Hex[]) => {
      const answers = new PeerAnswers();
      const held = { leaves: store, pool };
      answers.begin(held as Pick<AnswerParts, keyof typeof held> as AnswerParts);
      return await answers.leaves({ root: of, hashes }, { from: "a peer", signal: never });
    };

    it("are given from a batch that is stored, though it was only endorsed", async () => {
      await endorse();
      const stranger = toHex(randomBytes(32));
      const hashes = [batch.leaves[3]!, stranger, batch.leaves[0]!];
      const wanted = [leaves[3]!.bytes, undefined, leaves[0]!.bytes];
      assert.deepEqual(await answer(root, hashes), wanted);
      await restart();
      assert.deepEqual(await answer(root, hashes), wanted);
      // Under another root they are not looked for.
      assert.deepEqual(await answer(stranger, hashes), [undefined, undefined, undefined]);
    });

    it("are given from the pool where the batch is not stored", async () => {
      pend(leaves[1]!);
      pend(leaves[4]!);
      const found = await answer(root, batch.leaves);
      const wanted = leaves.map(({ bytes }, i) => ([1, 4].includes(i) ? bytes : undefined));
      assert.deepEqual(found, wanted);
    });
  });
});
