/** What a presentation of a payment says, to who shows it and to who is shown it. */
import { cellIn, type GridCell } from "../protocol/grid-cell.ts";
import { formatAmount, type Currency } from "../protocol/money.ts";
import { lock, type Output } from "../protocol/output.ts";
import { ownerOf } from "../protocol/key.ts";
import type { NamedParty, PresentationFindings, Role } from "../protocol/presentation.ts";
import { type Report, timeText } from "./report.ts";

export function presentationReport(found: PresentationFindings, currency: Currency): Report {
  const { id, record, cycle, standing, shownBy, named } = found;
  const payer = ownerOf(record.signer);
  const paid = record.outputs.filter(({ lock: by, owner }) => by !== lock.key || owner !== payer);
  const line = ({ lock: by, owner, custodian, amount }: Output): string => {
    const sum = formatAmount(amount, currency);
    if (by === lock.burn) return `  ${sum} that left the ledger, at member ${custodian}`;
    if (by === lock.claim) return `  ${sum} to whoever had the code, at member ${custodian}`;
    return `  ${sum} to ${nameOf(owner, named)}, with member ${custodian}`;
  };
  return {
    lines: [
      `${nameOf(payer, named)} paid, by record ${id}, dated ${timeText(record.time)} by its device:`,
      ...paid.map(line),
      ...named.flatMap(({ role, label }) => placeLine(role, cellIn(label)) ?? []),
      `It applied in cycle ${cycle} and is settled: it is final.`,
      `The ${shownBy.role} shows it, ${timeText(shownBy.time)} by its clock.`,
    ],
    data: {
      id,
      payer,
      paid: paid.map(({ owner, custodian, amount }) => ({ owner, custodian, amount })),
      amount: paid.reduce((sum, { amount }) => sum + amount, 0n),
      time: record.time,
      cycle,
      standing,
      shownBy,
      parties: named.map(
        ({ owner, role, label, certificate: { member, notBefore, notAfter } }) => ({
          owner,
          role,
          label,
          ...placed(label),
          member,
          notBefore,
          notAfter,
        }),
      ),
    },
  };
}

function placed(label: string): { readonly place?: GridCell } {
  const place = cellIn(label);
  return place === undefined ? {} : { place };
}

function placeLine(role: Role, cell: GridCell | undefined): string | undefined {
  if (cell === undefined) return undefined;
  const { code, south, west, north, east } = cell;
  return `  where the bank says that the ${role} stands: ${code}, latitude ${south} to ${north}, longitude ${west} to ${east}`;
}

function nameOf(owner: string, named: readonly NamedParty[]): string {
  const party = named.find((each) => each.owner === owner);
  if (party === undefined) return `key owner ${owner}`;
  return `"${party.label}" (key owner ${owner}, so named by member ${party.certificate.member})`;
}
