/** The keys of members, how they are replaced, and the devices that members revoke. */
import { expect } from "chai";
import type { Result } from "ethers";
import { admissionOf, type Consortium, keysOf, seed } from "../../scripts/bench/consortium.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { plain, useConsortium } from "./support/deployment.ts";

type Keys = ReturnType<typeof keysOf>;

/** The slot of the mapping that counts treasury keys. */
const TREASURIES_SLOT = 11;
const ACTIVE = 1;
const SUSPENDED = 2;
const REMOVED = 3;
const freshValidator = validatorAddress(seed("a fresh validator"));
const OWNERS = [`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`];

describe("the keys in MemberRegistry", () => {
  const load = useConsortium();

  /** Both ways to replace keys: by the member's own operator, and by the authority. */
  const ways = {
    "by the member's operator": ({ registry, members }: Consortium, keys: Keys) =>
      registry.connect(members[1]!.operator).rotateKeys(keys),
    "by the authority": ({ registry }: Consortium, keys: Keys) => registry.replaceKeys(2, keys),
  };
  for (const [way, replace] of Object.entries(ways)) {
    describe(`replaced ${way}`, () => {
      it("are the member's from then on, as an event of the ledger [N-23]", async () => {
        const consortium = await load();
        const { registry, members, connection } = consortium;
        const keys = keysOf(2, freshValidator, 1);
        const seq = (await registry.seq()) + 1n;
        await expect(replace(consortium, keys))
          .to.emit(registry, "MemberChanged")
          .withArgs(seq, 2, ACTIVE, keys.issuer, keys.treasury);
        expect(await keysKept(consortium)).to.deep.equal({
          ...keys,
          validator: connection.ethers.getAddress(freshValidator),
        });
        const validators = (await registry.validators()).map((each) => each.toLowerCase());
        expect(validators).to.include(freshValidator);
        expect(validators).not.to.include(members[1]!.validator);
        expect(validators).to.deep.equal([...validators].sort());
      });

      it("refuse what is not a point of P-256", async () => {
        const consortium = await load();
        const { registry } = consortium;
        const good = keysOf(2, freshValidator, 1);
        const uncompressedForm = `0x04${good.issuer.slice(4)}` as Hex;
        // No y belongs to x = 1. An x of the field's size or more is no element of it.
        const offCurve = `0x02${"1".padStart(64, "0")}` as Hex;
        const beyond = `0x02${"ff".repeat(32)}` as Hex;
        for (const field of ["issuer", "treasury", "intake"] as const) {
          const bad: readonly Hex[] = [
            "0x",
            good[field].slice(0, -2) as Hex,
            `${good[field]}00`,
            uncompressedForm,
            offCurve,
            beyond,
          ];
          for (const key of bad) {
            await expect(replace(consortium, { ...good, [field]: key }), `${field} ${key}`)
              .to.be.revertedWithCustomError(registry, "MemberRegistryInvalidKey")
              .withArgs(field, key);
          }
        }
      });

      it("refuse a validator that another member has or had, or none", async () => {
        const consortium = await load();
        const { registry, members, connection } = consortium;
        const taken = members[2]!.validator;
        const attempt = () => replace(consortium, keysOf(2, taken, 1));
        const refused = async () =>
          await expect(attempt())
            .to.be.revertedWithCustomError(registry, "MemberRegistryValidatorTaken")
            .withArgs(connection.ethers.getAddress(taken), 3);
        await refused();
        await registry.replaceKeys(3, keysOf(3, freshValidator, 1));
        await refused();
        await expect(replace(consortium, keysOf(2, `0x${"00".repeat(20)}`, 1)))
          .to.be.revertedWithCustomError(registry, "MemberRegistryZeroAddress")
          .withArgs("validator");
      });

      it("refuse a treasury key that another member has or had", async () => {
        const consortium = await load();
        const { registry, members } = consortium;
        const third = keysOf(3, members[2]!.validator);
        const keys = { ...keysOf(2, members[1]!.validator), treasury: third.treasury };
        const refused = async () =>
          await expect(replace(consortium, keys))
            .to.be.revertedWithCustomError(registry, "MemberRegistryTreasuryTaken")
            .withArgs(third.treasury, 3);
        await refused();
        await registry.replaceKeys(3, keysOf(3, members[2]!.validator, 1));
        await refused();
      });

      it("may be the member's own of before", async () => {
        const consortium = await load();
        const { members } = consortium;
        const first = keysOf(2, members[1]!.validator);
        await replace(consortium, keysOf(2, freshValidator, 1));
        await replace(consortium, first);
        expect((await keysKept(consortium)).treasury).to.equal(first.treasury);
      });
    });
  }

  it("are refused on admission as on replacement", async () => {
    const { registry, stranger, members } = await load();
    const newcomer = admissionOf({ id: 5, operator: stranger, validator: freshValidator });
    const others = keysOf(1, members[0]!.validator);
    const wrong = [
      [{ validator: others.validator }, "MemberRegistryValidatorTaken"],
      [{ treasury: others.treasury }, "MemberRegistryTreasuryTaken"],
      [{ intake: "0x" }, "MemberRegistryInvalidKey"],
    ] as const;
    for (const [change, error] of wrong) {
      const keys = { ...newcomer.keys, ...change };
      await expect(registry.admit(5, { ...newcomer, keys })).to.be.revertedWithCustomError(
        registry,
        error,
      );
    }
    expect(await registry.memberCount()).to.equal(4n);
  });

  it("are a member's to rotate only while it is active, and the authority's always", async () => {
    const consortium = await load();
    const { registry, members, stranger } = consortium;
    const keys = keysOf(2, freshValidator, 1);
    const { operator } = members[1]!;
    for (const status of [SUSPENDED, REMOVED]) {
      await registry.setStatus(2, status);
      await expect(registry.connect(operator).rotateKeys(keys))
        .to.be.revertedWithCustomError(registry, "MemberRegistryNotActive")
        .withArgs(2, status);
    }
    await registry.replaceKeys(2, keys);
    expect((await keysKept(consortium)).treasury).to.equal(keys.treasury);
    expect(await registry.validators()).to.have.length(3);

    await expect(registry.connect(stranger).rotateKeys(keys))
      .to.be.revertedWithCustomError(registry, "MemberRegistryNotOperator")
      .withArgs(stranger.address);
  });

  it("end after 256 treasuries, so that no member can fill every node's state", async () => {
    const { registry, members, connection } = await load();
    const { ethers, networkHelpers } = connection;
    const address = await registry.getAddress();
    const key = ethers.AbiCoder.defaultAbiCoder().encode(
      ["uint16", "uint256"],
      [2, TREASURIES_SLOT],
    );
    const slot = ethers.keccak256(key);
    expect(Number(await ethers.provider.getStorage(address, slot))).to.equal(1);
    await networkHelpers.setStorageAt(address, slot, 255);
    const rotate = (generation: number) =>
      registry
        .connect(members[1]!.operator)
        .rotateKeys(keysOf(2, members[1]!.validator, generation));
    await rotate(1);
    await expect(rotate(2))
      .to.be.revertedWithCustomError(registry, "MemberRegistryTreasuriesExhausted")
      .withArgs(2, 256);
    // Those it had already stay good.
    await rotate(0);
  });
});

