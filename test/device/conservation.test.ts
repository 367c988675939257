/**
 * Purses that pay each other offline in any order, lose messages, crash and sync when they like: the
 * money there is stays the money that was loaded, and in the end every purse has what the ledger says.
 */
import { expect } from "chai";
import fc from "fast-check";
import { MemoryPurseStore } from "../../device/purse-store.ts";
import { sync } from "../../device/sync.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { CutStore, isCut } from "./support/cut-store.ts";
import { TestGateway } from "./support/gateway.ts";
import { type Device, total, World } from "./support/world.ts";

const DEVICES = 5;
const LOADS = [[60n, 40n], [100n], [], [5n, 10n, 20n, 50n], []] as const;
const LOADED = LOADS.flat().reduce((sum, amount) => sum + amount, 0n);

type Step =
  | {
      readonly kind: "pay";
      readonly from: number;
      readonly by: number;
      readonly amount: bigint;
      readonly lost: number;
    }
  | {
      readonly kind: "crash";
      readonly at: number;
      readonly write: number;
      readonly isKept: boolean;
    }
  | { readonly kind: "sync"; readonly who: number }
  | { readonly kind: "sequence" }
  | { readonly kind: "time"; readonly hours: number };

const who = fc.nat(DEVICES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("pay" as const),
      from: who,
      /** How many devices further on. */
      by: fc.integer({ min: 1, max: DEVICES - 1 }),
      amount: fc.bigInt(1n, 20n),
      // The message that is lost, 4 for none.
      lost: fc.constantFrom(2, 3, 4, 4, 4, 4, 4),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      at: who,
      write: fc.integer({ min: 1, max: 3 }),
      isKept: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sync" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sequence" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("time" as const),
      hours: fc.integer({ min: 1, max: 20 }),
    }),
  },
);

describe("a network of purses", () => {
  it("conserves money, whatever happens in whatever order [R-034, R-035, N-07]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
        const network = await Network.start();
        for (const each of steps) await network.take(each);
        await network.settle();
      }),
      { numRuns: 20 },
    );
  });
});

class Network {
  readonly #world = new World();
  readonly #gateways = new Map<number, TestGateway>();
  readonly #devices: { readonly device: Device; readonly store: CutStore }[] = [];

  static async start(): Promise<Network> {
    const network = new Network();
    const world = network.#world;
    for (const [i, coins] of LOADS.entries()) {
      const store = new CutStore(new MemoryPurseStore());
      const member = 1 + (i % 2);
      const certificate = { maxDepth: i === 4 ? 0 : 3, maxBalance: 200n };
      const device = await world.device(`device ${i}`, { member, coins, store, certificate });
      network.#devices.push({ device, store });
    }
    const names = network.#devices.map(({ device }) => device.name);
    for (const member of [1, 2])
      network.#gateways.set(member, new TestGateway(world, member, names));
    return network;
  }

  /** A step may be refused, or cut off; nothing else may go wrong. */
  async take(next: Step): Promise<void> {
    try {
      await this.#try(next);
    } catch (error) {
      if (!isRefusal(error) && !isCut(error)) throw error;
    }
    for (const { device, store } of this.#devices) {
      if (store.cut === undefined || store.writes < store.cut.at) continue;
      store.cut = undefined;
      await this.#world.reopen(device);
    }
    // What is free, waiting or on its way is never more than there is.
    const held = this.#devices.map(({ device }) => total(device.purse));
    const sum = held.reduce((all, amount) => all + amount, 0n);
    expect(sum <= LOADED, `${held.join(" + ")} is more than ${LOADED}`).to.equal(true);
  }

  /** Everyone syncs until the ledger has everything. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      for (const { device, store } of this.#devices) {
        store.cut = undefined;
        await this.#world.reopen(device);
        await sync(device.purse, this.#gateways.get(device.member)!);
      }
      for (let i = 0; i < 40; i++)
        for (const gateway of this.#gateways.values()) gateway.sequence();
    }
    let sum = 0n;
    for (const { device } of this.#devices) {
      expect(device.purse.pending(), device.name).to.deep.equal([]);
      expect(total(device.purse), device.name).to.equal(this.#world.onLedger(device));
      sum += total(device.purse);
    }
    expect(sum).to.equal(LOADED);
    for (const { refused } of this.#gateways.values()) expect([...refused]).to.deep.equal([]);
  }

  async #try(next: Step): Promise<void> {
    switch (next.kind) {
      case "pay":
        return this.#pay(
          this.#devices[next.from]!.device,
          this.#devices[(next.from + next.by) % DEVICES]!.device,
          next,
        );
      case "crash": {
        const { store } = this.#devices[next.at]!;
        store.cut = { at: store.writes + next.write, isKept: next.isKept };
        return;
      }
      case "sync": {
        const { device } = this.#devices[next.who]!;
        await sync(device.purse, this.#gateways.get(device.member)!);
        return;
      }
      case "sequence":
        for (const gateway of this.#gateways.values()) gateway.sequence();
        return;
      case "time":
        this.#world.pass(next.hours * 3_600_000);
    }
  }

  async #pay(
    from: Device,
    to: Device,
    { amount, lost }: { amount: bigint; lost: number },
  ): Promise<void> {
    const request = await to.purse.request(amount);
    const payment = await from.purse.pay(request);
    if (lost === 2) return;
    const { confirmation } = await to.purse.receive(payment);
    if (lost === 3) return;
    await from.purse.confirm(confirmation.bytes);
  }
}
