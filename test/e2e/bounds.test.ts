/** What the formats allow at the most goes the whole path: handed in, endorsed, sequenced, folded, settled. */
import assert from "node:assert/strict";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { limits } from "../../protocol/limits.ts";
import { checkAgreement } from "../support/agreement.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { until } from "../support/until.ts";

const PATIENCE_MS = 120_000;
const U64_MAX = 2n ** 64n - 1n;
const amounts = [1n, 2n ** 53n, U64_MAX] as const;

describe("the largest there is", function () {
  this.timeout(240_000);
  let consortium: Consortium;
  const device = NodeSigner.generate();
  const other = NodeSigner.generate();

  before(async () => {
    consortium = await Consortium.open(4, { quota: 2n ** 80n, reserve: 2n ** 70n });
    await consortium.startAll();
    const enrolments = [await consortium.enrol(device, 1), await consortium.enrol(other, 2)];
    await consortium.untilApplied(enrolments, PATIENCE_MS);
  });

  after(async () => {
    await consortium[Symbol.asyncDispose]();
  });

  /** Hands records in and waits until they are applied and settled on all nodes. */
  async function settle(records: readonly SignedRecord[]): Promise<void> {
    await consortium.client(1).submit(records.map(({ bytes }) => bytes));
    const ids = records.map((record) => consortium.idOf(record));
    for (let at = 0; at < ids.length; at += limits.askedMax) {
      const asked = ids.slice(at, at + limits.askedMax);
      await consortium.untilApplied(asked, PATIENCE_MS);
      for (const member of consortium.nodes.keys()) {
        const areSettled = async () =>
          (await consortium.client(member).statuses(asked)).every(
            ({ settled }) => settled === true,
          );
        await until(`node ${member} has settled them`, areSettled, PATIENCE_MS);
      }
    }
    const clients = [...consortium.nodes.keys()].map((member) => consortium.client(member));
    await checkAgreement(clients, PATIENCE_MS);
  }

  /** A deposit of `amount`, given to the device. */
  async function load(amount: bigint): Promise<{ record: SignedRecord; coin: HeldCoin }> {
    const vault = await consortium.deposit(1, amount);
    const record = await consortium.spend(
      consortium.treasury(1),
      [vault],
      [payTo(device, 1, amount)],
    );
    return { record, coin: consortium.coinsOf(record)[0]! };
  }

  for (const amount of amounts) {
    it(`settles a payment of ${amount} from one bank to another, to the last unit`, async () => {
      const before = await custody();
      const { record, coin } = await load(amount);
      const payment = await consortium.spend(device, [coin], [payTo(other, 2, amount)]);
      await settle([record, payment]);
      assert.equal((await custody()) - before, amount);
    });
  }

  it("settles a record of 16 inputs and 16 outputs whose sums no 64 bits hold [R5]", async () => {
    const loads = [await load(U64_MAX), await load(U64_MAX)];
    const rest = await load(14n);
    const small = await consortium.spend(
      device,
      [rest.coin],
      Array.from({ length: 14 }, () => payTo(device, 1, 1n)),
    );
    const inputs = [...loads.map(({ coin }) => coin), ...consortium.coinsOf(small)];
    assert.equal(inputs.length, limits.inputsMax);
    const total = 2n * U64_MAX + 14n;
    const share = total / 16n;
    const outputs = Array.from({ length: 16 }, (_, i) =>
      payTo(device, 1, i === 0 ? total - 15n * share : share),
    );
    const merged = await consortium.spend(device, inputs, outputs);
    await settle([...loads, rest].map(({ record }) => record).concat(small, merged));
  });

  it("settles 4,096 records that came together in one batch, each the child of the one before [R-027]", async () => {
    const { record, coin } = await load(1_000n);
    await settle([record]);
    const chain: SignedRecord[] = [];
    let last = coin;
    for (let i = 0; i < limits.batchLeavesMax; i++) {
      chain.push(await consortium.spend(device, [last], [last.output]));
      last = consortium.coinsOf(chain.at(-1)!)[0]!;
    }
    const { seq } = await consortium.client(1).status();
    // The last first: the order is the node's to find.
    await settle(chain.toReversed());
    const sizes: number[] = [];
    for await (const event of consortium.client(1).events(seq, AbortSignal.timeout(10_000))) {
      if (event.kind === "sequenced") sizes.push(event.applied.length);
      if (event.kind === "settled") break;
    }
    assert.deepEqual(sizes, [limits.batchLeavesMax]);
  });

  /** What member 2 holds in custody. */
  async function custody(): Promise<bigint> {
    const members = await consortium.client(3).members();
    return BigInt(members.find(({ member }) => member === 2)!.custody);
  }
});
