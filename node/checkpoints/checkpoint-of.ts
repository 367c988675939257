/** The checkpoint that the state stands for right after a cycle was closed. */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { appliedRootOf, type Checkpoint, type Position } from "../../protocol/checkpoint.ts";
import type { Change } from "../ledger/change.ts";

/** What is known the moment the event is folded; the roots take longer. */
export type Boundary = Pick<Checkpoint, "number" | "seq" | "supply" | "positions">;

/** @param change of the event that closed the cycle `number`. */
export function boundaryOf(number: number, change: Change): Boundary {
  const positions: Position[] = [];
  for (const member of change.memberIds()) {
    const { delta, burns } = change.window(number, member);
    if (delta !== 0n || burns !== 0n) positions.push({ member, delta, withdrawn: burns });
  }
  return { number, seq: change.seq, supply: change.boundarySupply, positions };
}

/** @param applied ids of the records that the cycle applied, in order. */
export function checkpointOf(
  boundary: Boundary,
  applied: readonly Hex[],
  stateRoot: Hex,
): Checkpoint {
  return {
    ...boundary,
    applied: applied.length,
    appliedRoot: toHex(appliedRootOf(applied)),
    stateRoot,
  };
}
