/**
 * A device on the bench in this process, rows in memory: what it had kept is there when its power comes back.
 * Its key and its randomness follow from a seed, so that two devices that do the same say the same.
 */
import { p256 } from "@noble/curves/nist.js";
import type { Adapter, Bench, Settings } from "../../../../device/adapter/adapter.ts";
import type { CutPower } from "../../../../device/adapter/driven.ts";
import {
  type Command,
  type CommandName,
  formatCommand,
  type Given,
  parseReply,
  type Reply,
} from "../../../../device/conformance/command.ts";
import type { NamedKey, Seed } from "../../../../device/conformance/seed.ts";
import { BrokenOff, type Channel } from "../../../../device/conformance/subject.ts";
import type { PurseParts } from "../../../../device/holder.ts";
import { MemoryPurseStore, type PurseStore } from "../../../../device/purse-store.ts";
import type { Random } from "../../../../protocol/random.ts";
import type { Signer, Verifier } from "../../../../protocol/signature.ts";

/** Puts a device on the bench. */
export type MakeAdapter = (bench: Bench<PurseParts>, cutPower: CutPower) => Adapter;

/** Another part of a device, as of each time that it is opened. */
export type Fit = (parts: PurseParts) => PurseParts;

class PowerCut extends Error {}

const cutPower: CutPower = () => Promise.reject(new PowerCut());

export class MemoryChannel implements Channel {
  readonly #makeAdapter: MakeAdapter;
  readonly #bench: Bench<PurseParts>;
  #adapter: Adapter | undefined;
  #id = 0;

  constructor(
    makeAdapter: MakeAdapter,
    seed: Seed,
    verifier: Verifier,
    fit: Fit = (parts) => parts,
  ) {
    this.#makeAdapter = makeAdapter;
    this.#bench = memoryBench(seed, verifier, fit);
  }

  async ask<N extends CommandName>(
    name: N,
    given: Given<N>,
    cutAt?: number,
  ): Promise<Reply<N> | undefined> {
    this.#adapter ??= this.#makeAdapter(this.#bench, cutPower);
    const command = { id: ++this.#id, name, given, cutAt } as unknown as Command;
    try {
      const line = await this.#adapter.handle(formatCommand(command));
      return parseReply(command.id, name, line);
    } catch (error) {
      await this.restart();
      if (isPowerCut(error)) return undefined;
      throw new BrokenOff(`the device ended at ${name}: ${(error as Error).message}`);
    }
  }

  async restart(): Promise<void> {
    this.#adapter = undefined;
  }

  close(): Promise<void> {
    return this.restart();
  }
}

function memoryBench(seed: Seed, verifier: Verifier, fit: Fit): Bench<PurseParts> {
  let made: { settings: Settings; signer: Signer; store: PurseStore; random: Random } | undefined;
  const open = async () => {
    if (made === undefined) return undefined;
    const { settings, ...own } = made;
    const place = () => settings.place;
    return fit({ ...settings, ...own, place, class: "software", verifier, clock: Date.now });
  };
  return {
    name: "a purse in memory",
    version: "0",
    class: "software",
    async make(settings) {
      const signer = varying(seed.key("the device"), seed.random("signatures of the device"));
      const random = seed.random("the device");
      made = { settings, signer, store: new MemoryPurseStore(), random };
      return (await open())!;
    },
    open,
  };
}

/** As chips do, it never signs the same twice in the same way. */
function varying({ publicKey, privateKey }: NamedKey, random: Random): Signer {
  return {
    publicKey,
    sign: async (message) =>
      p256.sign(message, privateKey, { lowS: true, prehash: true, extraEntropy: random(32) }),
  };
}

/** Said by the bench, or by a purse whose store it was. */
function isPowerCut(error: unknown): boolean {
  return error instanceof Error && (error instanceof PowerCut || isPowerCut(error.cause));
}
