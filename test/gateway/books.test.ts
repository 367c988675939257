/** After any sequence of operations, the bank's books say what the ledger says. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { isRefusal } from "../../protocol/refusal.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { until } from "../support/until.ts";
import { Bank, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";

const index = fc.nat({ max: 3 });
const amount = fc.bigInt(1n, 400n);
const act = fc.oneof(
  fc.record({ kind: fc.constant("deposit" as const), of: index, amount }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("load" as const), of: index, amount }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pay" as const),
      of: index,
      to: fc.nat({ max: 4 }),
      amount,
      elsewhere: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("redeem" as const),
      of: index,
      amount,
      elsewhere: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("restart" as const) }),
  fc.record({ kind: fc.constant("merge" as const) }),
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

describe("the books of a bank", () => {
  const folder = temporaryFolders();

  it("show what is on devices frozen, and what was paid to others, to the last unit [R-035, R-064, R-075]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 8, maxLength: 14 }), async (acts) => {
        await using bank = await Bank.open(await folder());
        bank.node.ledger.deposit(MEMBER, 3_000n);
        await bank.start();
        const accounts = ["a", "b", "c", "d"];
        const devices = await Promise.all(
          accounts.map((account) => TestDevice.enrolled(bank, account, 500n)),
        );
        const foreign = new TestDevice(bank, await bank.node.ledger.enrol("foreign", 2));
        for (const each of acts) await perform(bank, devices, foreign, accounts, each);
        await quiet(bank);
        await bank.restart();
        await agree(bank, devices, foreign);
      }),
      { numRuns: 6 },
    );
  });
});

async function perform(
  bank: Bank,
  devices: readonly TestDevice[],
  foreign: TestDevice,
  accounts: readonly string[],
  act: Act,
): Promise<void> {
  const record = async (device: TestDevice, to: TestDevice | "vault", sum: bigint) => {
    const coins = device.coins().slice(0, 16);
    const most = coins.reduce((total, { output }) => total + output.amount, 0n);
    if (most === 0n) return undefined;
    const value = sum < most ? sum : most;
    if (to === "vault") return device.redemption(value, coins);
    return device.pay(to.owner, value, coins, to === foreign ? 2 : MEMBER);
  };
  switch (act.kind) {
    case "deposit": {
      const body = { amount: String(act.amount), reference: randomBytes(8).toString("hex") };
      await bank.staff(`/v1/accounts/${accounts[act.of]}/deposits`, body);
      return;
    }
    case "load":
      try {
        await devices[act.of]!.load(act.amount);
      } catch (error) {
        if (!isRefusal(error, "insufficient-funds") && !isRefusal(error, "unavailable"))
          throw error;
      }
      return;
    case "pay":
    case "redeem": {
      const device = devices[act.of]!;
      const to = act.kind === "redeem" ? ("vault" as const) : (devices[act.to] ?? foreign);
      const made = await record(device, to, act.amount);
      if (made === undefined) return;
      if (act.elsewhere) bank.node.sequenceForeign([made.bytes]);
      else if (act.kind === "redeem") await device.ask({ kind: "redeem", record: made });
      else await device.ask({ kind: "submit", leaves: [made.bytes] });
      await until("it has applied", () =>
        made.inputs.every((input) => bank.node.ledger.state.coin(input) === undefined),
      );
      return;
    }
    case "restart":
      return bank.restart();
    case "merge":
      await bank.staff("/v1/vault/merge", {});
  }
}

function quiet(bank: Bank): Promise<void> {
  return until("nothing is under way", async () => {
    const { leaves, loads } = await bank.staff<{ leaves: number; loads: number }>("/v1/intake");
    const { spending } = await bank.staff<{ spending: number }>("/v1/vault");
    return leaves + loads + spending === 0;
  });
}

async function agree(
  bank: Bank,
  devices: readonly TestDevice[],
  foreign: TestDevice,
): Promise<void> {
  const outstanding = devices.reduce((sum, device) => sum + device.balance(), 0n);
  // Each by itself: a payment between two of them leaves their sum as it was.
  for (const [i, device] of devices.entries()) {
    await until("the books follow the ledger", async () => {
      const { onDevices } = await bank.balance(["a", "b", "c", "d"][i]!);
      return onDevices === String(device.balance());
    });
  }
  const books = await bank.staff<Record<string, string>>("/v1/books");
  expect(books).to.include({ held: "0", total: "0", settlement: String(foreign.balance()) });
  const { amount: vault } = await bank.staff<{ amount: string }>("/v1/vault");
  expect(BigInt(vault) + outstanding + foreign.balance()).to.equal(3_000n);
  expect(books["onDevices"]).to.equal(String(outstanding));
}
