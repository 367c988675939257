/** EIP-712 against ethers' encoder, and quorums of validators. */
import { expect } from "chai";
import { TypedDataEncoder, verifyTypedData, Wallet } from "ethers";
import fc from "fast-check";
import { type BatchHeader, batchDigest } from "../../protocol/batch.ts";
import { concat, fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { appliedRootOf, type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import { hashLeaf, merkleRoot } from "../../protocol/merkle.ts";
import { checkQuorum, orderSignatures, quorumOf } from "../../protocol/quorum.ts";
import {
  type Domain,
  domainSeparator,
  recoverValidator,
  signTypedDigest,
  validatorAddress,
} from "../../protocol/typed-data.ts";
import { validators } from "../../scripts/vectors/keys.ts";
import { hex, safe, u16, u32 } from "./support/arbitraries.ts";
import { readVectors, refusalFrom } from "./support/vectors.ts";

type Quorum = {
  readonly name: string;
  readonly digest: Hex;
  readonly validators: readonly Hex[];
  readonly signatures: readonly Hex[];
  readonly expected: true | string;
};

const vectors = readVectors<{
  domains: { chainId: string; settlement: Hex; networkId: Hex; expected: Hex }[];
  batches: (BatchHeader & { expected: Hex })[];
  checkpoints: (Omit<Checkpoint, "supply" | "positions"> & {
    supply: string;
    positions: { member: number; delta: string; withdrawn: string }[];
    expected: Hex;
  })[];
  quorums: Quorum[];
}>("typed-data");

const domains = vectors.domains.map(
  ({ chainId, settlement, networkId }): Domain => ({
    chainId: BigInt(chainId),
    settlement,
    networkId,
  }),
);
const domain = domains[0]!;

const batchTypes = {
  Batch: [
    { name: "member", type: "uint16" },
    { name: "number", type: "uint64" },
    { name: "count", type: "uint32" },
    { name: "root", type: "bytes32" },
  ],
};
const checkpointTypes = {
  Checkpoint: [
    { name: "number", type: "uint64" },
    { name: "seq", type: "uint64" },
    { name: "applied", type: "uint64" },
    { name: "appliedRoot", type: "bytes32" },
    { name: "supply", type: "uint128" },
    { name: "positions", type: "Position[]" },
    { name: "stateRoot", type: "bytes32" },
  ],
  Position: [
    { name: "member", type: "uint16" },
    { name: "delta", type: "int128" },
    { name: "withdrawn", type: "uint128" },
  ],
};

const header: fc.Arbitrary<BatchHeader> = fc.record({
  member: u16,
  number: safe,
  count: u32,
  root: hex(32),
});
const checkpoint: fc.Arbitrary<Checkpoint> = fc.record({
  number: safe,
  seq: safe,
  applied: safe,
  appliedRoot: hex(32),
  supply: fc.bigInt(0n, 2n ** 128n - 1n),
  positions: fc.array(
    fc.record({
      member: u16,
      delta: fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n),
      withdrawn: fc.bigInt(0n, 2n ** 128n - 1n),
    }),
    { maxLength: 5 },
  ),
  stateRoot: hex(32),
});

describe("typed data", () => {
  it("has domain separators equal to those of ethers and of the vectors", () => {
    for (const [i, { expected }] of vectors.domains.entries()) {
      expect(toHex(domainSeparator(domains[i]!))).to.equal(expected);
      expect(TypedDataEncoder.hashDomain(ethersDomain(domains[i]!))).to.equal(expected);
    }
    expect(new Set(vectors.domains.map(({ expected }) => expected)).size).to.equal(4);
  });

  it("hashes a batch as ethers does, and as the vectors say", () => {
    for (const { expected, ...batch } of vectors.batches) {
      expect(toHex(batchDigest(domain, batch))).to.equal(expected);
    }
    fc.assert(
      fc.property(header, fc.constantFrom(...domains), (batch, where) => {
        expect(toHex(batchDigest(where, batch))).to.equal(
          TypedDataEncoder.hash(ethersDomain(where), batchTypes, batch),
        );
      }),
    );
  });

  it("hashes a checkpoint as ethers does, and as the vectors say", () => {
    for (const { expected, supply, positions, ...rest } of vectors.checkpoints) {
      const rows = positions.map(({ member, delta, withdrawn }) => ({
        member,
        delta: BigInt(delta),
        withdrawn: BigInt(withdrawn),
      }));
      const value = { ...rest, supply: BigInt(supply), positions: rows };
      expect(toHex(checkpointDigest(domain, value))).to.equal(expected);
    }
    fc.assert(
      fc.property(checkpoint, fc.constantFrom(...domains), (value, where) => {
        expect(toHex(checkpointDigest(where, value))).to.equal(
          TypedDataEncoder.hash(ethersDomain(where), checkpointTypes, {
            ...value,
            positions: [...value.positions],
          }),
        );
      }),
    );
  });

  it("is signed and recovered as ethers does", async () => {
    const wallet = Wallet.createRandom();
    const privateKey = fromHex(wallet.privateKey as Hex);
    const batch: BatchHeader = { member: 1, number: 2, count: 3, root: `0x${"ab".repeat(32)}` };
    const ours = signTypedDigest(privateKey, batchDigest(domain, batch));
    const where = ethersDomain(domain);
    const theirs = fromHex((await wallet.signTypedData(where, batchTypes, batch)) as Hex);
    expect(verifyTypedData(where, batchTypes, batch, toHex(ours))).to.equal(wallet.address);
    expect(recoverValidator(batchDigest(domain, batch), theirs)).to.equal(
      wallet.address.toLowerCase(),
    );
    expect(validatorAddress(privateKey)).to.equal(wallet.address.toLowerCase());
  });

  it("covers the ids of a cycle's records, in order", () => {
    const ids: Hex[] = [`0x${"01".repeat(32)}`, `0x${"02".repeat(32)}`];
    const root = appliedRootOf(ids);
    expect(toHex(root)).to.equal(toHex(merkleRoot(ids.map((id) => hashLeaf(fromHex(id))))));
    expect(toHex(appliedRootOf(ids.toReversed()))).to.not.equal(toHex(root));
  });
});

describe("a quorum", () => {
  it("is more than two thirds: n less the whole thirds of n - 1", () => {
    const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 16].map(quorumOf);
    expect(sizes).to.deep.equal([1, 2, 3, 3, 4, 5, 5, 6, 7, 9, 11]);
    for (let n = 1; n <= 100; n++) {
      const faulty = Math.floor((n - 1) / 3);
      // Two quorums share an honest member, and the honest alone are a quorum.
      expect(2 * quorumOf(n) - n).to.be.above(faulty);
      expect(n - faulty).to.be.at.least(quorumOf(n));
    }
  });

  for (const { name, digest, validators: among, signatures, expected } of vectors.quorums) {
    it(`${expected === true ? "holds" : "is refused"}: ${name}`, () => {
      const act = () =>
        checkQuorum(
          fromHex(digest),
          signatures.map((signature) => fromHex(signature)),
          new Set(among),
        );
      if (expected === true) act();
      else expect(refusalFrom(act).code).to.equal("bad-signature");
    });
  }

  it("takes signatures in the order of their signers, from whatever order they came in", () => {
    const signers = validators(7);
    const digest = batchDigest(domain, vectors.batches[0]!);
    fc.assert(
      fc.property(fc.shuffledSubarray(signers, { minLength: 5 }), (some) => {
        const bySigner = new Map(
          some.map(({ address, privateKey }) => [address, signTypedDigest(privateKey, digest)]),
        );
        const addresses = new Set(signers.map(({ address }) => address));
        checkQuorum(digest, orderSignatures(bySigner), addresses);
      }),
      { numRuns: 20 },
    );
  });

  it("recovers no signer from anything but 65 bytes with low s that end with 27 or 28", () => {
    const [signer] = validators(1);
    const digest = batchDigest(domain, vectors.batches[0]!);
    const good = signTypedDigest(signer!.privateKey, digest);
    expect(recoverValidator(digest, good)).to.equal(signer!.address);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        refusalFrom(() => recoverValidator(digest, bytes));
      }),
    );
    for (const v of [0, 1, 26, 29, 255]) {
      const changed = concat(good.subarray(0, 64), Uint8Array.of(v));
      expect(refusalFrom(() => recoverValidator(digest, changed)).code).to.equal("bad-signature");
    }
  });
});

function ethersDomain({ chainId, settlement, networkId }: Domain) {
  return {
    name: "Tallystick",
    version: "1",
    chainId,
    verifyingContract: settlement,
    salt: networkId,
  };
}
