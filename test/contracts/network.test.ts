/** What opens a network and numbers its events: the id, the parameters, the counter. */
import { expect } from "chai";
import { fromHex } from "../../protocol/bytes.ts";
import { networkIdOf } from "../../protocol/message.ts";
import { defaultParameters, sequence } from "../../scripts/bench/consortium.ts";
import { batch, closeCycle, deposit, plain, useConsortium } from "./support/deployment.ts";

describe("the network in MemberRegistry", () => {
  const load = useConsortium();

  it("takes its id from the chain, the registry's proxy and the block before", async () => {
    const { registry, domain, connection } = await load();
    const { ethers } = connection;
    const opened = await registry.queryFilter(registry.filters.Protocol());
    const block = await ethers.provider.getBlock(opened[0]!.blockNumber - 1);
    const address = fromHex((await registry.getAddress()).toLowerCase());
    expect(await registry.anchor()).to.equal(block!.hash);
    expect(await registry.networkId()).to.equal(
      networkIdOf(domain.chainId, address, fromHex(block!.hash!)),
    );
  });

  it("opens its log with Protocol as event 1", async () => {
    const { registry } = await load();
    const [opened] = await registry.queryFilter(registry.filters.Protocol());
    expect(opened!.args.seq).to.equal(1n);
    expect(opened!.args.version).to.equal(1n);
    expect(opened!.args.reclaimDelay).to.equal(BigInt(defaultParameters.reclaimDelay));
  });

  it("refuses to be opened twice, and an implementation to be opened at all", async () => {
    const { registry, settlement, accessManager, connection } = await load();
    const manager = await accessManager.getAddress();
    const bareRegistry = await connection.ethers.deployContract("MemberRegistry");
    const bareSettlement = await connection.ethers.deployContract("Settlement", [
      await registry.getAddress(),
      await settlement.token(),
    ]);
    for (const each of [registry, bareRegistry]) {
      await expect(each.initialize(manager, defaultParameters)).to.be.revertedWithCustomError(
        each,
        "InvalidInitialization",
      );
    }
    for (const each of [settlement, bareSettlement]) {
      await expect(each.initialize(manager)).to.be.revertedWithCustomError(
        each,
        "InvalidInitialization",
      );
    }
  });

  describe("the parameters", () => {
    it("are what they were set to, and each change is an event of the ledger", async () => {
      const { registry } = await load();
      const parameters = {
        ...defaultParameters,
        version: 2,
        minCycle: 900,
        reclaimDelay: 2_000_000,
      };
      const seq = (await registry.seq()) + 1n;
      await expect(registry.setParameters(parameters))
        .to.emit(registry, "Protocol")
        .withArgs(seq, 2, 2_000_000);
      expect(plain(await registry.parameters())).to.deep.equal(
        Object.fromEntries(
          Object.entries(parameters).map(([name, value]) => [name, BigInt(value)]),
        ),
      );
      expect(await registry.seq()).to.equal(seq);
    });

    it("refuse version 0", async () => {
      const { registry } = await load();
      await expect(
        registry.setParameters({ ...defaultParameters, version: 0 }),
      ).to.be.revertedWithCustomError(registry, "MemberRegistryVersionZero");
    });

    it("refuse a reclaim delay that does not outlast receipts", async () => {
      const { registry } = await load();
      const { receiptLife } = defaultParameters;
      await expect(registry.setParameters({ ...defaultParameters, reclaimDelay: receiptLife }))
        .to.be.revertedWithCustomError(registry, "MemberRegistryReclaimDelayTooShort")
        .withArgs(receiptLife, receiptLife);
    });

    it("refuse to serve batches for less long than they may be disputed", async () => {
      const { registry } = await load();
      const { claimPeriod } = defaultParameters;
      await expect(registry.setParameters({ ...defaultParameters, retention: claimPeriod - 1 }))
        .to.be.revertedWithCustomError(registry, "MemberRegistryRetentionTooShort")
        .withArgs(claimPeriod - 1, claimPeriod);
    });
  });

  describe("the counter", () => {
    it("numbers the events of both contracts without a gap, in the order of the logs", async () => {
      const consortium = await load();
      const { registry, settlement, members, arbiter, connection } = consortium;
      await deposit(consortium, 1, 500n);
      await sequence(consortium, batch());
      await registry.connect(members[0]!.operator).revoke([`0x${"11".repeat(20)}`]);
      await closeCycle(consortium);
      await settlement.connect(arbiter).fillBond(1, 6n);
      await settlement.connect(arbiter).fillBond(2, 4n);
      const owner = `0x${"22".repeat(20)}`;
      const id = `0x${"33".repeat(32)}`;
      const coin = { id, loser: id, owner, member: 2, amount: 4n, index: 0 };
      await settlement.connect(arbiter).restitute(coin, 0n, true);
      await settlement.connect(arbiter).award(1, owner, 2, 6n);
      await registry.setStatus(4, 2);

      const addresses = [await registry.getAddress(), await settlement.getAddress()];
      const logs = await connection.ethers.provider.getLogs({ address: addresses, fromBlock: 0 });
      const seqs = logs.flatMap((log) => {
        const { interface: known } = log.address === addresses[0] ? registry : settlement;
        const parsed = known.parseLog(log);
        return parsed?.fragment.inputs[0]?.name === "seq" ? [Number(parsed.args["seq"])] : [];
      });
      expect(seqs).to.deep.equal(Array.from({ length: seqs.length }, (_, i) => i + 1));
      expect(seqs.length).to.equal(Number(await registry.seq()));
    });

    it("gives no place to a contract that is not a writer, whatever its roles", async () => {
      const { registry, authority, stranger } = await load();
      for (const account of [authority, stranger]) {
        await expect(registry.connect(account).draw())
          .to.be.revertedWithCustomError(registry, "MemberRegistryNotWriter")
          .withArgs(account.address);
      }
    });

    it("lets writers in and out", async () => {
      const consortium = await load();
      const { registry, settlement, stranger } = consortium;
      const address = await settlement.getAddress();
      expect(await registry.isWriter(address)).to.equal(true);
      await expect(registry.setWriter(address, false))
        .to.emit(registry, "WriterChanged")
        .withArgs(address, false);
      await expect(sequence(consortium, batch()))
        .to.be.revertedWithCustomError(registry, "MemberRegistryNotWriter")
        .withArgs(address);

      await registry.setWriter(stranger.address, true);
      const seq = await registry.seq();
      const [drawn, members] = await registry.connect(stranger).draw.staticCall();
      expect([drawn, members]).to.deep.equal([seq + 1n, 4n]);
      await registry.connect(stranger).draw();
      expect(await registry.seq()).to.equal(seq + 1n);
    });
  });
});
