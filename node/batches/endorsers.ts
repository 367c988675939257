/**
 * Whom a member asks to endorse its batches: of the others as many as a quorum needs, those that come after it in
 * the ring of active members. They check its leaves as these come by gossip. The rest need not: a quorum's word
 * is enough for their fold, and they check where one of the first fails and they are asked after all.
 */
import type { MemberId } from "../../protocol/output.ts";
import { quorumOf } from "../../protocol/quorum.ts";

/** The others, in the order in which `proposer` asks them. @param active ascending. */
export function othersInTurn(proposer: MemberId, active: readonly MemberId[]): MemberId[] {
  return [...active.filter((id) => id > proposer), ...active.filter((id) => id < proposer)];
}

/** Whether `member` is one of those whom `proposer` asks first. @param active ascending. */
export function isAskedFirst(
  member: MemberId,
  proposer: MemberId,
  active: readonly MemberId[],
): boolean {
  const own = active.includes(proposer) ? 1 : 0;
  const first = othersInTurn(proposer, active).slice(0, quorumOf(active.length) - own);
  return first.includes(member);
}
