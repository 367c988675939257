/**
 * That a record applied, shown to others: its place under the checkpoint of its cycle, and from the chain the
 * signatures under that and who the validators were.
 */
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { ChainReference, Settlement, ValidatorSet } from "../../protocol/evidence.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { PlacedEntry, StateStatement } from "../../protocol/state-statement.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import type { AppliedProofs } from "./applied-proofs.ts";

export type EventRow = NonNullable<Awaited<ReturnType<LedgerStore["event"]>>>;

/** How a cycle was settled, as the chain has it. */
export type CycleOnChain = {
  readonly blockNumber: number;
  readonly checkpoint: Checkpoint;
  readonly signatures: readonly Uint8Array[];
  readonly members: readonly {
    readonly member: MemberId;
    readonly name: string;
    readonly validator: Hex;
  }[];
};

export type SettlementExportParts = {
  readonly store: Pick<LedgerStore, "checkpoint" | "eventsAfter">;
  readonly proofs: AppliedProofs;
  /** @param block of the event that settled it. */
  readonly settledCycle: (cycle: number, block: number) => Promise<CycleOnChain>;
};

/** How a cycle was settled, as it is shown to others. */
export type ShownCycle = ShownCheckpoint & {
  /** The event that settled the cycle. */
  readonly settled: EventRow;
};

type ShownCheckpoint = {
  readonly checkpoint: Checkpoint;
  readonly signatures: readonly Hex[];
  readonly validators: ValidatorSet;
};

export type ShownSettlement = Pick<ShownCycle, "validators" | "settled"> & {
  readonly settlement: Settlement;
};

export class SettlementExport {
  readonly #parts: SettlementExportParts;

  constructor(parts: SettlementExportParts) {
    this.#parts = parts;
  }

  /** Undefined while the cycle has not settled. */
  async cycle(cycle: number): Promise<ShownCycle | undefined> {
    const settled = await this.#eventOf(cycle);
    if (settled === undefined) return undefined;
    const { checkpoint, signatures, members, blockNumber } = await this.#parts.settledCycle(
      cycle,
      settled.place.blockNumber,
    );
    const shown = showCycle({ checkpoint, signatures, members, blockNumber });
    return { ...shown, settled };
  }

  /** Of a record that the cycle applied; undefined while the cycle has not settled. */
  async of(cycle: number, record: Hex): Promise<ShownSettlement | undefined> {
    const shown = await this.cycle(cycle);
    if (shown === undefined) return undefined;
    const { checkpoint, signatures, validators, settled } = shown;
    const { position, path } = await this.#parts.proofs.of(cycle, record);
    const settlement = { index: position, path: path.map(toHex), checkpoint, signatures };
    return { settlement, validators, settled };
  }

  /** Lets go of the memory that proofs take. */
  forget(): void {
    this.#parts.proofs.forget();
  }

  /** The event that settled a cycle: it comes after the one that closed it, and few cycles wait. */
  async #eventOf(cycle: number): Promise<EventRow | undefined> {
    const { store } = this.#parts;
    const checkpoint = await store.checkpoint(cycle);
    if (checkpoint === undefined) return undefined;
    for await (const { row } of store.eventsAfter(checkpoint.seq)) {
      if (row.kind === "settled" && row.cycle === cycle) return row;
    }
    return undefined;
  }
}

export function showCycle({
  checkpoint,
  signatures,
  members,
  blockNumber,
}: CycleOnChain): ShownCheckpoint {
  const named = members.map(({ member, name, validator }) => ({
    member,
    name,
    address: validator,
  }));
  const validators = { cycle: checkpoint.number, atBlock: blockNumber, members: named };
  return { checkpoint, signatures: signatures.map(toHex), validators };
}

/** An entry of the state at the end of the cycle, as it is shown to others. */
export function stateStatement(
  networkId: Hex,
  entry: PlacedEntry,
  { checkpoint, signatures, validators }: ShownCheckpoint,
): StateStatement {
  return { networkId, ...entry, checkpoint, signatures, claims: { validators } };
}

export function referenceTo({ seq, place }: EventRow, what: string): ChainReference {
  return { what, seq, blockNumber: place.blockNumber, blockHash: place.blockHash };
}
