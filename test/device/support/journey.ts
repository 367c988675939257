/**
 * What two devices do together, message by message, cut off and taken up again: at each write of either
 * purse, kept or not, and after each message. Taken up again, a request that was shown stays as it is, and
 * everything else is asked of the purses again and must be the same bytes.
 */
import { expect } from "chai";
import { MemoryPurseStore, type PurseStore } from "../../../device/purse-store.ts";
import { rememberingVerifier } from "../conformance/support/remembering.ts";
import { Bodies } from "./bodies.ts";
import { CutStore, isCut } from "./cut-store.ts";
import { type Device, World } from "./world.ts";

export type Side = "payer" | "payee";

/** Where the power goes: at a write of one side, counted from now, or after a message. */
export type Cut =
  | { readonly kind: "write"; readonly side: Side; readonly at: number; readonly isKept: boolean }
  | { readonly kind: "message"; readonly after: number };

export type Devices = Readonly<Record<Side, Device>>;

export type Step = {
  /** The next message, or the end of an exchange. @param shown all messages before it. */
  make(devices: Devices, shown: readonly Uint8Array[]): Promise<Uint8Array | undefined>;
  /** A request that was shown is not made anew. */
  readonly isRequest?: boolean;
  /** Of an answer that is not kept, so many bytes are the same each time. */
  readonly comparedBytes?: number | undefined;
};

export type Scenario = {
  readonly name: string;
  /** What the devices do before the journey. @returns messages that the steps need. */
  prepare?(world: World, devices: Devices): Promise<readonly Uint8Array[]>;
  readonly steps: readonly Step[];
  /** What payer and payee have when it was not cut off for good, before any sync. */
  readonly met: readonly [bigint, bigint];
  /** What they may have once both have synced, wherever it was cut off for good. */
  readonly settled: readonly (readonly [bigint, bigint])[];
};

/** Two devices about to set out: a world that many journeys start from. */
export class Start {
  readonly scenario: Scenario;
  readonly world: World;
  readonly bodies: Bodies;
  readonly #devices: Devices;
  readonly #before: readonly Uint8Array[];

  private constructor(
    scenario: Scenario,
    world: World,
    bodies: Bodies,
    devices: Devices,
    before: readonly Uint8Array[],
  ) {
    this.scenario = scenario;
    this.world = world;
    this.bodies = bodies;
    this.#devices = devices;
    this.#before = before;
  }

  static async of(scenario: Scenario): Promise<Start> {
    const world = new World();
    const bodies = new Bodies();
    world.signerOf = (name) => bodies.signerOf(name);
    // What the journeys begin with is checked in each of them.
    world.verifier = rememberingVerifier(world.verifier);
    const devices = {
      payer: await world.device("payer", { coins: [100n] }),
      payee: await world.device("payee", { member: 2, coins: [50n] }),
    };
    const before = (await scenario.prepare?.(world, devices)) ?? [];
    return new Start(scenario, world, bodies, devices, before);
  }

  /** The two with what their stores have now, in stores of their own. */
  async journey(): Promise<Journey> {
    this.bodies.forget();
    const stores = {
      payer: new CutStore(await copyOf(this.#devices.payer.store)),
      payee: new CutStore(await copyOf(this.#devices.payee.store)),
    };
    const device = async (side: Side): Promise<Device> => {
      const { name, member } = this.#devices[side];
      const purse = await this.world.open(name, member, stores[side]);
      return { ...this.#devices[side], store: stores[side], purse };
    };
    const devices = { payer: await device("payer"), payee: await device("payee") };
    return new Journey(this.world, this.scenario.steps, devices, stores, this.#before);
  }

  /** Every place where the journey can be cut off, in a journey that nothing else happens to. */
  async cuts(): Promise<Cut[]> {
    const whole = await this.journey();
    await whole.run();
    const cuts: Cut[] = [];
    for (const side of ["payer", "payee"] as const) {
      for (let at = 1; at <= whole.writes(side); at++) {
        for (const isKept of [false, true]) cuts.push({ kind: "write", side, at, isKept });
      }
    }
    const { steps } = this.scenario;
    steps.forEach((_, after) => cuts.push({ kind: "message", after }));
    return cuts;
  }
}

export class Journey {
  readonly devices: Devices;
  readonly #world: World;
  readonly #steps: readonly Step[];
  readonly #stores: Readonly<Record<Side, CutStore>>;
  /** The messages so far: those of before, then one for each step. */
  readonly #shown: Uint8Array[];
  readonly #first: number;

  constructor(
    world: World,
    steps: readonly Step[],
    devices: Devices,
    stores: Readonly<Record<Side, CutStore>>,
    before: readonly Uint8Array[],
  ) {
    this.#world = world;
    this.#steps = steps;
    this.devices = devices;
    this.#stores = stores;
    this.#shown = [...before];
    this.#first = before.length;
  }

  writes(side: Side): number {
    return this.#stores[side].writes;
  }

  /** Goes through all steps, or to the cut. @returns whether it was cut off. */
  async run(cut?: Cut): Promise<boolean> {
    if (cut?.kind === "write") {
      const store = this.#stores[cut.side];
      store.cut = { at: store.writes + cut.at, isKept: cut.isKept };
    }
    try {
      for (const [i, step] of this.#steps.entries()) {
        await this.#take(this.#first + i, step);
        if (cut?.kind === "message" && cut.after === i) return true;
      }
      return false;
    } catch (error) {
      if (!isCut(error)) throw error;
      return true;
    }
  }

  /** The power is back. */
  async reopen(): Promise<void> {
    for (const side of ["payer", "payee"] as const) {
      this.#stores[side].cut = undefined;
      await this.#world.reopen(this.devices[side]);
    }
  }

  async #take(i: number, step: Step): Promise<void> {
    const before = this.#shown[i];
    if (before !== undefined && step.isRequest === true) return;
    const message = await step.make(this.devices, this.#shown);
    if (message === undefined) return;
    if (before !== undefined) {
      const compared = (bytes: Uint8Array) => bytes.subarray(0, step.comparedBytes);
      expect(compared(message), `message ${i}`).to.deep.equal(compared(before));
    }
    this.#shown[i] = message;
  }
}

async function copyOf(store: PurseStore): Promise<PurseStore> {
  const copy = new MemoryPurseStore();
  await copy.write([...(await store.rows())].map(([key, value]) => ({ key, value })));
  return copy;
}
