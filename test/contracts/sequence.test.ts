/** The log's order: which batches get a place on it, and by whose signatures. */
import { expect } from "chai";
import { batchDigest } from "../../protocol/batch.ts";
import { concat, fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { checkpointDigest } from "../../protocol/checkpoint.ts";
import { type Domain, signTypedDigest, validatorAddress } from "../../protocol/typed-data.ts";
import {
  type Consortium,
  keysOf,
  type MemberKeys,
  seed,
  sequence,
  settlementForm,
  sign,
} from "../../scripts/bench/consortium.ts";
import {
  batch,
  checkpoint,
  closeCycle,
  deposit,
  endorse,
  ROOT,
  useConsortium,
} from "./support/deployment.ts";

describe("Settlement.sequence", () => {
  const load = useConsortium();

  it("gives a batch its place, with the block's time, whoever brings it [R-073]", async () => {
    const consortium = await load();
    const { settlement, registry, stranger, connection } = consortium;
    const { time } = connection.networkHelpers;
    const at = (await time.latest()) + 5;
    await time.setNextBlockTimestamp(at);
    const seq = (await registry.seq()) + 1n;
    const signatures = endorse(consortium, batch({ count: 4096 }));
    await expect(settlement.connect(stranger).sequence(1, 1, 4096, ROOT, signatures))
      .to.emit(settlement, "Sequenced")
      .withArgs(seq, 1, 1, 4096, ROOT, at);
    expect(await settlement.batchesOf(1)).to.equal(1n);
    expect(await registry.seq()).to.equal(seq);
  });

  it("takes signatures that ethers makes of the same typed data", async () => {
    const { settlement, members, domain, connection } = await load();
    const { Wallet } = connection.ethers;
    const typedDomain = {
      name: "Tallystick",
      version: "1",
      chainId: domain.chainId,
      verifyingContract: domain.settlement,
      salt: domain.networkId,
    };
    const types = {
      Batch: [
        { name: "member", type: "uint16" },
        { name: "number", type: "uint64" },
        { name: "count", type: "uint32" },
        { name: "root", type: "bytes32" },
      ],
    };
    const wallets = members
      .map(({ validatorKey }) => new Wallet(toHex(validatorKey)))
      .sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
    const signatures = await Promise.all(
      wallets.map(async (wallet) => await wallet.signTypedData(typedDomain, types, batch())),
    );
    await settlement.sequence(1, 1, 1, ROOT, connection.ethers.concat(signatures));
    expect(await settlement.batchesOf(1)).to.equal(1n);
  });

  it("counts each member's batches by themselves, from 1 and without a gap", async () => {
    const consortium = await load();
    const { settlement } = consortium;
    await sequence(consortium, batch());
    await sequence(consortium, batch({ member: 2 }));
    for (const number of [0, 1, 3]) {
      await expect(sequence(consortium, batch({ number })))
        .to.be.revertedWithCustomError(settlement, "SettlementBatchNotNext")
        .withArgs(1, number, 2);
    }
    await sequence(consortium, batch({ number: 2 }));
    expect([await settlement.batchesOf(1), await settlement.batchesOf(2)]).to.deep.equal([2n, 1n]);
  });

  it("takes one batch of a member in a block, and others' beside it", async () => {
    const consortium = await load();
    const { settlement, connection } = consortium;
    const { ethers, provider } = connection;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const options = { gasLimit: 200_000 };
    const send = (fields: Partial<ReturnType<typeof batch>>) => {
      const header = batch(fields);
      const { member, number, count, root } = header;
      return settlement.sequence(member, number, count, root, endorse(consortium, header), options);
    };
    const sent = [await send({}), await send({ number: 2 }), await send({ member: 2 })];
    await provider.request({ method: "evm_mine" });
    await provider.request({ method: "evm_setAutomine", params: [true] });
    const receipts = await Promise.all(
      sent.map(async ({ hash }) => await ethers.provider.getTransactionReceipt(hash)),
    );
    expect(receipts.map((receipt) => receipt?.status)).to.deep.equal([1, 0, 1]);
    await expect(Promise.resolve(sent[1]!))
      .to.be.revertedWithCustomError(settlement, "SettlementBatchInBlock")
      .withArgs(1, receipts[1]!.blockNumber);
    await send({ number: 2 });
    expect(await settlement.batchesOf(1)).to.equal(2n);
  });

  it("takes 1 to 4,096 leaves", async () => {
    const consortium = await load();
    const { settlement } = consortium;
    for (const count of [0, 4097, 2 ** 32 - 1]) {
      await expect(sequence(consortium, batch({ count })))
        .to.be.revertedWithCustomError(settlement, "SettlementCountOutOfBounds")
        .withArgs(count);
    }
    await sequence(consortium, batch({ count: 1 }));
    await sequence(consortium, batch({ number: 2, count: 4096 }));
    expect(await settlement.batchesOf(1)).to.equal(2n);
  });

  it("gives no place to a member that does not exist, even if a quorum signs", async () => {
    const consortium = await load();
    const { settlement } = consortium;
    for (const member of [0, 5]) {
      await expect(sequence(consortium, batch({ member })))
        .to.be.revertedWithCustomError(settlement, "SettlementUnknownMember")
        .withArgs(member);
    }
  });
});

describe("the quorum in Settlement", () => {
  const load = useConsortium();

  /** Brings the first batch with these signatures. */
  const bring = ({ settlement }: Consortium, signatures: Hex) =>
    settlement.sequence(1, 1, 1, ROOT, signatures);

  /** Signatures over the first batch by members in the order of their validators, in the order given. */
  function signedBy({ members, domain }: Consortium, ...indices: number[]) {
    const digest = batchDigest(domain, batch());
    const ascending = members.toSorted((a, b) => (a.validator < b.validator ? -1 : 1));
    const signers = indices.map((i) => ascending[i]!);
    const signatures = signers.map(({ validatorKey }) => signTypedDigest(validatorKey, digest));
    return { signers, signatures, bytes: toHex(concat(...signatures)) };
  }

  for (const indices of [
    [0, 1, 2],
    [0, 1, 3],
    [0, 2, 3],
    [1, 2, 3],
    [0, 1, 2, 3],
  ]) {
    it(`is reached by members ${indices.join(", ")} of four`, async () => {
      const consortium = await load();
      await bring(consortium, signedBy(consortium, ...indices).bytes);
      expect(await consortium.settlement.batchesOf(1)).to.equal(1n);
    });
  }

  it("is not reached by q − 1 members", async () => {
    const consortium = await load();
    for (const indices of [[], [0], [0, 1], [2, 3]]) {
      const { bytes } = signedBy(consortium, ...indices);
      await expect(bring(consortium, bytes))
        .to.be.revertedWithCustomError(consortium.settlement, "QuorumNotReached")
        .withArgs(indices.length, 3);
    }
  });

  it("does not count a signer twice", async () => {
    const consortium = await load();
    const { settlement, connection } = consortium;
    const { bytes, signers } = signedBy(consortium, 0, 1, 1);
    const twice = connection.ethers.getAddress(signers[1]!.validator);
    await expect(bring(consortium, bytes))
      .to.be.revertedWithCustomError(settlement, "QuorumNotAscending")
      .withArgs(twice, twice);
  });

  it("refuses signers that do not ascend", async () => {
    const consortium = await load();
    const { settlement, connection } = consortium;
    const { getAddress } = connection.ethers;
    const { bytes, signers } = signedBy(consortium, 1, 0, 2);
    await expect(bring(consortium, bytes))
      .to.be.revertedWithCustomError(settlement, "QuorumNotAscending")
      .withArgs(getAddress(signers[0]!.validator), getAddress(signers[1]!.validator));
  });

  it("refuses a stranger, even beside a quorum", async () => {
    const consortium = await load();
    const { settlement, members, domain, stranger, connection } = consortium;
    const validatorKey = seed("a stranger");
    const validator = validatorAddress(validatorKey);
    const outsider: MemberKeys = { id: 9, operator: stranger, validatorKey, validator };
    const digest = batchDigest(domain, batch());
    for (const signers of [members.slice(0, 2), members]) {
      await expect(bring(consortium, sign(digest, [...signers, outsider])))
        .to.be.revertedWithCustomError(settlement, "QuorumNotValidator")
        .withArgs(connection.ethers.getAddress(validator));
    }
  });

  for (const [status, name] of [
    [2, "suspended"],
    [3, "removed"],
  ] as const) {
    it(`refuses a ${name} member, and needs a quorum of the others`, async () => {
      const consortium = await load();
      const { settlement, registry, members, domain, connection } = consortium;
      await registry.setStatus(1, status);
      const digest = batchDigest(domain, batch());
      const bringNow = (signers: readonly MemberKeys[]) =>
        settlement.sequence(1, 1, 1, ROOT, sign(digest, signers));
      await expect(bringNow(members.slice(0, 3)))
        .to.be.revertedWithCustomError(settlement, "QuorumNotValidator")
        .withArgs(connection.ethers.getAddress(members[0]!.validator));
      await expect(bringNow(members.slice(1, 3)))
        .to.be.revertedWithCustomError(settlement, "QuorumNotReached")
        .withArgs(2, 3);
      await bringNow(members.slice(1));
      expect(await settlement.batchesOf(1)).to.equal(1n);
    });
  }

  it("refuses a validator key that was replaced, and takes the new one", async () => {
    const { settlement, registry, members, domain, connection } = await load();
    const validatorKey = seed("the new key of member 1");
    const renewed = { ...members[0]!, validatorKey, validator: validatorAddress(validatorKey) };
    await registry.replaceKeys(1, keysOf(1, renewed.validator));
    const digest = batchDigest(domain, batch());
    const others = members.slice(1, 3);
    await expect(settlement.sequence(1, 1, 1, ROOT, sign(digest, [members[0]!, ...others])))
      .to.be.revertedWithCustomError(settlement, "QuorumNotValidator")
      .withArgs(connection.ethers.getAddress(members[0]!.validator));
    await settlement.sequence(1, 1, 1, ROOT, sign(digest, [renewed, ...others]));
    expect(await settlement.batchesOf(1)).to.equal(1n);
  });

  it("refuses signatures for another chain, contract, network, statement or batch", async () => {
    const consortium = await load();
    const { settlement, members, domain } = consortium;
    await closeCycle(consortium);
    const other = await checkpoint(consortium);
    const domains: readonly Partial<Domain>[] = [
      { chainId: domain.chainId + 1n },
      { settlement: `0x${"77".repeat(20)}` },
      { networkId: `0x${"77".repeat(32)}` },
    ];
    const digests = [
      ...domains.map((change) => batchDigest({ ...domain, ...change }, batch())),
      checkpointDigest(domain, other),
      batchDigest(domain, batch({ count: 2 })),
      batchDigest(domain, batch({ member: 2 })),
      batchDigest(domain, batch({ number: 2 })),
      batchDigest(domain, batch({ root: `0x${"77".repeat(32)}` })),
    ];
    for (const digest of digests) {
      await expect(
        settlement.sequence(1, 1, 1, ROOT, sign(digest, members.slice(0, 3))),
      ).to.be.revertedWithCustomError(settlement, "QuorumNotValidator");
    }
    expect(await settlement.batchesOf(1)).to.equal(0n);
  });

  it("refuses signatures of another form", async () => {
    const consortium = await load();
    const { settlement } = consortium;
    const { signatures } = signedBy(consortium, 0, 1, 2);
    const [first, second, third] = signatures as [Uint8Array, Uint8Array, Uint8Array];
    const patched = (at: number, value: number) => {
      const copy = third.slice();
      copy[at] = value;
      return toHex(concat(first, second, copy));
    };
    const whole = toHex(concat(first, second, third));
    for (const bytes of [whole.slice(0, -2), `${whole}00`]) {
      await expect(bring(consortium, bytes as Hex))
        .to.be.revertedWithCustomError(settlement, "QuorumMalformed")
        .withArgs((bytes.length - 2) / 2);
    }
    for (const v of [0, 1, 26, 29]) {
      await expect(bring(consortium, patched(64, v))).to.be.revertedWithCustomError(
        settlement,
        "ECDSAInvalidSignature",
      );
    }
    const zeroR = toHex(concat(first, second, new Uint8Array(32), third.subarray(32)));
    await expect(bring(consortium, zeroR)).to.be.revertedWithCustomError(
      settlement,
      "ECDSAInvalidSignature",
    );

    // The same signature with the other s would be another name for it.
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const highS = order - BigInt(toHex(third.subarray(32, 64)));
    const s = fromHex(`0x${highS.toString(16).padStart(64, "0")}`);
    const v = Uint8Array.of(third[64] === 27 ? 28 : 27);
    await expect(bring(consortium, toHex(concat(first, second, third.subarray(0, 32), s, v))))
      .to.be.revertedWithCustomError(settlement, "ECDSAInvalidSignatureS")
      .withArgs(toHex(s));
  });

  it("guards checkpoints as it guards batches", async () => {
    const consortium = await load();
    const { settlement, members, domain } = consortium;
    await deposit(consortium, 1, 5n);
    await closeCycle(consortium);
    const statement = await checkpoint(consortium);
    const digest = checkpointDigest(domain, statement);
    const settleBy = (signed: Uint8Array, signers: readonly MemberKeys[]) =>
      settlement.settle(settlementForm(statement), sign(signed, signers));
    await expect(settleBy(digest, members.slice(0, 2)))
      .to.be.revertedWithCustomError(settlement, "QuorumNotReached")
      .withArgs(2, 3);
    const wrong = [
      checkpointDigest({ ...domain, chainId: 1n }, statement),
      checkpointDigest(domain, { ...statement, stateRoot: ROOT }),
      checkpointDigest(domain, { ...statement, applied: 8 }),
      batchDigest(domain, batch()),
    ];
    for (const each of wrong) {
      await expect(settleBy(each, members.slice(0, 3))).to.be.revertedWithCustomError(
        settlement,
        "QuorumNotValidator",
      );
    }
    await settleBy(digest, members.slice(0, 3));
    expect(await settlement.settledCycle()).to.equal(1n);
  });
});
