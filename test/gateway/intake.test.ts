/** The intake: exactly once, durable before it answers, bounded, and the same after a restart. */
import { expect } from "chai";
import fc from "fast-check";
import { p256 } from "@noble/curves/nist.js";
import { acknowledgedRoot, checkAcknowledgement } from "../../protocol/acknowledgement.ts";
import { concat, type Hex } from "../../protocol/bytes.ts";
import { encodeEnrolment } from "../../protocol/enrolment.ts";
import { NOBODY, ownerOf } from "../../protocol/key.ts";
import { decodeLeaf, leafHash, leafId } from "../../protocol/leaf.ts";
import { message } from "../../protocol/message.ts";
import { NodeSigner, NodeVerifier } from "../../protocol/p256-node.ts";
import { encodeRecord, encodeRecordBody, type SignedRecord } from "../../protocol/record.ts";
import { portableVerifier, type Verifier } from "../../protocol/signature.ts";
import { Intake } from "../../gateway/intake.ts";
import { ranges } from "../../gateway/keys.ts";
import { parentsFirst } from "../../gateway/parents-first.ts";
import { Reasons } from "../../gateway/reasons.ts";
import type { Store } from "../../gateway/store.ts";
import {
  corrupt,
  makeEnrolment,
  makeSpend,
  makeSpends,
  networkIdBytes,
} from "../support/leaves.ts";
import { BrokenStore } from "./support/broken-store.ts";
import { refusal } from "./support/refusal.ts";
import { testStores } from "./support/stores.ts";

const issuer = NodeSigner.generate();
const bytesOf = (leaves: readonly { readonly bytes: Uint8Array }[]) =>
  leaves.map(({ bytes }) => bytes);

type Settings = {
  readonly leavesMax?: number;
  readonly bytesMax?: number;
  readonly verifier?: Verifier | undefined;
};

