/** An event of the ledger as the stream tells it: at once, or read back for those who were away. */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import type { Folded } from "../replica.ts";
import type { ServerEvent } from "../service/event-stream.ts";
import type { EventRow } from "../store/history-rows.ts";
import type { FoldedEvent } from "./schema.ts";

export function eventOfFolded({ placed: { event }, change }: Folded): ServerEvent<FoldedEvent> {
  const refused = change.outcomes
    .filter(({ code }) => code !== "applied")
    .map(({ leafHash, id, code }) => ({ leafHash, ...(id === undefined ? {} : { id }), code }));
  const { seq, kind } = event;
  const member = "member" in event ? { member: event.member } : {};
  const cycle = "cycle" in event ? { cycle: event.cycle } : {};
  const restituted =
    event.kind === "restituted"
      ? { restituted: { outpoint: toHex(event.outpoint), loser: toHex(event.loser) } }
      : {};
  return {
    id: seq,
    data: { seq, kind, ...member, ...cycle, ...restituted, applied: [...change.applied], refused },
  };
}

export function eventOfRow(row: EventRow, applied: readonly Hex[]): ServerEvent<FoldedEvent> {
  const { seq, kind } = row;
  const member = row.member === undefined ? {} : { member: row.member };
  const cycle = row.cycle === undefined ? {} : { cycle: row.cycle };
  const restituted = row.restituted === undefined ? {} : { restituted: row.restituted };
  const refused = row.refused.map((each) => ({ ...each }));
  return {
    id: seq,
    data: { seq, kind, ...member, ...cycle, ...restituted, applied: [...applied], refused },
  };
}
