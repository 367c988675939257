/**
 * Who does what one member must do for all, so that they do not race each other for nothing. Each conflict
 * has an order of its own over the active members. Those to whom the loser was handed in come before the
 * others, since it is their customer who waits. Whoever is silent only costs its turn.
 */
import { sha256 } from "#sha256";
import { compareBytes, concat, fromHex, Writer } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Conflict } from "./conflict.ts";

/** How many turns a member waits. One that is not active comes last of all. */
export function turnOf(
  member: MemberId,
  active: readonly MemberId[],
  { spend, isOurs }: Conflict,
): number {
  const places = active.map((each) => {
    const place = sha256(concat(fromHex(spend.id), new Writer(2).u16(each).done()));
    return { member: each, place };
  });
  places.sort((a, b) => compareBytes(a.place, b.place));
  const rank = places.findIndex((each) => each.member === member);
  // Nobody is known while the registry has not been read.
  if (rank < 0) return active.length === 0 ? Number.POSITIVE_INFINITY : 2 * active.length;
  return isOurs ? rank : active.length + rank;
}
