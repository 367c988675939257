/** What Evidence reads, by the shared vectors: receipts and certificates, and bodies without decoding all of them. */
import { expect } from "chai";
import { network } from "hardhat";
import type { PromisesHarness } from "../../types/ethers-contracts/index.ts";
import type { Connection } from "../../scripts/bench/consortium.ts";
import certificates from "../vectors/certificates.json" with { type: "json" };
import receipts from "../vectors/receipts.json" with { type: "json" };
import records from "../vectors/records.json" with { type: "json" };

type Bad = {
  readonly name: string;
  readonly bytes: string;
  readonly expected: { readonly field?: string; readonly offset?: number };
};

describe("what Evidence reads", () => {
  let connection: Connection;
  let harness: PromisesHarness;
  before(async () => {
    connection = await network.create();
    harness = await connection.ethers.deployContract("PromisesHarness");
  });
  after(async () => {
    await connection.close();
  });

  async function expectMalformed(decoding: Promise<unknown>, { expected }: Bad) {
    const name = expected.field!.replace(/^.*\./, "");
    await expect(decoding)
      .to.be.revertedWithCustomError(harness, "ByteReaderMalformed")
      .withArgs(connection.ethers.encodeBytes32String(name), expected.offset);
  }

  for (const { name, bytes, expected } of receipts.good) {
    it(`takes the receipt ${name}`, async () => {
      const { member, most, bodyLength, r, s } = await harness.decodeReceipt(bytes);
      expect([member, most, bodyLength]).to.deep.equal([
        BigInt(expected.output.custodian),
        BigInt(expected.output.amount),
        88n,
      ]);
      expect(connection.ethers.concat([r, s])).to.equal(expected.signature);
    });
  }

  for (const bad of receipts.bad as readonly Bad[]) {
    if (bad.expected.offset === undefined) continue;
    it(`refuses the receipt ${bad.name}`, async () => {
      await expectMalformed(harness.decodeReceipt(bad.bytes), bad);
    });
  }

  for (const { name, bytes, expected } of certificates.good) {
    it(`takes the certificate ${name}`, async () => {
      const { member, most, r, s } = await harness.decodeCertificate(bytes);
      expect([member, most]).to.deep.equal([BigInt(expected.member), BigInt(expected.maxBalance)]);
      expect(connection.ethers.concat([r, s])).to.equal(expected.signature);
    });
  }

  /** Whether a key is a point and a label text concerns the devices that were shown the certificate. */
  const leftToDevices = ["deviceKey", "label"];
  for (const bad of certificates.bad as readonly Bad[]) {
    const { field, offset } = bad.expected;
    if (offset === undefined || leftToDevices.includes(field!)) continue;
    it(`refuses the certificate ${bad.name}`, async () => {
      await expectMalformed(harness.decodeCertificate(bad.bytes), bad);
    });
  }

  for (const { name, bytes, expected } of records.records.good) {
    it(`reads inputs and outputs as the whole decoder does: ${name}`, async () => {
      const body = bytes.slice(0, 2 + 2 * expected.bodyLength);
      for (const outpoint of expected.inputs) {
        const coin = { id: outpoint.slice(0, 66), index: Number(`0x${outpoint.slice(66)}`) };
        expect(await harness.readInputs(body, coin)).to.deep.equal([BigInt(expected.kind), true]);
        const other = { ...coin, index: (coin.index + 100) % 256 };
        expect((await harness.readInputs(body, other))[1]).to.equal(false);
      }
      for (const [index, { owner, custodian, amount }] of expected.outputs.entries()) {
        const [output, count] = await harness.readOutputAt(body, index);
        expect([output.owner, output.custodian, output.amount, count]).to.deep.equal([
          owner,
          BigInt(custodian),
          BigInt(amount),
          BigInt(expected.outputs.length),
        ]);
      }
    });
  }
});
