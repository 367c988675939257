/** The shared vectors, given to the contracts' libraries: they take and refuse what `protocol` does. */
import { expect } from "chai";
import { p256 } from "@noble/curves/nist.js";
import { network } from "hardhat";
import type { LibraryHarness } from "../../types/ethers-contracts/index.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { Connection } from "../../scripts/bench/consortium.ts";
import { plain } from "./support/deployment.ts";
import merkle from "../vectors/merkle.json" with { type: "json" };
import records from "../vectors/records.json" with { type: "json" };
import typedData from "../vectors/typed-data.json" with { type: "json" };

type Refused = { readonly code: string; readonly field?: string; readonly offset?: number };

describe("the contracts' libraries, by the shared vectors", () => {
  let connection: Connection;
  let harness: LibraryHarness;
  before(async () => {
    connection = await network.create();
    harness = await connection.ethers.deployContract("LibraryHarness");
  });
  after(async () => {
    await connection.close();
  });

  /** Bytes that are refused: at the same offset, and at the field as the library calls it. */
  async function expectMalformed(decoding: Promise<unknown>, { field, offset }: Refused) {
    const name = field!.replace(/\[\d+\]/g, "").replace(/^.*\./, "");
    await expect(decoding)
      .to.be.revertedWithCustomError(harness, "ByteReaderMalformed")
      .withArgs(connection.ethers.encodeBytes32String(name), offset);
  }

  describe("records", () => {
    for (const { name, bytes, expected } of records.records.good) {
      it(`takes ${name}`, async () => {
        const { inputs, signer, signature, preimage, id, leafHash, ...rest } =
          expected as typeof expected & {
            preimage?: string;
          };
        const decoded = plain(await harness.decodeRecord(bytes)) as Record<string, unknown>;
        const {
          inputs: outpoints,
          signerParity,
          signerX,
          r,
          s,
          preimage: secret,
          ...fields
        } = decoded;
        expect(asJson(fields)).to.deep.equal(asJson(rest));
        expect((outpoints as Outpoint[]).map(outpoint)).to.deep.equal(inputs);
        expect(connection.ethers.concat([signerParity as Hex, signerX as Hex])).to.equal(signer);
        expect(connection.ethers.concat([r as Hex, s as Hex])).to.equal(signature);
        expect(secret).to.equal(preimage ?? `0x${"00".repeat(32)}`);

        const body = bytes.slice(0, 2 + 2 * expected.bodyLength);
        expect(await harness.idOf(records.networkId, body)).to.equal(id);
        expect(await harness.leafHash(bytes)).to.equal(leafHash);
        expect(await harness.isSigned(bytes, records.networkId, yOf(signer))).to.equal(true);
        for (const each of outpoints as Outpoint[]) {
          expect(await harness.spends(bytes, each)).to.equal(true);
          expect(await harness.spends(bytes, { ...each, index: 200 })).to.equal(false);
        }
      });
    }

    for (const { name, bytes, expected } of [...records.records.bad, ...records.kinds] as readonly {
      name: string;
      bytes: Hex;
      expected: Refused;
    }[]) {
      it(`refuses ${name}`, async () => {
        if (expected.offset !== undefined) {
          await expectMalformed(harness.decodeRecord(bytes), expected);
          return;
        }
        // A key or a signature that does not hold: for whichever y is brought along.
        const { signerX, signerParity } = await harness.decodeRecord(bytes);
        const signer = connection.ethers.concat([signerParity, signerX]);
        const ys = [yOf(signer), negated(yOf(signer))];
        for (const y of ys) {
          expect(await harness.isSigned(bytes, records.networkId, y)).to.equal(false);
        }
      });
    }

    it("takes no signature by the key's mirror image", async () => {
      const { bytes, expected } = records.records.good[0]!;
      const y = negated(yOf(expected.signer));
      expect(await harness.isSigned(bytes, records.networkId, y)).to.equal(false);
    });

    it("gives signers the owners that outputs name", async () => {
      const { bytes, expected } = records.records.good[0]!;
      const owner = connection.ethers.sha256(expected.signer).slice(0, 42);
      expect(await harness.signerOf(bytes)).to.equal(owner);
    });
  });

  describe("deposits", () => {
    for (const { name, bytes, expected } of records.deposits.good) {
      it(`takes ${name}`, async () => {
        const { id, outpoint: _, ...fields } = expected;
        expect(asJson(plain(await harness.decodeDeposit(bytes)))).to.deep.equal(asJson(fields));
        expect(await harness.idOf(records.networkId, bytes)).to.equal(id);
      });
    }
    for (const { name, bytes, expected } of records.deposits.bad) {
      it(`refuses ${name}`, async () => {
        await expectMalformed(harness.decodeDeposit(bytes), expected);
      });
    }
  });

  describe("inclusion", () => {
    for (const { name, leaf, index, count, path, root, expected } of merkle.proofs) {
      it(`says ${expected ? "yes" : "no"} to ${name}`, async () => {
        expect(await harness.isIncluded(leaf, index, count, path, root)).to.equal(expected);
      });
    }
    it("hashes entries as leaves", async () => {
      for (const { entry, expected } of merkle.leafHashes) {
        expect(await harness.leafHash(entry)).to.equal(expected);
      }
    });
    it("takes a leaf of a tree of one without a path, and nothing under an empty tree", async () => {
      const leaf = merkle.proofs[0]!.leaf;
      expect(await harness.isIncluded(leaf, 0, 1, [], leaf)).to.equal(true);
      expect(await harness.isIncluded(leaf, 0, 0, [], leaf)).to.equal(false);
    });
  });

  describe("typed data", () => {
    /** Puts the harness where the domain says the Settlement is: separators name their own contract. */
    async function harnessAt(address: string): Promise<LibraryHarness> {
      const code = await connection.ethers.provider.getCode(await harness.getAddress());
      await connection.networkHelpers.setCode(address, code);
      return harness.attach(address) as LibraryHarness;
    }

    for (const { name, chainId, settlement, networkId, expected } of typedData.domains) {
      const id = Number(chainId);
      it(`separates ${name}`, async () => {
        const there =
          id === 31337 ? connection : await network.create({ override: { chainId: id } });
        try {
          const at = await there.ethers.deployContract("LibraryHarness");
          const code = await there.ethers.provider.getCode(await at.getAddress());
          await there.networkHelpers.setCode(settlement, code);
          const moved = at.attach(settlement) as LibraryHarness;
          expect(await moved.domainSeparator(networkId)).to.equal(expected);
        } finally {
          if (there !== connection) await there.close();
        }
      });
    }

    it("digests batches and checkpoints", async () => {
      const { settlement, networkId } = typedData.domains[0]!;
      const separator = await (await harnessAt(settlement)).domainSeparator(networkId);
      for (const { name, member, number, count, root, expected } of typedData.batches) {
        const digest = await harness.batchDigest(separator, member, number, count, root);
        expect(digest, name).to.equal(expected);
      }
      for (const { name, expected, ...checkpoint } of typedData.checkpoints) {
        const statement = checkpoint as unknown as Checkpoint & { positions: [] };
        expect(await harness.checkpointDigest(separator, statement), name).to.equal(expected);
      }
    });
  });

  describe("quorums", () => {
    /** The refusals; those of form, which `protocol` does not tell apart, by the vector's name. */
    const errors: Readonly<Record<string, string>> = {
      "too-few": "QuorumNotReached",
      "not-ascending": "QuorumNotAscending",
      "not-a-validator": "QuorumNotValidator",
      "high s": "ECDSAInvalidSignatureS",
      "64 bytes": "QuorumMalformed",
      "66 bytes": "QuorumMalformed",
      malformed: "ECDSAInvalidSignature",
    };
    for (const { name, digest, validators, signatures, expected } of typedData.quorums) {
      it(`${expected === true ? "takes" : "refuses"} ${name}`, async () => {
        await harness.storeValidators(validators);
        const check = () => harness.checkQuorum(digest, connection.ethers.concat(signatures));
        if (expected === true) await check();
        else {
          const error = errors[name] ?? errors[String(expected)]!;
          await expect(check()).to.be.revertedWithCustomError(harness, error);
        }
      });
    }

    it("keeps validators ascending however they are given, none and many", async () => {
      for (const count of [0, 1, 4, 64]) {
        const addresses = Array.from(
          { length: count },
          () => connection.ethers.Wallet.createRandom().address,
        );
        await harness.storeValidators(addresses);
        const kept = await harness.loadValidators();
        expect([...kept]).to.deep.equal(
          addresses.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
        );
      }
    });

    it("is n − ⌊(n − 1) / 3⌋ of n, and one of none", async () => {
      const sizes = [1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11, 11];
      for (const [members, size] of sizes.entries()) {
        expect(await harness.quorumSize(members), `${members}`).to.equal(size);
      }
    });
  });
});

type Outpoint = { readonly id: Hex; readonly index: bigint };

/** As vectors write it. */
function outpoint({ id, index }: Outpoint): string {
  return id + index.toString(16).padStart(2, "0");
}

/** Numbers as decimal text, so that bigint, number and the vectors' strings compare. */
function asJson(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part) =>
      typeof part === "bigint" || typeof part === "number" ? String(part) : part,
    ),
  );
}

/** The other coordinate of a compressed key, zero for one that is off the curve. */
function yOf(key: string): Hex {
  try {
    return toHex(p256.Point.fromBytes(fromHex(key)).toBytes(false).subarray(33));
  } catch {
    return `0x${"00".repeat(32)}`;
  }
}

function negated(y: Hex): Hex {
  const negative = p256.Point.Fp.neg(BigInt(y));
  return `0x${negative.toString(16).padStart(64, "0")}`;
}
