/** Upgrades: on a chain with history they keep the network's id, the money and the count of events. */
import { expect } from "chai";
import { roles } from "../../node/chain/abi.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { type Consortium, publicKey, sequence, settle } from "../../scripts/bench/consortium.ts";
import { apply, coinOf, device, proofOf, spend } from "../../scripts/bench/double-spends.ts";
import {
  batch,
  checkpoint,
  closeCycle,
  deposit,
  plain,
  ROOT,
  settleCycle,
  useConsortium,
} from "./support/deployment.ts";

const DELAY_S = 2;
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

function proxied(consortium: Consortium) {
  const { registry, registryAdmin, settlement, settlementAdmin, disputes, disputesAdmin } =
    consortium;
  const { auditLog, auditLogAdmin } = consortium;
  return {
    MemberRegistry: { contract: registry, admin: registryAdmin },
    Settlement: { contract: settlement, admin: settlementAdmin },
    Disputes: { contract: disputes, admin: disputesAdmin },
    AuditLog: { contract: auditLog, admin: auditLogAdmin },
  };
}

describe("an upgrade", () => {
  const load = useConsortium();

  /** A consortium that has lived: deposits, batches, a settled cycle and one that waits, an observer. */
  async function withHistory(): Promise<Consortium> {
    const consortium = await load();
    const { registry, members } = consortium;
    await deposit(consortium, 1, 1000n);
    await sequence(consortium, batch());
    await settleCycle(consortium, [
      { member: 1, delta: -400n, withdrawn: 100n },
      { member: 3, delta: 400n, withdrawn: 0n },
    ]);
    await registry.connect(members[0]!.operator).revoke([`0x${"11".repeat(20)}`]);
    await registry.admitObserver("Regulator", { id: "observer", addresses: [] });
    await registry.setGuarantee(2, 1n);
    await deposit(consortium, 2, 70n);
    await closeCycle(consortium);
    await dispute(consortium);
    await disclose(consortium);
    return consortium;
  }

  /** One double spend that was paid, one that waits, a bond that is to leave. */
  async function dispute(consortium: Consortium): Promise<void> {
    const { disputes, members } = consortium;
    const operator = disputes.connect(members[0]!.operator);
    await settle(consortium, await checkpoint(consortium));
    await operator.depositBond(1, 5000n);
    const proofs = [1, 2].map((member) => {
      const by = device(`upgrade ${member}`, member);
      const coin = coinOf(consortium, by, 1000n, member);
      const [winner, loser] = ["w", "l"].map((name) =>
        spend(consortium, { name, coins: [coin], by }),
      ) as [SignedRecord, SignedRecord];
      return { coin, winner, loser };
    });
    const applied = await apply(
      consortium,
      proofs.map(({ winner }) => winner),
    );
    await operator.report(proofOf(consortium, { ...proofs[0]!, applied }));
    await operator.report(proofOf(consortium, { ...proofs[1]!, applied }));
    await operator.requestRelease(7n);
    await closeCycle(consortium);
  }

  /** An opening that one of two holders approved. */
  async function disclose({ auditLog, regulator, members }: Consortium): Promise<void> {
    const holders = members.slice(0, 2).map(({ operator }) => operator);
    const accounts = holders.map(({ address }) => address);
    await auditLog.addEpoch(1, publicKey("audit"), ROOT, 2, accounts);
    const by = auditLog.connect(regulator);
    const until = Math.floor(Date.now() / 1000) + 300 * 24 * 60 * 60;
    await by.request(1, ROOT, ROOT, publicKey("requester"), until);
    await auditLog.connect(holders[0]!).approve(1);
  }

  /** All that the contracts can tell. */
  async function told({ registry, settlement, disputes, auditLog }: Consortium) {
    const members = [1, 2, 3, 4];
    return {
      networkId: await registry.networkId(),
      anchor: await registry.anchor(),
      seq: await registry.seq(),
      parameters: plain(await registry.parameters()),
      directory: plain(await registry.directory()),
      validators: plain(await registry.validators()),
      isWriter: await registry.isWriter(await settlement.getAddress()),
      isArbiter: await settlement.isArbiter(await disputes.getAddress()),
      separator: await settlement.domainSeparator(),
      accounts: await Promise.all(
        members.map(async (id) => [
          await settlement.reserveOf(id),
          await settlement.withdrawable(id),
          await settlement.batchesOf(id),
          plain(await settlement.bondOf(id)),
        ]),
      ),
      cycles: await Promise.all(
        [0, 1, 2, 3, 4].map(async (cycle) => plain(await settlement.getCycle(cycle))),
      ),
      bonds: await Promise.all(
        members.map(async (id) => [
          plain(await disputes.bondOf(id)),
          plain(await disputes.queueOf(id, 9)),
        ]),
      ),
      fines: await disputes.fines(),
      covered: await disputes.coveredOf(device("upgrade 1", 1).owner),
      settlement: await disputes.settlement(),
      epochs: [await auditLog.epochCount(), plain(await auditLog.getEpoch(1))],
      disclosures: [await auditLog.requestCount(), plain(await auditLog.getDisclosure(1))],
      heads: [
        await settlement.openCycle(),
        await settlement.settledCycle(),
        await settlement.owed(),
      ],
    };
  }

  for (const name of ["MemberRegistry", "Settlement", "Disputes", "AuditLog"] as const) {
    it(`of ${name} waits for its delay and changes nothing that the ledger rests on`, async () => {
      const consortium = await withHistory();
      const { accessManager, authority, registry, settlement, token, connection } = consortium;
      const { ethers, networkHelpers } = connection;
      const before = await told(consortium);
      const { contract, admin } = proxied(consortium)[name];
      const proxy = await contract.getAddress();
      const parts = {
        MemberRegistry: [],
        Settlement: [await registry.getAddress(), await token.getAddress()],
        Disputes: [await settlement.getAddress()],
        AuditLog: [],
      };
      const implementation = await ethers.deployContract(name, parts[name]);
      const next = await implementation.getAddress();

      await accessManager.grantRole(roles.AUTHORITY, authority.address, DELAY_S);
      const proxyAdmin = await ethers.getContractAt("ProxyAdmin", admin);
      const call = proxyAdmin.interface.encodeFunctionData("upgradeAndCall", [proxy, next, "0x"]);
      await expect(accessManager.execute(admin, call)).to.be.revertedWithCustomError(
        accessManager,
        "AccessManagerNotScheduled",
      );
      await accessManager.schedule(admin, call, 0);
      await networkHelpers.time.increase(DELAY_S);
      await accessManager.execute(admin, call);

      const slot = await ethers.provider.getStorage(proxy, IMPLEMENTATION_SLOT);
      expect(ethers.getAddress(`0x${slot.slice(-40)}`)).to.equal(next);
      expect(await told(consortium)).to.deep.equal(before);
      // And it goes on where it stood, by the same signatures.
      await sequence(consortium, batch({ number: 2 }));
      expect(await settlement.batchesOf(1)).to.equal(2n);
      expect(await registry.seq()).to.equal(before.seq + 1n);
      await settlement.connect(consortium.members[0]!.operator).withdraw();
      expect(await settlement.owed()).to.equal(before.heads[2]! - 100n);
      await consortium.disputes.connect(consortium.members[1]!.operator).depositBond(2, 1000n);
      await consortium.disputes.payQueue(2, 1);
      await consortium.auditLog.connect(consortium.members[1]!.operator).approve(1);
      expect(await consortium.auditLog.isGranted(1)).to.equal(true);
      expect(await settlement.reserveOf(2)).to.equal((before.accounts[1]![0] as bigint) + 1000n);
    });

    it(`of ${name} is refused to all but the authority, through the AccessManager`, async () => {
      const consortium = await load();
      const { accessManager, stranger, arbiter, authority, connection } = consortium;
      const { contract, admin } = proxied(consortium)[name];
      const proxy = await contract.getAddress();
      const proxyAdmin = await connection.ethers.getContractAt("ProxyAdmin", admin);
      expect(await proxyAdmin.owner()).to.equal(await accessManager.getAddress());
      const call = proxyAdmin.interface.encodeFunctionData("upgradeAndCall", [proxy, proxy, "0x"]);
      for (const account of [stranger, arbiter]) {
        await expect(
          accessManager.connect(account).execute(admin, call),
        ).to.be.revertedWithCustomError(accessManager, "AccessManagerUnauthorizedCall");
      }
      for (const account of [stranger, authority]) {
        await expect(proxyAdmin.connect(account).upgradeAndCall(proxy, proxy, "0x"))
          .to.be.revertedWithCustomError(proxyAdmin, "OwnableUnauthorizedAccount")
          .withArgs(account.address);
      }
    });
  }
});
