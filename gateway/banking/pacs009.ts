/** pacs.009: what the member pays to others for the net positions of a settled cycle. */
import {
  endToEndId,
  institutionOf,
  ownTransfers,
  pacs009Id,
  type Parties,
  type SettledCycle,
} from "./cycle.ts";
import { accountIdOf, agentOf, amountOf, decimalOf, timeOf, uetrOf } from "./message-parts.ts";
import type { NetTransfer } from "./net-transfers.ts";
import { type Element, type MessageName, xmlOf } from "./xml.ts";

export const PACS009: MessageName = { id: "pacs.009.001.08", element: "FICdtTrf" };

/** Undefined where the member pays nothing for the cycle. */
export function pacs009(cycle: SettledCycle, parties: Parties): string | undefined {
  const transfers = ownTransfers(cycle, parties);
  if (transfers.length === 0) return undefined;
  const { own, currency } = parties;
  const total = transfers.reduce((sum, { amount }) => sum + amount, 0n);
  return xmlOf(PACS009, {
    GrpHdr: {
      MsgId: pacs009Id(cycle, own),
      CreDtTm: timeOf(cycle.settled),
      NbOfTxs: String(transfers.length),
      CtrlSum: decimalOf(total, currency),
      TtlIntrBkSttlmAmt: amountOf(total, currency),
      IntrBkSttlmDt: cycle.settlementDay,
      SttlmInf: { SttlmMtd: "CLRG", ClrSys: { Prtry: `TALLYSTICK ${cycle.network}` } },
      InstgAgt: agentOf(institutionOf(parties, own)),
    },
    CdtTrfTxInf: transfers.map((transfer) => transferOf(cycle, parties, transfer)),
  });
}

function transferOf(cycle: SettledCycle, parties: Parties, transfer: NetTransfer): Element {
  const { currency } = parties;
  const [debtor, creditor] = [
    institutionOf(parties, transfer.debtor),
    institutionOf(parties, transfer.creditor),
  ];
  const id = endToEndId(cycle, transfer);
  return {
    PmtId: { InstrId: id, EndToEndId: id, TxId: id, UETR: uetrOf(id) },
    IntrBkSttlmAmt: amountOf(transfer.amount, currency),
    InstdAgt: agentOf(creditor),
    Dbtr: agentOf(debtor),
    DbtrAcct: debtor.iban === undefined ? undefined : accountIdOf(debtor.iban),
    Cdtr: agentOf(creditor),
    CdtrAcct: creditor.iban === undefined ? undefined : accountIdOf(creditor.iban),
    RmtInf: { Ustrd: `Net position of cycle ${cycle.number}` },
  };
}