describe("the intake", () => {
  const openStore = testStores();
  let store: Store;
  let reasons: Reasons;

  beforeEach(async () => {
    store = await openStore();
    reasons = new Reasons();
  });

  const open = (settings: Settings = {}, on = store) =>
    Intake.open({
      networkId: networkIdBytes,
      member: 1,
      issuer,
      verifier: new NodeVerifier(),
      store: on,
      reasons,
      clock: () => 1_000,
      leavesMax: 10_000,
      bytesMax: 10_000_000,
      ...settings,
    });
  const held = (intake: Intake) => Array.from(intake.all(), ({ hash }) => hash);
  const rows = async () => (await Array.fromAsync(store.entries(ranges.intake))).length;

  it("acknowledges what it has, signed by the issuer, over the leaves as they came [N-13]", async () => {
    const intake = await open();
    const leaves = bytesOf(await makeSpends(5));
    const acknowledgement = await intake.acknowledge(leaves);
    checkAcknowledgement(networkIdBytes, acknowledgement, issuer.publicKey, portableVerifier);
    expect(acknowledgement).to.include({ count: 5, received: 1_000, member: 1 });
    expect(acknowledgement.root).to.equal(acknowledgedRoot(leaves.map(leafHash)));
    expect(held(intake)).to.deep.equal(leaves.map(leafHash));
  });

  it("holds a leaf once, whoever brings it, however often and at the same time [R-026, N-13]", async () => {
    const intake = await open();
    const leaves = bytesOf(await makeSpends(40));
    const parties = Array.from({ length: 12 }, (_, i) => leaves.slice(i * 2, i * 2 + 16));
    const taken: string[] = [];
    intake.onTaken((fresh) => taken.push(...fresh.map(({ hash }) => hash)));
    await Promise.all(parties.map((each) => intake.acknowledge([...each, ...each])));
    const all = new Set(parties.flat().map(leafHash));
    expect(intake.size).to.equal(all.size);
    expect(taken.toSorted()).to.deep.equal([...all].sort());
  });

  it("answers nobody before the leaves are on the disk, the second party neither", async () => {
    const pace = Promise.withResolvers<void>();
    const slow: Store = {
      ...bound(store),
      write: async (changes) => {
        await pace.promise;
        await store.write(changes);
      },
    };
    const intake = await open({}, slow);
    const leaves = bytesOf(await makeSpends(3));
    let answers = 0;
    const calls = [intake.acknowledge(leaves), intake.acknowledge(leaves)].map((call) =>
      call.then(() => answers++),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([answers, await rows()]).to.deep.equal([0, 0]);
    pace.resolve();
    await Promise.all(calls);
    expect([answers, await rows()]).to.deep.equal([2, 1]);
  });

  it("acknowledges nothing when the write fails", async () => {
    const broken = new BrokenStore(store, { at: 1, written: false });
    const intake = await open({}, broken);
    const leaves = bytesOf(await makeSpends(1));
    const error = await intake.acknowledge(leaves).catch((reason: unknown) => reason);
    expect(error).to.be.an("error").with.property("message", "the process died");
    expect(held(await open())).to.deep.equal([]);
  });

  it("has after a restart exactly what it had, in the same order", async () => {
    const first = await open();
    const leaves = [...(await makeSpends(3)), await makeEnrolment(), await makeSpend()];
    await first.accept(bytesOf(leaves.slice(0, 2)));
    await first.accept(bytesOf(leaves));
    const second = await open();
    const known = (intake: Intake) =>
      Array.from(intake.all(), ({ hash, id, inputs, bytes, received }) => [
        hash,
        id,
        inputs,
        bytes,
        received,
      ]);
    expect(known(second)).to.deep.equal(known(first));
    expect(second.sizeBytes).to.equal(first.sizeBytes);
    await second.accept(bytesOf(leaves));
    expect(await rows()).to.equal(2);
  });

  it("lets go of a row when the last of its leaves has come to its end", async () => {
    const intake = await open();
    const leaves = bytesOf(await makeSpends(3));
    await intake.accept(leaves);
    const [a, b, c] = leaves.map(leafHash) as [Hex, Hex, Hex];
    await intake.drop([a, c, c]);
    expect([await rows(), intake.size]).to.deep.equal([1, 1]);
    expect(held(intake)).to.deep.equal([b]);
    await intake.drop([b]);
    expect([await rows(), intake.size, intake.sizeBytes]).to.deep.equal([0, 0, 0]);
    await intake.accept(leaves);
    expect(intake.size).to.equal(3);
  });

  it("gives high-s signatures their low form, of records and of enrolments", async () => {
    const intake = await open();
    const spend = await makeSpend();
    const high: SignedRecord = { ...spend, signature: highS(spend.signature) };
    const enrolment = await makeEnrolment();
    const twisted = {
      ...enrolment,
      consent: highS(enrolment.consent),
      issuerSignature: highS(enrolment.issuerSignature),
    };
    const came = [encodeRecord(high), encodeEnrolment(twisted), spend.bytes];
    const acknowledgement = await intake.acknowledge(came);
    expect(held(intake)).to.deep.equal([leafHash(spend.bytes), leafHash(enrolment.bytes)]);
    expect(acknowledgement.root).to.equal(acknowledgedRoot(came.map(leafHash)));
  });

  it("takes the good leaves of a request that has bad ones, and remembers why the bad are bad [R-030]", async () => {
    const intake = await open();
    const [good, forged] = (await makeSpends(2)) as [SignedRecord, SignedRecord];
    const signature = corrupt(forged.signature, 40);
    const came = [Uint8Array.of(9, 9), encodeRecord({ ...forged, signature }), good.bytes];
    const acknowledgement = await intake.acknowledge(came);
    expect(acknowledgement.count).to.equal(3);
    expect(acknowledgement.root).to.equal(acknowledgedRoot(came.map(leafHash)));
    expect(held(intake)).to.deep.equal([leafHash(good.bytes)]);
    expect(reasons.get(leafId(networkIdBytes, forged))!.code).to.equal("bad-signature");
  });

  it("refuses a request with nothing good in it", async () => {
    const intake = await open();
    const forged = await makeSpend();
    const bytes = encodeRecord({ ...forged, signature: corrupt(forged.signature, 3) });
    await refusal("bad-signature", intake.acknowledge([bytes]));
    await refusal("malformed", intake.acknowledge([bytes.subarray(1), bytes]));
    expect([intake.size, await rows()]).to.deep.equal([0, 0]);
  });

  it("leaves signatures to the node where it is told to check structure alone", async () => {
    const intake = await open({ verifier: undefined });
    const forged = await makeSpend();
    const bytes = encodeRecord({ ...forged, signature: corrupt(forged.signature, 3) });
    await intake.acknowledge([bytes]);
    await refusal("malformed", intake.acknowledge([bytes.subarray(1)]));
    expect(held(intake)).to.deep.equal([leafHash(bytes)]);
  });

  it("does not let a stranger's signature on an honest body stand in its way", async () => {
    const intake = await open();
    const honest = await makeSpend();
    const thief = NodeSigner.generate();
    const signature = await thief.sign(message("record", networkIdBytes, encodeRecordBody(honest)));
    const stolen = encodeRecord({ ...honest, signer: thief.publicKey, signature });
    expect(leafId(networkIdBytes, decodeLeaf(stolen))).to.equal(leafId(networkIdBytes, honest));
    await intake.accept([stolen]);
    await intake.accept([honest.bytes]);
    expect(held(intake)).to.deep.equal([leafHash(stolen), leafHash(honest.bytes)]);
  });

  it("refuses as busy beyond its bounds, whole requests, and keeps what it has", async () => {
    const intake = await open({ leavesMax: 5 });
    const leaves = bytesOf(await makeSpends(7));
    await intake.accept(leaves.slice(0, 4));
    const { row } = await refusal("busy", intake.acknowledge(leaves.slice(3, 6)));
    expect(row).to.include({ status: 503, retry: true });
    expect(intake.size).to.equal(4);
    await intake.accept(leaves.slice(0, 5));
    expect(intake.size).to.equal(5);
    await refusal("busy", intake.accept(leaves.slice(5)));
    await intake.drop([leafHash(leaves[0]!)]);
    await intake.accept([leaves[5]!]);
    const large = await open({ bytesMax: intake.sizeBytes + 100 });
    await refusal("busy", large.accept([leaves[6]!]));
  });

  it("keeps half of its room for the member's own devices: strangers' records of coins that never were cannot fill it", async () => {
    const intake = await open({ leavesMax: 4 });
    const leaves = bytesOf(await makeSpends(5));
    await intake.acknowledge(leaves.slice(0, 2));
    await refusal("busy", intake.acknowledge([leaves[2]!]));
    await intake.acknowledge(leaves.slice(0, 2));
    await intake.acknowledge([leaves[2]!], { isOwn: true });
    await intake.acknowledge([leaves[3]!], { isOwn: true });
    expect(intake.size).to.equal(4);
    await refusal("busy", intake.acknowledge([leaves[4]!], { isOwn: true }));
    const small = await open({ bytesMax: 2 * intake.sizeBytes }, await openStore());
    await small.acknowledge(leaves.slice(0, 4));
    await refusal("busy", small.acknowledge([leaves[4]!]));
    await small.acknowledge([leaves[4]!], { isOwn: true });
  });

  it("takes what the gateway itself has signed beyond its bounds", async () => {
    const intake = await open({ leavesMax: 1 });
    const [a, b] = (await makeSpends(2)) as [SignedRecord, SignedRecord];
    await intake.accept([a.bytes]);
    await intake.acceptOwn(b.bytes);
    expect(intake.size).to.equal(2);
  });

  it("knows which coins the records it holds would take", async () => {
    const intake = await open();
    const [a, b] = (await makeSpends(2)) as [SignedRecord, SignedRecord];
    await intake.accept(bytesOf([a, b]));
    const owner = ownerOf(a.signer);
    expect(intake.isSpending(a.inputs[0]!, owner)).to.equal(true);
    expect(intake.isSpending(a.inputs[0]!, ownerOf(issuer.publicKey))).to.equal(false);
    await intake.drop([leafHash(a.bytes)]);
    expect([a, b].map((each) => intake.isSpending(each.inputs[0]!, owner))).to.deep.equal([
      false,
      true,
    ]);
  });
});

describe("parents first", () => {
  it("puts every leaf after its parents among those that wait, in any order of arrival [R-027]", () => {
    const tree = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(tree, fc.infiniteStream(fc.nat()), (parents, draws) => {
        const leaves = parents.map((of, i) => leafOf(i, i === 0 ? [] : of.map((n) => n % i)));
        const mixed = leaves.map((leaf) => [draws.next().value, leaf] as const);
        const arrived = mixed.sort(([a], [b]) => a! - b!).map(([, leaf]) => leaf);
        const byId = new Map(leaves.map((leaf) => [leaf.id, [leaf]]));
        const ordered = parentsFirst(arrived, (id) => byId.get(id) ?? [], 100, 100_000);
        expect(new Set(ordered).size).to.equal(leaves.length);
        const place = new Map(ordered.map((leaf, i) => [leaf.id, i]));
        for (const leaf of ordered) {
          for (const input of leaf.inputs) {
            expect(place.get(input.slice(0, 66) as Hex)!).to.be.below(place.get(leaf.id)!);
          }
        }
      }),
    );
  });

  it("keeps to count and bytes, a parent never behind its child", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => leafOf(i, i === 0 ? [] : [i - 1]));
    const byId = new Map(chain.map((leaf) => [leaf.id, [leaf]]));
    const lookUp = (id: Hex) => byId.get(id) ?? [];
    const some = parentsFirst(chain.toReversed(), lookUp, 7, 1_000_000);
    expect(some).to.deep.equal(chain.slice(0, 7));
    expect(parentsFirst(chain, lookUp, 100, 25)).to.deep.equal(chain.slice(0, 2));
  });
});

function leafOf(number: number, parents: readonly number[]) {
  const id = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
  const inputs = parents.map((parent): Hex => `${id(parent)}00`);
  return { id: id(number), hash: id(number), bytes: new Uint8Array(10), inputs, signer: NOBODY };
}

function highS(signature: Uint8Array): Uint8Array {
  const { Fn } = p256.Point;
  const s = Fn.neg(Fn.fromBytes(signature.subarray(32)));
  return concat(signature.subarray(0, 32), Fn.toBytes(s));
}

/** The methods of a store, as an object whose parts can be replaced. */
function bound(store: Store): Store {
  return {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    entries: (range) => store.entries(range),
    write: (changes) => store.write(changes),
  };
}
