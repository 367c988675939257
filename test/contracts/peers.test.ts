/** Where members and observers are reached: who may say so, and that no peer is two institutions. */
import { expect } from "chai";
import { admissionOf, type Consortium, peerOf, seed } from "../../scripts/bench/consortium.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { plain, useConsortium } from "./support/deployment.ts";

type Peer = ReturnType<typeof peerOf>;

const SUSPENDED = 2;

describe("the peers in MemberRegistry", () => {
  const load = useConsortium();

  it("are changed by the member itself, and by the authority", async () => {
    const { registry, members } = await load();
    const { operator } = members[1]!;
    await expect(registry.connect(operator).setPeer(peerOf("moved")))
      .to.emit(registry, "PeerChanged")
      .withArgs(2);
    expect(plain((await registry.getMember(2)).peer)).to.deep.equal(peerOf("moved"));
    await expect(registry.replacePeer(2, peerOf("moved again")))
      .to.emit(registry, "PeerChanged")
      .withArgs(2);
    expect(plain((await registry.getMember(2)).peer)).to.deep.equal(peerOf("moved again"));
  });

  it("keep their id while their addresses change, and may have none", async () => {
    const { registry, members } = await load();
    const peer = { id: "peer-2", addresses: [] };
    await registry.connect(members[1]!.operator).setPeer(peer);
    expect(plain((await registry.getMember(2)).peer)).to.deep.equal(peer);
  });

  it("are not changed by a suspended member, nor by a stranger", async () => {
    const { registry, members, stranger } = await load();
    await registry.setStatus(2, SUSPENDED);
    await expect(registry.connect(members[1]!.operator).setPeer(peerOf("moved")))
      .to.be.revertedWithCustomError(registry, "MemberRegistryNotActive")
      .withArgs(2, SUSPENDED);
    await expect(registry.connect(stranger).setPeer(peerOf("moved")))
      .to.be.revertedWithCustomError(registry, "MemberRegistryNotOperator")
      .withArgs(stranger.address);
    await registry.replacePeer(2, peerOf("by the authority"));
    expect((await registry.getMember(2)).peer.id).to.equal("by the authority");
  });

  /** Every way by which a peer comes in. */
  const doors = {
    "a member's operator": ({ registry, members }: Consortium, peer: Peer) =>
      registry.connect(members[1]!.operator).setPeer(peer),
    "the authority for a member": ({ registry }: Consortium, peer: Peer) =>
      registry.replacePeer(2, peer),
    "the admission of a member": ({ registry, stranger }: Consortium, peer: Peer) => {
      const validator = validatorAddress(seed("newcomer"));
      const newcomer = admissionOf({ id: 5, operator: stranger, validator });
      return registry.admit(5, { ...newcomer, peer });
    },
    "the admission of an observer": ({ registry }: Consortium, peer: Peer) =>
      registry.admitObserver("Auditor", peer),
  };
  for (const [door, bring] of Object.entries(doors)) {
    it(`are refused from ${door} if they are taken`, async () => {
      const consortium = await load();
      const { registry } = consortium;
      await registry.admitObserver("Regulator", peerOf("observer"));
      for (const id of ["peer-1", "observer"]) {
        await expect(bring(consortium, peerOf(id)))
          .to.be.revertedWithCustomError(registry, "MemberRegistryPeerTaken")
          .withArgs(id);
      }
    });

    it(`are refused from ${door} outside their bounds, and taken at them`, async () => {
      const consortium = await load();
      const { registry } = consortium;
      const wrong = [
        ["peer id", 0, { id: "" }],
        ["peer id", 129, { id: "p".repeat(129) }],
        ["addresses", 9, { addresses: Array.from({ length: 9 }, () => "/ip4/10.0.0.1") }],
        ["address", 0, { addresses: ["/ip4/10.0.0.1", ""] }],
        ["address", 257, { addresses: ["a".repeat(257)] }],
      ] as const;
      for (const [field, length, change] of wrong) {
        const peer = { ...peerOf("new"), ...change } as Peer;
        await expect(bring(consortium, peer))
          .to.be.revertedWithCustomError(registry, "MemberRegistryInvalidLength")
          .withArgs(field, length);
      }
      const largest = {
        id: "p".repeat(128),
        addresses: Array.from({ length: 8 }, () => "a".repeat(256)),
      };
      await bring(consortium, largest);
      const [members, observers] = await registry.directory();
      const known = [...members, ...observers].map(({ peer }) => plain(peer));
      expect(known).to.deep.include(largest);
    });
  }

  it("are free for others once they are given up", async () => {
    const { registry } = await load();
    await registry.replacePeer(2, peerOf("moved"));
    await registry.replacePeer(3, peerOf("peer-2"));
    await registry.admitObserver("Regulator", peerOf("observer"));
    await registry.removeObserver("observer");
    await registry.replacePeer(4, peerOf("observer"));
    expect((await registry.getMember(4)).peer.id).to.equal("observer");
  });
});

describe("the observers in MemberRegistry", () => {
  const load = useConsortium();

  it("come and go by the authority's word, without a vote [R-082]", async () => {
    const { registry } = await load();
    const validators = await registry.validators();
    for (const name of ["first", "second", "third"]) {
      await expect(registry.admitObserver(name, peerOf(name)))
        .to.emit(registry, "ObserverAdmitted")
        .withArgs(name);
    }
    await expect(registry.removeObserver("first"))
      .to.emit(registry, "ObserverRemoved")
      .withArgs("first");
    const [, observers] = await registry.directory();
    expect(observers.map(({ name }) => name)).to.have.members(["second", "third"]);
    expect(await registry.validators()).to.deep.equal(validators);
  });

  it("are named in 1 to 32 bytes", async () => {
    const { registry } = await load();
    for (const length of [0, 33]) {
      await expect(registry.admitObserver("n".repeat(length), peerOf("observer")))
        .to.be.revertedWithCustomError(registry, "MemberRegistryInvalidLength")
        .withArgs("name", length);
    }
  });

  it("cannot be removed twice, nor a member as an observer", async () => {
    const { registry } = await load();
    await registry.admitObserver("Regulator", peerOf("observer"));
    await registry.removeObserver("observer");
    for (const id of ["observer", "peer-1"]) {
      await expect(registry.removeObserver(id))
        .to.be.revertedWithCustomError(registry, "MemberRegistryUnknownObserver")
        .withArgs(id);
    }
  });

  it("are at most 64, as each costs every node a connection", async () => {
    const { registry } = await load();
    for (let i = 0; i < 64; i++) await registry.admitObserver("Auditor", peerOf(`auditor-${i}`));
    await expect(registry.admitObserver("Auditor", peerOf("one more")))
      .to.be.revertedWithCustomError(registry, "MemberRegistryFull")
      .withArgs(64);
  });
});
