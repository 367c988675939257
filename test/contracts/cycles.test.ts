/** Cycles: when one may be closed, and what a checkpoint moves. */
import { expect } from "chai";
import type { Checkpoint, Position } from "../../protocol/checkpoint.ts";
import { defaultParameters, settle } from "../../scripts/bench/consortium.ts";
import {
  checkpoint,
  closeCycle,
  deposit,
  settleCycle,
  useConsortium,
} from "./support/deployment.ts";

const SUSPENDED = 2;

describe("Settlement.closeCycle", () => {
  const load = useConsortium();

  it("marks the boundary on the log and opens the next cycle", async () => {
    const { settlement, registry, members, connection } = await load();
    const { time } = connection.networkHelpers;
    const at = (await time.latest()) + defaultParameters.minCycle;
    await time.setNextBlockTimestamp(at);
    const seq = (await registry.seq()) + 1n;
    await expect(settlement.connect(members[2]!.operator).closeCycle())
      .to.emit(settlement, "CycleClosed")
      .withArgs(seq, 1);
    expect(await settlement.openCycle()).to.equal(2n);
    const { boundary, closedAt, settledAt } = await settlement.getCycle(1);
    expect([boundary, closedAt, settledAt]).to.deep.equal([seq, BigInt(at), 0n]);
  });

  it("waits for the shortest cycle, from the set-up and from the last, to the second", async () => {
    const consortium = await load();
    const { settlement, registry, members, connection } = consortium;
    const { time } = connection.networkHelpers;
    await registry.setParameters({ ...defaultParameters, minCycle: 900 });
    const close = () => settlement.connect(members[0]!.operator).closeCycle();
    for (const cycle of [0, 1]) {
      const closableAt = (await settlement.getCycle(cycle)).closedAt + 900n;
      await time.setNextBlockTimestamp(closableAt - 1n);
      await expect(close())
        .to.be.revertedWithCustomError(settlement, "SettlementCycleTooShort")
        .withArgs(closableAt);
      await time.setNextBlockTimestamp(closableAt);
      await close();
    }
    expect(await settlement.openCycle()).to.equal(3n);
  });

  it("is for operators of active members", async () => {
    const { settlement, registry, members, authority, stranger, connection } = await load();
    await connection.networkHelpers.time.increase(2);
    for (const account of [authority, stranger]) {
      await expect(settlement.connect(account).closeCycle())
        .to.be.revertedWithCustomError(settlement, "SettlementNotOperator")
        .withArgs(account.address);
    }
    await registry.setStatus(2, SUSPENDED);
    await expect(settlement.connect(members[1]!.operator).closeCycle())
      .to.be.revertedWithCustomError(settlement, "SettlementNotActive")
      .withArgs(2, SUSPENDED);
    expect(await settlement.openCycle()).to.equal(1n);
  });

  it("lets at most 8 cycles wait to be settled", async () => {
    const consortium = await load();
    const { settlement } = consortium;
    for (let cycle = 1; cycle <= 8; cycle++) await closeCycle(consortium);
    await expect(closeCycle(consortium))
      .to.be.revertedWithCustomError(settlement, "SettlementTooManyUnsettled")
      .withArgs(8);
    await settle(consortium, await checkpoint(consortium));
    await closeCycle(consortium);
    expect([await settlement.openCycle(), await settlement.settledCycle()]).to.deep.equal([
      10n,
      1n,
    ]);
  });
});

