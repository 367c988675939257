/**
 * What a store says of having been moved. While its rows arrive it is not whole, and once they have left for another
 * place they are that place's: no process may run on it in either state, or one money would be spent from two books.
 */
import { type Static, Type } from "typebox";
import { Refusal } from "../../protocol/refusal.ts";

/** What was moved: how many rows, and SHA-256 over all of them in the order of their keys. */
const Moved = { entries: Type.Integer(), digest: Type.String() };

export const MoveMark = Type.Union([
  Type.Object({ state: Type.Literal("arriving") }),
  Type.Object({ state: Type.Literal("arrived"), ...Moved }),
  Type.Object({ state: Type.Literal("left"), to: Type.String(), ...Moved }),
]);
export type MoveMark = Static<typeof MoveMark>;

/** @param place what to call the store. @throws Refusal `store-moved` where no process may run on it. */
export function checkStays(mark: MoveMark | undefined, place: string): void {
  if (mark?.state === "arriving")
    throw new Refusal("store-moved", `the move into ${place} has not come to its end`);
  if (mark?.state === "left")
    throw new Refusal("store-moved", `what was in ${place} has been moved to ${mark.to}`);
}