describe("revocation in MemberRegistry", () => {
  const load = useConsortium();

  it("writes an event of the ledger for each key, with the block's time", async () => {
    const { registry, members, connection } = await load();
    const { time } = connection.networkHelpers;
    const at = (await time.latest()) + 10;
    await time.setNextBlockTimestamp(at);
    const seq = await registry.seq();
    const revoked = registry.connect(members[1]!.operator).revoke(OWNERS);
    for (const [i, owner] of OWNERS.entries()) {
      await expect(revoked)
        .to.emit(registry, "Revoked")
        .withArgs(seq + BigInt(i) + 1n, 2, owner, at);
    }
    expect(await registry.seq()).to.equal(seq + 2n);
  });

  it("is open to members of any status: devices of a bank that failed must stop too", async () => {
    const { registry, members } = await load();
    await registry.setStatus(2, REMOVED);
    await expect(registry.connect(members[1]!.operator).revoke([OWNERS[0]!])).to.emit(
      registry,
      "Revoked",
    );
  });

  it("is refused to whoever speaks for no member, the authority included", async () => {
    const { registry, authority, stranger } = await load();
    const seq = await registry.seq();
    for (const account of [authority, stranger]) {
      await expect(registry.connect(account).revoke(OWNERS))
        .to.be.revertedWithCustomError(registry, "MemberRegistryNotOperator")
        .withArgs(account.address);
    }
    expect(await registry.seq()).to.equal(seq);
  });

  it("is for a contract that writes the log to do in a member's name", async () => {
    const { registry, arbiter, authority } = await load();
    for (const account of [arbiter, authority]) {
      await expect(registry.connect(account).revokeFor(3, OWNERS[0]!))
        .to.be.revertedWithCustomError(registry, "MemberRegistryNotWriter")
        .withArgs(account.address);
    }
    const seq = await registry.seq();
    await registry.setWriter(arbiter.address, true);
    await expect(registry.connect(arbiter).revokeFor(3, OWNERS[0]!)).to.emit(registry, "Revoked");
    const [revoked] = await registry.queryFilter(registry.filters.Revoked(seq + 1n));
    expect([revoked!.args.member, revoked!.args.owner]).to.deep.equal([3n, OWNERS[0]]);
  });
});

/** The keys of member 2. Read by name: a field called `keys` hides behind the method of that name. */
async function keysKept({ registry }: Consortium): Promise<Keys> {
  return plain(((await registry.getMember(2)) as unknown as Result).getValue("keys")) as Keys;
}