describe("Settlement.settle", () => {
  const load = useConsortium();

  /** Members 1 and 2 with 1,000 each, and one closed cycle. */
  async function closed() {
    const consortium = await load();
    await deposit(consortium, 1, 1000n);
    await deposit(consortium, 2, 1000n);
    await closeCycle(consortium);
    return consortium;
  }

  it("moves reserves as the members' positions say, and keeps what the cycle left [R-080]", async () => {
    const consortium = await closed();
    const { settlement, registry, connection } = consortium;
    const { time } = connection.networkHelpers;
    const statement = await checkpoint(consortium, [
      { member: 1, delta: -250n, withdrawn: 0n },
      { member: 2, delta: 100n, withdrawn: 300n },
      { member: 4, delta: 150n, withdrawn: 0n },
    ]);
    const at = (await time.latest()) + 5;
    await time.setNextBlockTimestamp(at);
    const seq = (await registry.seq()) + 1n;
    await expect(settle(consortium, statement)).to.emit(settlement, "Settled").withArgs(seq, 1);

    const reserves = await Promise.all(
      [1, 2, 3, 4].map(async (member) => await settlement.reserveOf(member)),
    );
    expect(reserves).to.deep.equal([750n, 800n, 0n, 150n]);
    expect(await settlement.withdrawable(2)).to.equal(300n);
    expect(await settlement.owed()).to.equal(2000n);
    expect(await settlement.settledCycle()).to.equal(1n);
    const cycle = await settlement.getCycle(1);
    expect([cycle.settledAt, cycle.applied, cycle.inflow, cycle.supply]).to.deep.equal([
      BigInt(at),
      7n,
      2000n,
      1700n,
    ]);
    expect([cycle.appliedRoot, cycle.stateRoot]).to.deep.equal([
      statement.appliedRoot,
      statement.stateRoot,
    ]);
  });

  it("settles a cycle in which nothing moved", async () => {
    const consortium = await closed();
    await settle(consortium, await checkpoint(consortium));
    expect((await consortium.settlement.getCycle(1)).supply).to.equal(2000n);
  });

  it("leaves a member's last unit to be moved, and adds to what it may withdraw already", async () => {
    const consortium = await closed();
    const { settlement } = consortium;
    await settle(
      consortium,
      await checkpoint(consortium, [{ member: 1, delta: 0n, withdrawn: 400n }]),
    );
    await settleCycle(consortium, [
      { member: 1, delta: -500n, withdrawn: 100n },
      { member: 2, delta: 500n, withdrawn: 0n },
    ]);
    expect([await settlement.reserveOf(1), await settlement.withdrawable(1)]).to.deep.equal([
      0n,
      500n,
    ]);
  });

  it("takes cycles in their order, each once", async () => {
    const consortium = await closed();
    const { settlement } = consortium;
    await closeCycle(consortium);
    for (const number of [0, 2, 3]) {
      await expect(settle(consortium, await checkpoint(consortium, [], { number })))
        .to.be.revertedWithCustomError(settlement, "SettlementCheckpointNotNext")
        .withArgs(number, 1);
    }
    const first = await checkpoint(consortium);
    await settle(consortium, first);
    await expect(settle(consortium, first))
      .to.be.revertedWithCustomError(settlement, "SettlementCheckpointNotNext")
      .withArgs(1, 2);
    await settle(consortium, await checkpoint(consortium));
    expect(await settlement.settledCycle()).to.equal(2n);
  });

  it("keeps deposits after the boundary for the next cycle", async () => {
    const consortium = await closed();
    const { settlement } = consortium;
    await deposit(consortium, 3, 50n);
    await settle(consortium, await checkpoint(consortium));
    expect((await settlement.getCycle(1)).supply).to.equal(2000n);
    await settleCycle(consortium, []);
    expect((await settlement.getCycle(2)).supply).to.equal(2050n);
  });

  it("refuses a cycle that is still open", async () => {
    const consortium = await load();
    const { settlement } = consortium;
    await expect(settle(consortium, await checkpoint(consortium)))
      .to.be.revertedWithCustomError(settlement, "SettlementCycleOpen")
      .withArgs(1);
  });

  it("refuses a state at another event than the boundary", async () => {
    const consortium = await closed();
    const { settlement } = consortium;
    const { seq } = await checkpoint(consortium);
    for (const other of [seq - 1, seq + 1]) {
      await expect(settle(consortium, await checkpoint(consortium, [], { seq: other })))
        .to.be.revertedWithCustomError(settlement, "SettlementBoundaryMismatch")
        .withArgs(other, seq);
    }
  });

  /** Positions that are refused even if a quorum signs them, with the refusal. */
  const refusals: readonly (readonly [
    title: string,
    positions: readonly Position[],
    error: string,
    values: readonly unknown[],
    fields?: Partial<Checkpoint>,
  ])[] = [
    [
      "members that do not ascend",
      [position(2, -1n), position(1, 1n)],
      "SettlementPositionsNotAscending",
      [2, 1],
    ],
    [
      "a member twice",
      [position(1, -1n), position(1, 1n)],
      "SettlementPositionsNotAscending",
      [1, 1],
    ],
    ["member 0", [position(0, 0n, 1n)], "SettlementPositionsNotAscending", [0, 0]],
    [
      "a member that does not exist",
      [position(1, -1n), position(5, 1n)],
      "SettlementUnknownMember",
      [5],
    ],
    ["a row that moves nothing", [position(1, 0n)], "SettlementPositionEmpty", [1]],
    [
      "a member left with less than nothing by what it lost [N-15]",
      [position(1, -1001n), position(2, 1001n)],
      "SettlementSumOutOfRange",
      [1, -1],
    ],
    [
      "a member left with less than nothing by what it burnt [N-15]",
      [position(3, 0n, 1n)],
      "SettlementSumOutOfRange",
      [3, -1],
      { supply: 1999n },
    ],
    [
      "gains that nobody lost [I3]",
      [position(1, -5n), position(2, 6n)],
      "SettlementDeltaNotZero",
      [1],
    ],
    [
      "losses that nobody gained [I3]",
      [position(1, -5n), position(2, 4n)],
      "SettlementDeltaNotZero",
      [-1],
    ],
    ["coins from nothing [I4]", [], "SettlementSupplyMismatch", [2001, 2000], { supply: 2001n }],
    [
      "coins that vanish [I4]",
      [position(1, 0n, 100n)],
      "SettlementSupplyMismatch",
      [1899, 1900],
      { supply: 1899n },
    ],
    [
      "burns that the supply does not show [I4]",
      [position(1, 0n, 100n)],
      "SettlementSupplyMismatch",
      [2000, 1900],
      { supply: 2000n },
    ],
  ];
  for (const [title, positions, error, values, fields] of refusals) {
    it(`refuses ${title}, even if a quorum signs`, async () => {
      const consortium = await closed();
      const { settlement } = consortium;
      await expect(settle(consortium, await checkpoint(consortium, positions, fields)))
        .to.be.revertedWithCustomError(settlement, error)
        .withArgs(...values);
      expect(await settlement.settledCycle()).to.equal(0n);
      expect(await settlement.reserveOf(1)).to.equal(1000n);
    });
  }

  it("refuses the greatest numbers a position can carry", async () => {
    const consortium = await closed();
    const { settlement } = consortium;
    const greatest = 2n ** 127n - 1n;
    const positions = [position(1, -greatest), position(2, greatest)];
    await expect(settle(consortium, await checkpoint(consortium, positions)))
      .to.be.revertedWithCustomError(settlement, "SettlementSumOutOfRange")
      .withArgs(1, 1000n - greatest);
    const burn = [position(1, 0n, 2n ** 128n - 1n)];
    await expect(settle(consortium, await checkpoint(consortium, burn, { supply: 0n })))
      .to.be.revertedWithCustomError(settlement, "SettlementSumOutOfRange")
      .withArgs(1, 1001n - 2n ** 128n);
  });

  it("refuses to leave a member with more than can be counted", async () => {
    const consortium = await closed();
    const { settlement } = consortium;
    const most = 2n ** 80n - 1n;
    const gained = [position(1, most - 1000n), position(2, 1000n - most)];
    await expect(settle(consortium, await checkpoint(consortium, gained)))
      .to.be.revertedWithCustomError(settlement, "SettlementSumOutOfRange")
      .withArgs(2, 2000n - most);
    const beyond = [position(1, most - 999n), position(2, 999n - most)];
    await expect(settle(consortium, await checkpoint(consortium, beyond)))
      .to.be.revertedWithCustomError(settlement, "SettlementSumOutOfRange")
      .withArgs(1, most + 1n);
  });
});

function position(member: number, delta: bigint, withdrawn = 0n): Position {
  return { member, delta, withdrawn };
}
