/**
 * pacs.002: how far the member's payments for a cycle are. The chain settles all of a cycle or nothing, so all
 * payments of one are as far: in process once it has closed, settled once its checkpoint is.
 */
import {
  type Cycle,
  endToEndId,
  institutionOf,
  ownTransfers,
  pacs009Id,
  type Parties,
} from "./cycle.ts";
import { agentOf, idOf, timeOf, uetrOf } from "./message-parts.ts";
import { PACS009 } from "./pacs009.ts";
import { type MessageName, xmlOf } from "./xml.ts";

export const PACS002: MessageName = { id: "pacs.002.001.10", element: "FIToFIPmtStsRpt" };

/** Accepted and settled, or accepted and in process (ISO 20022's external codes). */
const statuses = { settled: "ACSC", closed: "ACSP" } as const;

/** Undefined where the member pays nothing for the cycle. */
export function pacs002(cycle: Cycle, parties: Parties): string | undefined {
  const transfers = ownTransfers(cycle, parties);
  if (transfers.length === 0) return undefined;
  const { own } = parties;
  const status = cycle.settlementDay !== undefined ? statuses.settled : statuses.closed;
  return xmlOf(PACS002, {
    GrpHdr: {
      MsgId: idOf(cycle.network, "p2", cycle.number, own, status),
      CreDtTm: timeOf(cycle.settled ?? cycle.closed),
      InstdAgt: agentOf(institutionOf(parties, own)),
    },
    OrgnlGrpInfAndSts: {
      OrgnlMsgId: pacs009Id(cycle, own),
      OrgnlMsgNmId: PACS009.id,
      OrgnlNbOfTxs: String(transfers.length),
      GrpSts: status,
    },
    TxInfAndSts: transfers.map((transfer) => {
      const id = endToEndId(cycle, transfer);
      return {
        OrgnlInstrId: id,
        OrgnlEndToEndId: id,
        OrgnlTxId: id,
        OrgnlUETR: uetrOf(id),
        TxSts: status,
        FctvIntrBkSttlmDt:
          cycle.settlementDay === undefined ? undefined : { Dt: cycle.settlementDay },
      };
    }),
  });
}
