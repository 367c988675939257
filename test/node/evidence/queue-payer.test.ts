/** Who has what waits for a bond paid, and when; the contract is played by a book of bonds. */
import assert from "node:assert/strict";
import type { BondEntry } from "../../../node/chain/disputes.ts";
import { type BondDesk, QueuePayer } from "../../../node/evidence/queue-payer.ts";
import { queueTurnOf } from "../../../node/evidence/turns.ts";
import { makeLogger } from "../../../node/service/telemetry.ts";
import type { MemberId } from "../../../protocol/output.ts";
import { plannedMember } from "../../support/network.ts";
import { until } from "../../support/until.ts";

const TURN_MS = 40;
/** What one transaction pays at the most, so that a long queue takes several. */
const AT_ONCE = 300n;

/** Bonds and what waits for them, paid as the contract does: debts first, fines behind them. */
class Desk implements BondDesk {
  readonly bonds = new Map<MemberId, { amount: bigint; queued: bigint; fines: bigint }>();
  readonly asked: MemberId[] = [];
  paid = 0;
  /** When it was asked first. */
  askedMs: number | undefined;
  isDown = false;
  looks = 0;
  changed: () => void = () => undefined;

  onChange(listener: () => void): void {
    this.changed = listener;
  }

  async bond(member: MemberId): Promise<BondEntry> {
    this.looks++;
    if (this.isDown) throw new Error("the chain is away");
    const bond = this.bonds.get(member) ?? { amount: 0n, queued: 0n, fines: 0n };
    return { member, ...bond, minimum: 0n, claimed: 0n, leaving: 0n, leavesAtS: 0 };
  }

  async payQueue(member: MemberId): Promise<boolean> {
    this.asked.push(member);
    this.askedMs ??= Date.now();
    const bond = this.bonds.get(member)!;
    const debts = least(bond.queued, bond.amount, AT_ONCE);
    const fines = bond.queued > debts ? 0n : least(bond.fines, bond.amount - debts);
    bond.amount -= debts + fines;
    bond.queued -= debts;
    bond.fines -= fines;
    if (debts + fines > 0n) this.paid++;
    return debts + fines > 0n;
  }
}

describe("the payer of queues", () => {
  const log: string[] = [];
  let desk: Desk;
  let payer: QueuePayer;

  beforeEach(() => {
    desk = new Desk();
    log.length = 0;
  });

  afterEach(() => payer.stop());

  function start(member: MemberId, active: readonly MemberId[] = [member]): void {
    const stream = { write: (line: string) => void log.push(line) };
    const members = [1, 2, 3, 4].map((id) => ({
      ...plannedMember(id),
      member: id,
      status: 1 as const,
    }));
    payer = new QueuePayer(
      {
        member,
        directory: { activeMembers: () => [...active], rows: { members, observers: [] } },
        desk,
        logger: makeLogger({ name: "payer", stream }),
      },
      { turnMs: TURN_MS },
    );
    payer.start();
  }

  const turns = (count: number) => new Promise((resolve) => setTimeout(resolve, count * TURN_MS));

  it("pays debts and leftover fines after a top-up, whatever they came from, and to the end [N-12, R-033]", async () => {
    const bond = { amount: 0n, queued: 700n, fines: 50n };
    desk.bonds.set(3, bond);
    start(1, [1, 2]);
    await until("it has been tried in vain", () => desk.asked.length > 0);
    await turns(4);
    assert.equal(desk.asked.length, 1, "nothing has changed, so nothing is tried again");
    bond.amount = 740n;
    await until("the queue is paid", () => bond.queued === 0n);
    assert.equal(desk.paid, 3, "as many as one transaction takes, three times");
    await until("the fines are paid as far as the bond reaches", () => bond.fines === 10n);
    bond.amount = 10n;
    await until("the rest of the fines is paid", () => bond.fines === 0n);
    assert.deepEqual(new Set(desk.asked), new Set([3]));
  });

  it("lets the bank go first whose bond it is, and the others in their turn", async () => {
    const active = [1, 2, 3, 4];
    assert.equal(queueTurnOf(2, active, 2), 0);
    const others = [1, 3, 4].map((member) => queueTurnOf(member, active, 2));
    assert.equal(new Set(others).size, 3);
    assert.ok(
      others.every((turn) => turn >= 1 && turn <= 4),
      others.join(),
    );
    const last = [1, 3, 4].find(
      (member) => queueTurnOf(member, active, 2) === Math.max(...others),
    )!;
    desk.bonds.set(2, { amount: 500n, queued: 500n, fines: 0n });
    const began = Date.now();
    start(last, active);
    await until("its turn has come", () => desk.paid > 0);
    assert.ok(desk.askedMs! - began >= Math.max(...others) * TURN_MS);
  });

  it("looks where nothing waits when it is told of a change, and once in a while besides", async () => {
    start(1);
    await until("it has looked", () => desk.looks === 4);
    await turns(4);
    assert.equal(desk.looks, 4, "nothing waits, and nothing was told");
    desk.bonds.set(3, { amount: 100n, queued: 100n, fines: 0n });
    desk.changed();
    await until("it is paid", () => desk.paid === 1);
    desk.bonds.set(4, { amount: 100n, queued: 100n, fines: 0n });
    await until("what was not told is found", () => desk.paid === 2);
  });

  it("goes on when the chain is back, and says once that it was away", async () => {
    desk.isDown = true;
    desk.bonds.set(1, { amount: 100n, queued: 100n, fines: 0n });
    start(1);
    const said = () => log.filter((line) => line.includes("could not be seen to"));
    await until("it has said so", () => said().length > 0);
    await turns(3);
    desk.isDown = false;
    await until("it is paid", () => desk.paid > 0);
    assert.equal(said().length, 1);
  });
});

function least(...amounts: readonly bigint[]): bigint {
  return amounts.reduce((a, b) => (a < b ? a : b));
}
