/** What a node asks and tells the Disputes contract by itself. A refusal of the contract is an answer here. */
import type { Hex } from "../../protocol/bytes.ts";
import type { Owner } from "../../protocol/key.ts";
import type { MemberId, Outpoint } from "../../protocol/output.ts";
import { payQueue, report } from "./calls.ts";
import type { ChainClient } from "./chain-client.ts";
import type { ContractCall } from "./contracts.ts";
import type { BondEntry, CaseEntry, DoubleSpendProof, PairState } from "./disputes.ts";
import { ChainRevert } from "./errors.ts";

export type DeskRefusal = { readonly name: string; readonly detail: string };

/** Debts paid by one transaction: each makes a coin, at some 120,000 gas. */
const DEBTS_AT_ONCE = 32;

export class ChainDesk {
  readonly #chain: ChainClient;

  constructor(chain: ChainClient) {
    this.#chain = chain;
  }

  onChange(listener: () => void): void {
    this.#chain.onDisputesChange(listener);
  }

  async pairState(outpoint: Outpoint, record: Hex): Promise<PairState> {
    return await this.#chain.reader.pairState(outpoint, record);
  }

  /** The guarantee in force less what was paid or queued for the device, not below zero. */
  async leftOf(owner: Owner, custodian: MemberId): Promise<bigint> {
    const { reader } = this.#chain;
    const [covered, [guarantee]] = await Promise.all([
      reader.covered(owner),
      reader.read("registry", "guaranteeOf", [custodian]),
    ]);
    return guarantee > covered ? guarantee - covered : 0n;
  }

  /** What a bond holds above its minimum and all that is owed or asked, not below zero. */
  async spareOf(member: MemberId): Promise<bigint> {
    const { amount, minimum, queued, fines, claimed } = await this.#chain.reader.bond(member);
    const needed = minimum + queued + fines + claimed;
    return amount > needed ? amount - needed : 0n;
  }

  async objectionTo(proof: DoubleSpendProof): Promise<DeskRefusal | undefined> {
    return await refusalOf(() => this.#chain.simulate(report(proof)));
  }

  async report(proof: DoubleSpendProof): Promise<DeskRefusal | undefined> {
    return await this.#send(report(proof));
  }

  async bond(member: MemberId): Promise<BondEntry> {
    return await this.#chain.reader.bond(member);
  }

  async payQueue(member: MemberId): Promise<boolean> {
    return (await this.#send(payQueue(member, DEBTS_AT_ONCE))) === undefined;
  }

  async caseCount(): Promise<number> {
    return await this.#chain.reader.caseCount();
  }

  async case(caseId: number): Promise<CaseEntry | undefined> {
    return await this.#chain.reader.case(caseId);
  }

  async #send(call: ContractCall): Promise<DeskRefusal | undefined> {
    return await refusalOf(() => this.#chain.send(call));
  }
}

async function refusalOf(work: () => Promise<unknown>): Promise<DeskRefusal | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof ChainRevert)) throw error;
    return { name: error.errorName, detail: error.message };
  }
}
