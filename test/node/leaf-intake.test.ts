import { expect } from "chai";
import { LeafIntake } from "../../node/leaf-intake.ts";
import { PendingPool } from "../../node/pending-pool.ts";
import { LeafVerifier } from "../../node/verification/verifier.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { corrupt, makeSpends, networkId, networkIdBytes } from "../support/leaves.ts";

describe("leaf intake", () => {
  const limits = { leavesMax: 64, bytesMax: 1 << 20, ageMaxMs: 1000 };
  const applied = new Map<string, { leafHash: string }>();
  const coins = new Set<string>();
  /** Ids that the disk was asked for. */
  let asked: string[];
  let verifier: LeafVerifier;
  let pool: PendingPool;
  let intake: LeafIntake;
  let published: Uint8Array[];
  let wakes: number;

  before(async () => {
    verifier = new LeafVerifier({ networkId, workers: 1 });
    await verifier.start();
  });

  after(() => verifier.stop());

  beforeEach(() => {
    published = [];
    wakes = 0;
    applied.clear();
    coins.clear();
    asked = [];
    pool = new PendingPool(limits, () => 0);
    intake = new LeafIntake({
      networkId: networkIdBytes,
      pool,
      store: {
        applied: async (ids) => {
          asked.push(...ids);
          return ids.map((id) => applied.get(id) as never);
        },
      },
      state: { hasCoin: (outpoint) => coins.has(outpoint), custodianOf: () => undefined },
      verifier,
      publish: (leaves) => published.push(...leaves),
      onLocal: () => wakes++,
    });
  });

  /** The bytes of leaves that are good and new. */
  async function spends(count: number): Promise<Uint8Array[]> {
    return (await makeSpends(count)).map(({ bytes }) => bytes);
  }

  /** A copy whose signature does not hold. */
  function forged(leaf: Uint8Array): Uint8Array {
    return corrupt(leaf, leaf.length - 10);
  }

  /** How many signatures `work` costs. */
  async function verifiedBy(work: () => Promise<unknown>): Promise<number> {
    const before = verifier.verified;
    await work();
    return verifier.verified - before;
  }

  it("verifies a leaf once that is handed in, gossiped and fetched at the same time", async () => {
    const [leaf] = (await spends(1)) as [Uint8Array];
    const count = await verifiedBy(async () => {
      const [verdict, [result], [candidate]] = await Promise.all([
        intake.gossiped([leaf]),
        intake.submit([leaf]),
        intake.fetched([leaf]),
      ]);
      expect(verdict).to.equal("accept");
      expect(result).to.include({ accepted: true, leafHash: leafHash(leaf) });
      expect(candidate?.hash).to.equal(leafHash(leaf));
      expect(candidate?.refusal).to.equal(undefined);
    });
    expect(count).to.equal(1);
    expect(pool.get(leafHash(leaf))?.local, "its own member puts it forward").to.equal(true);
  });

  it("takes in what others check as it is, passes it on to nobody, and verifies it once it matters", async () => {
    const [leaf, other] = (await spends(2)) as [Uint8Array, Uint8Array];
    const bad = forged(other);
    const untouched = await verifiedBy(async () => {
      expect(intake.spared([leaf, bad])).to.equal("ignore");
      expect(intake.spared([leaf, new Uint8Array(9)])).to.equal("reject");
    });
    expect(untouched).to.equal(0);
    expect(pool.get(leafHash(leaf))?.checked).to.equal(false);
    const count = await verifiedBy(async () => {
      const candidates = await intake.fetched([leaf, bad]);
      expect(candidates.map(({ refusal }) => refusal?.code)).to.deep.equal([
        undefined,
        "bad-signature",
      ]);
      await intake.submit([leaf]);
    });
    expect(pool.get(leafHash(bad))).to.equal(undefined);
    expect(count).to.equal(2);
    expect(pool.get(leafHash(leaf))).to.include({ checked: true, local: true });
    expect(published).to.deep.equal([]);
  });

  it("verifies a leaf no more once it has applied", async () => {
    const [leaf] = (await spends(1)) as [Uint8Array];
    await intake.gossiped([leaf]);
    pool.applied([leafHash(leaf)]);
    expect(await verifiedBy(() => intake.gossiped([leaf]))).to.equal(0);
    expect(pool.size).to.equal(0);
  });

  it("accepts what the ledger has already, without a look at its signature", async () => {
    const [leaf] = (await spends(1)) as [Uint8Array];
    const [candidate] = await intake.fetched([leaf]);
    pool.remove([leafHash(leaf)]);
    applied.set(candidate!.id!, { leafHash: leafHash(leaf) });
    const count = await verifiedBy(async () => {
      const [result] = await intake.submit([leaf]);
      expect(result).to.include({ accepted: true, id: candidate!.id });
    });
    expect(count).to.equal(0);
    expect(pool.size).to.equal(0);
  });

  it("asks the disk for no leaf whose coin stands: it cannot have applied", async () => {
    const [fresh, old] = await makeSpends(2);
    coins.add(fresh!.inputs[0]!);
    await intake.submit([fresh!.bytes, old!.bytes]);
    expect(asked).to.deep.equal([pool.get(leafHash(old!.bytes))!.id]);
    expect(pool.readyCount).to.equal(2);
  });

  it("publishes what is new here, and nothing twice", async () => {
    const [first, second] = (await spends(2)) as [Uint8Array, Uint8Array];
    await intake.gossiped([first]);
    await intake.submit([first, second]);
    await intake.submit([first, second]);
    expect(published.map(leafHash)).to.deep.equal([leafHash(second)]);
    expect(wakes).to.equal(2);
    expect(pool.readyCount).to.equal(2);
  });

  it("refuses a bad leaf by its code and takes the others", async () => {
    const [good, other] = (await spends(2)) as [Uint8Array, Uint8Array];
    const results = await intake.submit([good, forged(other), good.subarray(0, -1)]);
    expect(results.map((each) => (each.accepted ? "accepted" : each.code))).to.deep.equal([
      "accepted",
      "bad-signature",
      "malformed",
    ]);
    expect(pool.size).to.equal(1);
  });

  it("rejects a frame for its own bad leaf alone", async () => {
    const [good, other] = (await spends(2)) as [Uint8Array, Uint8Array];
    const verdicts = await Promise.all([
      intake.gossiped([good, forged(other)]),
      intake.gossiped([good]),
    ]);
    expect(verdicts).to.deep.equal(["reject", "accept"]);
    expect(pool.get(leafHash(good))).to.not.equal(undefined);
    expect(pool.get(leafHash(forged(other)))).to.equal(undefined);
  });

  it("has a leaf in the pool when it says that none is being verified any more", async () => {
    const leaves = await spends(32);
    const gossip = intake.gossiped(leaves);
    await intake.settled(leaves.map(leafHash));
    expect(leaves.every((leaf) => pool.get(leafHash(leaf)) !== undefined)).to.equal(true);
    expect(await gossip).to.equal("accept");
  });

  it("ignores gossip, judges what is fetched and refuses what is handed in where the pool is full", async () => {
    await intake.submit(await spends(limits.leavesMax));
    const [leaf] = (await spends(1)) as [Uint8Array];
    expect(await intake.gossiped([leaf])).to.equal("ignore");
    expect((await intake.fetched([leaf]))[0]?.refusal).to.equal(undefined);
    const refusal = await intake.submit([leaf]).catch((error: unknown) => error);
    expect(isRefusal(refusal, "busy")).to.equal(true);
  });
});
