/** The chain as the model of Disputes sees it: what was applied, what settled and when, what members guarantee. */
import type { Hex } from "../../../protocol/bytes.ts";
import { defaultParameters, START } from "../../../scripts/bench/consortium.ts";
import type { Chain } from "../../simulation/disputes.ts";
import { Guarantees } from "../../simulation/guarantees.ts";
import type { EventBody } from "../../support/ledger.ts";
import type { World } from "./disputes-world.ts";

export class ChainFacts implements Chain {
  timeS: number;
  readonly #world: World;
  readonly #settledAtS: Map<number, number>;
  readonly #guarantees = new Guarantees(defaultParameters.claimPeriod, START.guarantee);

  constructor(world: World, settledAtS: ReadonlyMap<number, number>, timeS: number) {
    this.#world = world;
    this.#settledAtS = new Map(settledAtS);
    this.timeS = timeS;
  }

  settledAtS(cycle: number): number | undefined {
    return this.#settledAtS.get(cycle);
  }

  isApplied(record: Hex, cycle: number): boolean {
    return this.#world.applied.get(cycle)?.has(record) ?? false;
  }

  isVault(member: number, owner: Hex): boolean {
    return this.#world.isVault(member, owner);
  }

  guaranteeOf(member: number): bigint {
    return this.#guarantees.of(member, this.timeS);
  }

  setGuarantee(member: number, next: bigint): void {
    this.#guarantees.set(member, next, this.timeS);
  }

  settle(cycle: number): EventBody[] {
    this.#settledAtS.set(cycle, this.timeS);
    return [{ kind: "settled", cycle }];
  }
}
