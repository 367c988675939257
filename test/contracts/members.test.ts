/** Admission and what the authority states about a member afterwards. */
import { expect } from "chai";
import {
  admissionOf,
  type Consortium,
  defaultParameters,
  keysOf,
  type MemberKeys,
  peerOf,
  profileOf,
  seed,
  START,
} from "../../scripts/bench/consortium.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { plain, useConsortium } from "./support/deployment.ts";

const ACTIVE = 1;
const SUSPENDED = 2;
const REMOVED = 3;

/** A member that is not admitted yet. */
function newcomer({ stranger }: Consortium, id = 5): MemberKeys {
  const validatorKey = seed(`validator ${id}`);
  return { id, operator: stranger, validatorKey, validator: validatorAddress(validatorKey) };
}

describe("the members in MemberRegistry", () => {
  const load = useConsortium();

  describe("admission", () => {
    it("keeps all that was stated, and is an event of the ledger", async () => {
      const consortium = await load();
      const { registry } = consortium;
      const admission = admissionOf(newcomer(consortium));
      const seq = (await registry.seq()) + 1n;
      await expect(registry.admit(5, admission))
        .to.emit(registry, "MemberChanged")
        .withArgs(seq, 5, ACTIVE, admission.keys.issuer, admission.keys.treasury);

      const validator = await checksummed(consortium, admission.keys.validator);
      const from = BigInt(await consortium.connection.networkHelpers.time.latest());
      expect(plain(await registry.getMember(5))).to.deep.equal({
        ...admission,
        id: 5n,
        status: BigInt(ACTIVE),
        keys: { ...admission.keys, validator },
        guarantee: { current: 0n, next: START.guarantee, from },
      });
      expect(await registry.guaranteeOf(5)).to.equal(START.guarantee);
      expect(await registry.memberCount()).to.equal(5n);
      expect(await registry.memberOf(admission.operator)).to.equal(5n);
      expect(await registry.validators()).to.include(
        await checksummed(consortium, admission.keys.validator),
      );
    });

    it("gives ids in order, so that a repeated call is refused", async () => {
      const consortium = await load();
      const { registry } = consortium;
      const admission = admissionOf(newcomer(consortium));
      for (const id of [0, 4, 6]) {
        await expect(registry.admit(id, admission))
          .to.be.revertedWithCustomError(registry, "MemberRegistryNotNext")
          .withArgs(id, 5);
      }
      expect(await registry.memberCount()).to.equal(4n);
    });

    it("refuses names and codes of other lengths", async () => {
      const consortium = await load();
      const { registry } = consortium;
      const admission = admissionOf(newcomer(consortium));
      const wrong = [
        ["name", 0, { name: "" }],
        ["name", 33, { name: "n".repeat(33) }],
        ["bic", 0, { bic: "" }],
        ["bic", 9, { bic: "TALLYS015" }],
        ["lei", 19, { lei: "1".repeat(19) }],
        ["lei", 21, { lei: "1".repeat(21) }],
      ] as const;
      for (const [field, length, change] of wrong) {
        const profile = { ...admission.profile, ...change };
        await expect(registry.admit(5, { ...admission, profile }), field)
          .to.be.revertedWithCustomError(registry, "MemberRegistryInvalidLength")
          .withArgs(field, length);
      }
      const profile = { ...admission.profile, name: "n".repeat(32), bic: "TALLYS05XXX" };
      await registry.admit(5, { ...admission, profile });
      expect((await registry.getMember(5)).profile.bic).to.equal("TALLYS05XXX");
    });

    it("refuses the operator of another member, and no operator", async () => {
      const consortium = await load();
      const { registry, members } = consortium;
      const admission = admissionOf(newcomer(consortium));
      const taken = members[1]!.operator.address;
      await expect(registry.admit(5, { ...admission, operator: taken }))
        .to.be.revertedWithCustomError(registry, "MemberRegistryOperatorTaken")
        .withArgs(taken, 2);
      const operator = `0x${"00".repeat(20)}`;
      await expect(registry.admit(5, { ...admission, operator }))
        .to.be.revertedWithCustomError(registry, "MemberRegistryZeroAddress")
        .withArgs("operator");
    });

    it("refuses more members than a checkpoint has room for", async () => {
      const consortium = await load();
      const { registry, connection } = consortium;
      const admission = admissionOf(newcomer(consortium));
      await fillMembers(consortium, 256);
      expect(await registry.memberCount()).to.equal(256n);
      await expect(registry.admit(257, admission))
        .to.be.revertedWithCustomError(registry, "MemberRegistryFull")
        .withArgs(256);
      // The last that fits is admitted.
      await fillMembers(consortium, 3);
      await registry.admit(4, {
        ...admission,
        profile: profileOf(4),
        peer: peerOf("the last"),
        operator: connection.ethers.Wallet.createRandom().address,
      });
    });
  });

  describe("status", () => {
    it("goes from active to suspended and back, each time as an event of the ledger", async () => {
      const consortium = await load();
      const { registry, members } = consortium;
      const validator = await checksummed(consortium, members[1]!.validator);
      const { issuer, treasury } = keysOf(2, members[1]!.validator);
      for (const status of [SUSPENDED, ACTIVE]) {
        const seq = (await registry.seq()) + 1n;
        await expect(registry.setStatus(2, status))
          .to.emit(registry, "MemberChanged")
          .withArgs(seq, 2, status, issuer, treasury);
        expect(await registry.statusOf(2)).to.equal(BigInt(status));
        expect((await registry.validators()).includes(validator)).to.equal(status === ACTIVE);
      }
    });

    it("of a removed member stays removed, and its row remains", async () => {
      const { registry, members } = await load();
      await registry.setStatus(2, REMOVED);
      for (const status of [ACTIVE, SUSPENDED, REMOVED]) {
        await expect(registry.setStatus(2, status))
          .to.be.revertedWithCustomError(registry, "MemberRegistryStatusRefused")
          .withArgs(2, REMOVED, status);
      }
      expect(await registry.validators()).to.have.length(3);
      expect(await registry.memberCount()).to.equal(4n);
      expect(await registry.memberOf(members[1]!.operator.address)).to.equal(2n);
    });

    it("is never none, and never set to what it is", async () => {
      const { registry } = await load();
      for (const status of [0, ACTIVE]) {
        await expect(registry.setStatus(2, status))
          .to.be.revertedWithCustomError(registry, "MemberRegistryStatusRefused")
          .withArgs(2, ACTIVE, status);
      }
      expect(await registry.statusOf(2)).to.equal(BigInt(ACTIVE));
    });
  });

  it("passes a member to another operator, and takes the old one's word away", async () => {
    const { registry, members, stranger } = await load();
    const old = members[1]!.operator;
    await expect(registry.setOperator(2, stranger.address))
      .to.emit(registry, "OperatorChanged")
      .withArgs(2, stranger.address);
    expect(await registry.memberOf(old.address)).to.equal(0n);
    await registry.connect(stranger).setPeer(peerOf("taken over"));
    await expect(registry.connect(old).setPeer(peerOf("lost")))
      .to.be.revertedWithCustomError(registry, "MemberRegistryNotOperator")
      .withArgs(old.address);
    // Free again, the account may speak for another.
    await registry.setOperator(3, old.address);
    expect(await registry.memberOf(old.address)).to.equal(3n);
  });

  it("refuses to pass a member to another's operator", async () => {
    const { registry, members } = await load();
    const taken = members[2]!.operator.address;
    await expect(registry.setOperator(2, taken))
      .to.be.revertedWithCustomError(registry, "MemberRegistryOperatorTaken")
      .withArgs(taken, 3);
    expect(await registry.memberOf(members[1]!.operator.address)).to.equal(2n);
  });

  it("knows a member by another name from then on", async () => {
    const { registry } = await load();
    const profile = { ...profileOf(2), name: "Merged Bank" };
    await expect(registry.setProfile(2, profile)).to.emit(registry, "ProfileChanged").withArgs(2);
    expect(plain((await registry.getMember(2)).profile)).to.deep.equal(profile);
    await expect(registry.setProfile(2, { ...profile, lei: "" }))
      .to.be.revertedWithCustomError(registry, "MemberRegistryInvalidLength")
      .withArgs("lei", 0);
  });

  it("grants a quota [R-060]", async () => {
    const { registry } = await load();
    await expect(registry.setQuota(2, 7n)).to.emit(registry, "QuotaChanged").withArgs(2, 7n);
    expect(await registry.quotaOf(2)).to.equal(7n);
  });

  describe("the guarantee", () => {
    it("is raised at once", async () => {
      const { registry, connection } = await load();
      const more = START.guarantee + 1n;
      const from = (await connection.networkHelpers.time.latest()) + 1;
      await connection.networkHelpers.time.setNextBlockTimestamp(from);
      await expect(registry.setGuarantee(2, more))
        .to.emit(registry, "GuaranteeChanged")
        .withArgs(2, more, from);
      expect(await registry.guaranteeOf(2)).to.equal(more);
    });

    it("is lowered after the last second of a claim period", async () => {
      const { registry, connection } = await load();
      const { time } = connection.networkHelpers;
      await registry.setGuarantee(2, 1n);
      const from = BigInt(await time.latest()) + BigInt(defaultParameters.claimPeriod) + 1n;
      expect(plain((await registry.getMember(2)).guarantee)).to.deep.equal({
        current: START.guarantee,
        next: 1n,
        from,
      });
      await time.increaseTo(from - 1n);
      expect(await registry.guaranteeOf(2)).to.equal(START.guarantee);
      await time.increaseTo(from);
      expect(await registry.guaranteeOf(2)).to.equal(1n);
    });

    it("is not lowered sooner by stating a lower one twice", async () => {
      const { registry, connection } = await load();
      const { time } = connection.networkHelpers;
      await registry.setGuarantee(2, 1n);
      await time.increase(defaultParameters.claimPeriod / 2);
      await registry.setGuarantee(2, 2n);
      await time.increase(defaultParameters.claimPeriod / 2 + 1);
      expect(await registry.guaranteeOf(2)).to.equal(START.guarantee);
      await time.increase(defaultParameters.claimPeriod / 2 + 1);
      expect(await registry.guaranteeOf(2)).to.equal(2n);
    });
  });

  it("refuses to change what it does not know", async () => {
    const { registry, members, stranger, arbiter } = await load();
    const keys = keysOf(9, members[0]!.validator);
    await registry.setWriter(arbiter.address, true);
    const calls = [
      () => registry.setStatus(9, SUSPENDED),
      () => registry.setOperator(9, stranger.address),
      () => registry.setProfile(9, profileOf(9)),
      () => registry.setQuota(9, 1n),
      () => registry.setGuarantee(9, 1n),
      () => registry.replaceKeys(9, keys),
      () => registry.replacePeer(9, peerOf("nobody")),
      () => registry.connect(arbiter).revokeFor(9, `0x${"11".repeat(20)}`),
      () => registry.getMember(9),
    ];
    for (const call of calls) {
      await expect(call())
        .to.be.revertedWithCustomError(registry, "MemberRegistryUnknownMember")
        .withArgs(9);
    }
    expect(await registry.statusOf(9)).to.equal(0n);
  });

  it("tells a node all it needs in one call", async () => {
    const { registry } = await load();
    await registry.admitObserver("Regulator", peerOf("observer"));
    await registry.setStatus(3, REMOVED);
    const [members, observers] = await registry.directory();
    expect(members.map(({ id }) => id)).to.deep.equal([1n, 2n, 3n, 4n]);
    for (const member of members) {
      expect(plain(member)).to.deep.equal(plain(await registry.getMember(member.id)));
    }
    expect(observers.map(plain)).to.deep.equal([{ name: "Regulator", peer: peerOf("observer") }]);
  });
});

async function checksummed({ connection }: Consortium, address: string): Promise<string> {
  return connection.ethers.getAddress(address);
}

/** Makes the registry believe that it has admitted `count` members, by the slot that says so. */
async function fillMembers({ registry, connection }: Consortium, count: number): Promise<void> {
  const { ethers, networkHelpers } = connection;
  const address = await registry.getAddress();
  const HEAD_SLOT = 3;
  const head = BigInt(await ethers.provider.getStorage(address, HEAD_SLOT));
  const cleared = head & ~(0xffffn << 64n);
  await networkHelpers.setStorageAt(address, HEAD_SLOT, cleared | (BigInt(count) << 64n));
}
