/**
 * Who does what one member must do for all, so that they do not race each other for nothing. Each conflict
 * and each bond has an order of its own over the active members. Those to whom the loser was handed in come
 * before the others, since it is their customer who waits; and the bank before the others, whose bond it
 * is. Whoever is silent only costs its turn.
 */
import { sha256 } from "#sha256";
import { compareBytes, concat, fromHex, Writer } from "../../protocol/bytes.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { Conflict } from "./conflict.ts";

/** How many turns a member waits to report a conflict. One that is not active comes last of all. */
export function turnOf(
  member: MemberId,
  active: readonly MemberId[],
  { spend, isOurs }: Conflict,
): number {
  const rank = rankOf(member, active, fromHex(spend.id));
  return isOurs || rank >= active.length ? rank : active.length + rank;
}

/** How many turns a member waits to pay what another's bond owes. */
export function queueTurnOf(
  member: MemberId,
  active: readonly MemberId[],
  payer: MemberId,
): number {
  return member === payer ? 0 : 1 + rankOf(member, active, numbered(payer));
}

function rankOf(member: MemberId, active: readonly MemberId[], subject: Uint8Array): number {
  const places = active.map((each) => {
    const place = sha256(concat(subject, numbered(each)));
    return { member: each, place };
  });
  places.sort((a, b) => compareBytes(a.place, b.place));
  const rank = places.findIndex((each) => each.member === member);
  // Nobody is known while the registry has not been read.
  if (rank < 0) return active.length === 0 ? Number.POSITIVE_INFINITY : 2 * active.length;
  return rank;
}

function numbered(member: MemberId): Uint8Array {
  return new Writer(2).u16(member).done();
}
