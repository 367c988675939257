/** The entries of the state: one form each, and a root that knows every one of them. */
import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../protocol/bytes.ts";
import { hashLeaf, merkleRoot } from "../../protocol/merkle.ts";
import { lock } from "../../protocol/output.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import {
  BUCKETS,
  bucketOf,
  decodeStateEntry,
  encodeStateEntry,
  makeMember,
  type StateEntry,
  stateKey,
  stateLeaf,
  stateRootOf,
} from "../../protocol/state-entry.ts";
import {
  bytes as anyBytes,
  hex,
  outpoint,
  output,
  publicKey,
  safe,
  u16,
} from "./support/arbitraries.ts";
import { refusalFrom } from "./support/vectors.ts";

const u128 = fc.bigInt(0n, 2n ** 128n - 1n);
const i128 = fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n);

const entry: fc.Arbitrary<StateEntry> = fc.oneof(
  fc.record({ kind: fc.constant("coin" as const), outpoint, output: output(0, 1, 3) }),
  fc.record({ kind: fc.constant("restituted" as const), outpoint, timeS: safe }),
  fc.record({ kind: fc.constant("enrolled" as const), owner: hex(20), member: u16 }),
  fc.record({ kind: fc.constant("revoked" as const), member: u16, owner: hex(20), timeS: safe }),
  fc.record({
    kind: fc.constant("member" as const),
    id: u16,
    member: fc
      .record({
        status: fc.constantFrom(1 as const, 2 as const, 3 as const),
        issuer: publicKey,
        treasury: publicKey,
        pastTreasuries: fc.array(publicKey, { maxLength: 4 }),
      })
      .map(makeMember),
  }),
  fc.record({
    kind: fc.constant("window" as const),
    cycle: safe,
    member: u16,
    window: fc.record({ delta: i128, burns: u128 }),
  }),
  fc.record({ kind: fc.constant("reserve" as const), member: u16, amount: u128 }),
  fc.record({
    kind: fc.constant("parameters" as const),
    parameters: fc.record({
      version: u16,
      reclaimDelayS: safe,
      openCycle: safe,
      settledCycle: safe,
    }),
  }),
);

describe("an entry of the state", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(entry, (any) => {
        expect(decodeStateEntry(...encodeStateEntry(any))).to.deep.equal(any);
      }),
    );
  });

  it("has one form: what is read from damaged bytes would have been written so", () => {
    fc.assert(
      fc.property(entry, fc.nat(), fc.nat(255), fc.boolean(), (any, at, value, inKey) => {
        const parts = encodeStateEntry(any).map((part) => part.slice());
        const damaged = parts[inKey ? 0 : 1]!;
        damaged[at % damaged.length] = value;
        let read: StateEntry;
        try {
          read = decodeStateEntry(parts[0]!, parts[1]!);
        } catch (error) {
          expect(isRefusal(error, "malformed")).to.equal(true);
          return;
        }
        expect(encodeStateEntry(read).map(toHex)).to.deep.equal(parts.map(toHex));
      }),
      { numRuns: 500 },
    );
  });

  it("is refused when its key or its value is too long, or of no kind", () => {
    const [key, value] = encodeStateEntry({
      kind: "coin",
      outpoint: `0x${"07".repeat(33)}`,
      output: { lock: lock.key, owner: `0x${"01".repeat(20)}`, custodian: 1, amount: 5n },
    });
    const longer = (bytes: Uint8Array) => new Uint8Array([...bytes, 0]);
    expect(refusalFrom(() => decodeStateEntry(longer(key), value)).place?.field).to.equal("key");
    expect(refusalFrom(() => decodeStateEntry(key, longer(value))).place?.field).to.equal("value");
    expect(refusalFrom(() => decodeStateEntry(key.with(0, 0x78), value)).place?.field).to.equal(
      "prefix",
    );
    expect(refusalFrom(() => decodeStateEntry(new Uint8Array(), value)).code).to.equal("malformed");
  });

  it("stands in the bucket of the first 12 bits of its key's hash, each of 4,096 alike", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 20_000; i++) {
      const bucket = bucketOf(stateKey.reserve(i));
      expect(bucket).to.be.within(0, BUCKETS - 1);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    // 20,000 draws leave a bucket empty with e^-4.9, and give none as many as 25.
    expect(counts.size).to.be.above(4000);
    expect(Math.max(...counts.values())).to.be.below(25);
  });

  it("moves the state root with any change of key or value, and no two kinds share a key", () => {
    fc.assert(
      fc.property(entry, entry, anyBytes(32), (one, other, sibling) => {
        const [key, value] = encodeStateEntry(one);
        const [otherKey, otherValue] = encodeStateEntry(other);
        fc.pre(toHex(stateLeaf(key, value)) !== toHex(stateLeaf(otherKey, otherValue)));
        const rootWith = (leaf: Uint8Array) =>
          stateRootOf([merkleRoot([leaf]), merkleRoot([hashLeaf(sibling)])]);
        expect(rootWith(stateLeaf(key, value))).to.not.equal(
          rootWith(stateLeaf(otherKey, otherValue)),
        );
        if (one.kind !== other.kind) expect(toHex(key)).to.not.equal(toHex(otherKey));
      }),
    );
  });
});
