/** Blame: who forked a coin is named, and nobody else, whatever the others sign. */
import assert from "node:assert/strict";
import { ownerOf } from "../../../protocol/key.ts";
import type { Output } from "../../../protocol/output.ts";
import { type NodeSigner, NodeVerifier } from "../../../protocol/p256-node.ts";
import { decodeRecord, encodeRecord, type SignedRecord } from "../../../protocol/record.ts";
import { type Blame, blame } from "../../../node/evidence/blame.ts";
import {
  claim,
  type Coin,
  coinsOf,
  idOf,
  keyOf,
  networkId,
  pay,
  promise,
  spend,
} from "../../support/ledger-parts.ts";
import { growTree } from "./support/tree.ts";

const TREES = 10_000;
const SLOW_MS = 300_000;
const verifier = new NodeVerifier();

const [ann, bob, carl, dora] = ["ann", "bob", "carl", "dora"].map(keyOf) as [
  NodeSigner,
  NodeSigner,
  NodeSigner,
  NodeSigner,
];

function blamed(coins: readonly Coin[], records: readonly SignedRecord[]): Blame {
  const known = new Map(coins.map(({ outpoint, output }) => [outpoint, output]));
  return blame(networkId, known, records, verifier);
}

const owners = (...keys: readonly NodeSigner[]) =>
  new Set(keys.map(({ publicKey }) => ownerOf(publicKey)));

/** A coin that a deposit or an earlier record made. */
const coin = (output: Output, number = 1): Coin => ({
  outpoint: `0x${number.toString(16).padStart(66, "0")}`,
  output,
});

