/** The identities: they hold after every event, and every variable that is one off is caught. */
import assert from "node:assert/strict";
import type { MemberId } from "../../../protocol/output.ts";
import type { Parameters, Window } from "../../../protocol/state-entry.ts";
import {
  type Accounting,
  checkIdentities,
  IdentityError,
} from "../../../node/ledger/identities.ts";
import { TestLedger } from "../../support/ledger.ts";
import { burn, pay, spend } from "../../support/ledger-parts.ts";

type Books = {
  parameters: Parameters;
  inflow: bigint;
  boundarySupply: bigint;
  readonly custody: Map<MemberId, bigint>;
  readonly reserves: Map<MemberId, bigint>;
  /** By cycle and member. */
  readonly windows: Map<string, Window>;
};

/** Two members, cycle 1 settled, cycles 2 to 4 not; money moved and was burnt in each. */
async function books(): Promise<Books> {
  const ledger = new TestLedger(1, 2);
  for (let cycle = 1; cycle <= 4; cycle++) {
    const { treasury } = ledger.bank(1);
    const vault = ledger.deposit(1, 100n);
    const outputs = [pay(ledger.bank(2).treasury, 2, 30n), burn(1, 20n), pay(treasury, 1, 50n)];
    ledger.apply(await spend({ signer: treasury, inputs: [vault], outputs }));
    if (cycle < 4) ledger.closeCycle();
  }
  ledger.settle();
  const { state } = ledger;
  const { parameters, inflow, boundarySupply } = state;
  const ids = state.memberIds();
  const windows = ids.flatMap((id) =>
    [2, 3, 4].map((cycle) => [`${cycle}/${id}`, state.window(cycle, id)] as const),
  );
  return {
    parameters,
    inflow,
    boundarySupply,
    custody: new Map(ids.map((id) => [id, state.custodyOf(id)])),
    reserves: new Map(ids.map((id) => [id, state.reserveOf(id)])),
    windows: new Map(windows),
  };
}

function accounting(of: Books): Accounting {
  return {
    ...of,
    memberIds: () => [...of.custody.keys()],
    window: (cycle, member) => of.windows.get(`${cycle}/${member}`) ?? { delta: 0n, burns: 0n },
    reserveOf: (member) => of.reserves.get(member)!,
    custodyOf: (member) => of.custody.get(member)!,
  };
}

/** Tampers with the books and says which identity fails. */
async function failing(tamper: (of: Books) => void): Promise<string> {
  const tampered = await books();
  checkIdentities(accounting(tampered));
  tamper(tampered);
  try {
    checkIdentities(accounting(tampered));
  } catch (error) {
    assert.ok(error instanceof IdentityError);
    assert.ok(error.message.startsWith(`identity ${error.identity} fails: `));
    return error.identity;
  }
  throw new assert.AssertionError({ message: "nothing was caught" });
}

const add = (rows: Map<MemberId, bigint>, member: MemberId, amount: bigint) =>
  rows.set(member, rows.get(member)! + amount);

function move(of: Books, cycle: number, member: MemberId, delta: bigint, burns = 0n): void {
  const window = of.windows.get(`${cycle}/${member}`)!;
  const changed = { delta: window.delta + delta, burns: window.burns + burns };
  of.windows.set(`${cycle}/${member}`, changed);
}

describe("the identities", () => {
  it("hold after every event, in the change and in the state, and give both sides [I1] [I2] [I3] [I4] [R-035]", async () => {
    // TestLedger checks them around each commit; here is what they say at the end.
    const sums = checkIdentities(accounting(await books()));
    assert.deepEqual(sums, { coinsAndBurns: 380n, reserves: 380n, supply: 320n });
  });

  for (const member of [1, 2]) {
    it(`catch custody of member ${member} that is one off, either way [I2]`, async () => {
      for (const amount of [1n, -1n]) {
        assert.equal(
          await failing(({ custody }) => add(custody, member, amount)),
          `I2 of member ${member}`,
        );
      }
    });

    it(`catch the reserve of member ${member} that is one off, either way [I2]`, async () => {
      for (const amount of [1n, -1n]) {
        assert.equal(
          await failing(({ reserves }) => add(reserves, member, amount)),
          `I2 of member ${member}`,
        );
      }
    });

    for (const cycle of [2, 3, 4]) {
      it(`catch transfers and burns of member ${member} in cycle ${cycle} that are one off [I2]`, async () => {
        const identity = `I2 of member ${member}`;
        assert.equal(await failing((of) => move(of, cycle, member, 1n)), identity);
        assert.equal(await failing((of) => move(of, cycle, member, 0n, 1n)), identity);
      });
    }
  }

  it("catch coins and transfers that grew alike, though each member's books balance [I1]", async () => {
    const identity = await failing((of) => {
      add(of.custody, 2, 1n);
      move(of, 3, 2, 1n);
    });
    assert.equal(identity, "I1");
  });

  it("catch transfers that moved from one cycle to another, naming the cycle [I3]", async () => {
    const identity = await failing((of) => {
      move(of, 2, 1, -1n);
      move(of, 3, 1, 1n);
    });
    assert.equal(identity, "I3 of cycle 2");
  });

  it("catch inflow and the supply at the boundary that are one off [I4]", async () => {
    assert.equal(await failing((of) => (of.inflow += 1n)), "I4");
    assert.equal(await failing((of) => (of.boundarySupply += 1n)), "I4");
  });

  it("catch money from nowhere that every other book agrees to [I4]", async () => {
    const identity = await failing((of) => {
      add(of.custody, 1, 1n);
      add(of.reserves, 1, 1n);
    });
    assert.equal(identity, "I4");
  });

  it("catch burns that moved to the open cycle from one that is closed [I4]", async () => {
    const identity = await failing((of) => {
      move(of, 3, 1, 0n, -1n);
      move(of, 4, 1, 0n, 1n);
    });
    assert.equal(identity, "I4");
  });

  it("catch a cycle that counts as settled and is not, or the reverse [I2] [I4]", async () => {
    const skip = (of: Books) => (of.parameters = { ...of.parameters, settledCycle: 2 });
    assert.equal(await failing(skip), "I2 of member 1");
    const open = (of: Books) => (of.parameters = { ...of.parameters, openCycle: 5 });
    assert.equal(await failing(open), "I4");
  });

  it("catch what is below zero, though all sums agree", async () => {
    const custody = await failing((of) => {
      add(of.custody, 1, -1000n);
      add(of.custody, 2, 1000n);
      move(of, 4, 1, -1000n);
      move(of, 4, 2, 1000n);
    });
    assert.equal(custody, "C_1 >= 0");
    const reserve = await failing((of) => {
      add(of.reserves, 2, -1000n);
      add(of.reserves, 1, 1000n);
      move(of, 4, 2, 1000n);
      move(of, 4, 1, -1000n);
    });
    assert.equal(reserve, "reserveOf[2] >= 0");
  });
});