describe("blame", () => {
  const anns = coin(pay(ann, 1, 10n));
  let toBob: SignedRecord;
  let toCarl: SignedRecord;

  /** Ann pays Bob and Carl with one coin. */
  before(async () => {
    toBob = await spend({ signer: ann, inputs: [anns], outputs: [pay(bob, 2, 10n)] });
    toCarl = await spend({ signer: ann, inputs: [anns], outputs: [pay(carl, 2, 10n)] });
  });

  it("names the key that signed two records for one coin, and clears those who were paid [N-03] [R-088]", () => {
    const { forks, forkers, cleared } = blamed([anns], [toBob, toCarl]);
    const records = [idOf(toBob), idOf(toCarl)].sort();
    const fork = { outpoint: anns.outpoint, owner: anns.output.owner, custodian: 1, amount: 10n };
    assert.deepEqual(forks, [{ ...fork, records, isFirst: true }]);
    assert.deepEqual(forkers, owners(ann));
    assert.deepEqual(cleared, owners(bob, carl));
  });

  it("clears every holder downstream of a fork, and names one who forks again, second [N-03]", async () => {
    const [bobs] = coinsOf(toBob);
    const onward = { signer: bob, inputs: [bobs!], outputs: [pay(dora, 2, 10n)] };
    const again = await spend({ ...onward, counter: 1 });
    const honest = await spend({
      signer: carl,
      inputs: [coinsOf(toCarl)[0]!],
      outputs: [pay(dora, 2, 10n)],
    });
    const { forks, cleared } = blamed([anns], [again, honest, await spend(onward), toCarl, toBob]);
    assert.deepEqual(
      forks.map(({ owner, isFirst }) => [owner, isFirst]),
      [
        [anns.output.owner, true],
        [bobs!.output.owner, false],
      ],
    );
    assert.deepEqual(cleared, owners(carl, dora));
  });

  it("finds no fork in copies: the same bytes, a second signature, another witness [N-17]", async () => {
    const second = await spend({ signer: ann, inputs: [anns], outputs: [pay(bob, 2, 10n)] });
    assert.notDeepEqual(second.signature, toBob.signature);
    const { forkers, cleared } = blamed([anns], [toBob, toBob, second]);
    assert.deepEqual(forkers, new Set());
    assert.deepEqual(cleared, owners(ann, bob));
  });

  it("is not taken in by a forged signature, beside the true record or in its place [R-088]", () => {
    const forged = { ...toCarl, signature: toBob.signature };
    const others = { ...toCarl, signer: carl.publicKey };
    const [bytes, claimed] = [forged, others].map((record) => decodeRecord(encodeRecord(record)));
    assert.deepEqual(blamed([anns], [toBob, bytes!, claimed!]).forkers, new Set());
    assert.deepEqual(blamed([anns], [bytes!, toBob, claimed!, toCarl]).forkers, owners(ann));
  });

  it("does not blame whoever names someone else's coin, nor its owner [N-03]", async () => {
    const stolen = await spend({ signer: carl, inputs: [anns], outputs: [pay(carl, 2, 10n)] });
    const twice = await spend({ signer: carl, inputs: [anns], outputs: [pay(dora, 2, 10n)] });
    assert.deepEqual(blamed([anns], [toBob, stolen, twice]).forkers, new Set());
  });

  it("blames nobody for a coin of which nothing is known, until it is", () => {
    assert.deepEqual(blamed([], [toBob, toCarl]).forks, []);
    assert.deepEqual(blamed([anns], [toBob, toCarl]).forkers, owners(ann));
  });

  it("hides no forker behind a record that claims to come from another's fork [N-03]", async () => {
    const madeUp = await spend({ signer: dora, inputs: [anns], outputs: [pay(dora, 2, 10n)] });
    const fake = { signer: dora, inputs: coinsOf(madeUp), outputs: [pay(bob, 2, 10n)] };
    const forks = [await spend(fake), await spend({ ...fake, counter: 1 })];
    const found = blamed([anns], [toBob, toCarl, madeUp, ...forks]);
    assert.deepEqual(
      new Map(found.forks.map(({ owner, isFirst }) => [owner, isFirst])),
      new Map([...owners(ann, dora)].map((owner) => [owner, true])),
    );
  });

  it("follows money through a claim, by the secret that opens it", async () => {
    const secret = new Uint8Array(32).fill(7);
    const given = await spend({ signer: ann, inputs: [anns], outputs: [promise(secret, 2, 10n)] });
    const { signer, preimage } = { signer: keyOf("treasury of 2"), preimage: secret };
    const inputs = coinsOf(given);
    const claimed = await claim({ signer, inputs, outputs: [pay(dora, 2, 10n)], preimage });
    const fork = { signer: dora, inputs: coinsOf(claimed), outputs: [pay(bob, 2, 10n)] };
    const records = [
      toBob,
      given,
      claimed,
      await spend(fork),
      await spend({ ...fork, counter: 1 }),
    ];
    assert.deepEqual(
      blamed([anns], records).forks.map(({ isFirst }) => isFirst),
      [true, false],
    );
  });

  it(`names every forker, the first first, and accuses no honest device in ${TREES} random trees with colluders [N-03] [R-088] [R-111]`, async function () {
    this.timeout(SLOW_MS);
    let forks = 0;
    let later = 0;
    for (let seed = 1; seed <= TREES; seed++) {
      const { coins, records, expected } = await growTree(seed);
      const found = blame(networkId, coins, records, verifier);
      const firsts = found.forks.map(({ outpoint, isFirst }) => [outpoint, isFirst] as const);
      assert.deepEqual(new Map(firsts), expected.forks, `tree ${seed}`);
      assert.deepEqual(found.forkers, expected.forkers, `tree ${seed}`);
      for (const holder of expected.holders) assert.ok(found.cleared.has(holder), `tree ${seed}`);
      for (const forker of found.forkers) assert.ok(!found.cleared.has(forker), `tree ${seed}`);
      forks += expected.forks.size;
      later += [...expected.forks.values()].filter((isFirst) => !isFirst).length;
    }
    // Trees without forks, or with none that follows another, would show little.
    assert.ok(forks > TREES / 2 && later > TREES / 10, `${forks} forks, ${later} after another`);
  });
});
