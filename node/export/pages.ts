/** Pages of the tables, each with the place where the next goes on: an export asks until there is none. */
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import { limits } from "../../protocol/limits.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { DisclosureEntry } from "../chain/audit-log.ts";
import { type CaseEntry, isCaseEnded } from "../chain/disputes.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import { coinRows, recordRow, type RecordRowsParts, recordsFrom } from "./record-rows.ts";
import type { Row, TableName } from "./tables.ts";

export type ExportPagesParts = RecordRowsParts & {
  readonly store: LedgerStore;
  readonly settledCycle: () => number;
  /** Cases as the contract has them; none where there is no such contract. */
  readonly caseCount: () => Promise<number>;
  readonly caseOf: (caseId: number) => Promise<CaseEntry | undefined>;
  /** The audit log; absent where the network keeps none. */
  readonly disclosures: DisclosureLog | undefined;
};

export type DisclosureLog = {
  readonly counts: () => Promise<{ readonly requests: number }>;
  readonly disclosure: (id: number) => Promise<DisclosureEntry | undefined>;
};

export type Page<T extends TableName = TableName> = {
  readonly rows: readonly Row<T>[];
  readonly next: string | undefined;
};

/** Cases and disclosures are asked of the chain, one by one. */
const CHAIN_PAGE = 64;

export class ExportPages {
  readonly #parts: ExportPagesParts;

  constructor(parts: ExportPagesParts) {
    this.#parts = parts;
  }

  /** @param from `next` of the page before; absent for the first. @throws Refusal `malformed`. */
  async of(table: TableName, from: string | undefined): Promise<Page> {
    const place = placeOf(from);
    switch (table) {
      case "records":
        return await this.#records(place);
      case "coins":
        return await this.#coins(place);
      case "positions":
        return await this.#positions(place.seq);
      case "cases":
        return await this.#cases(place.seq);
      case "disclosures":
        return await this.#disclosures(place.seq);
    }
  }

  async #records(place: Place): Promise<Page<"records">> {
    const { records, next } = await recordsFrom(this.#parts, place, limits.exportRowsMax);
    return { rows: records.map((each) => recordRow(each, this.#parts)), next: textOf(next) };
  }

  /** A record makes up to 16: the page stays within its bound. */
  async #coins(place: Place): Promise<Page<"coins">> {
    const { store } = this.#parts;
    const limit = Math.floor(limits.exportRowsMax / 16);
    const { records, next } = await recordsFrom(this.#parts, place, limit);
    const spenderOf = store.spenderOf.bind(store);
    return { rows: records.flatMap((each) => coinRows(each, spenderOf)), next: textOf(next) };
  }

  async #positions(cycle: number): Promise<Page<"positions">> {
    const limit = Math.floor(limits.exportRowsMax / limits.validatorsMax);
    const checkpoints = await this.#parts.store.checkpointsFrom(cycle, limit);
    const settled = this.#parts.settledCycle();
    const rows = checkpoints.flatMap((checkpoint) => positionRows(checkpoint, settled));
    const last = checkpoints.length === limit ? checkpoints.at(-1) : undefined;
    return { rows, next: last && textOf({ seq: last.number + 1, place: 0 }) };
  }

  async #cases(first: number): Promise<Page<"cases">> {
    const { caseCount, caseOf } = this.#parts;
    const { entries, next } = await numbered(first, await caseCount(), caseOf);
    return { rows: entries.map(caseRow), next };
  }

  async #disclosures(first: number): Promise<Page<"disclosures">> {
    const log = this.#parts.disclosures;
    if (log === undefined) return { rows: [], next: undefined };
    const { requests } = await log.counts();
    const { entries, next } = await numbered(first, requests, log.disclosure);
    return { rows: entries.map(disclosureRow), next };
  }
}

/** A page of what is numbered from 1 to `count`. */
async function numbered<T>(
  first: number,
  count: number,
  one: (number: number) => Promise<T | undefined>,
): Promise<{ readonly entries: readonly T[]; readonly next: string | undefined }> {
  const from = Math.max(first, 1);
  const to = Math.min(count, from + CHAIN_PAGE - 1);
  const numbers = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  const entries = await Promise.all(numbers.map(one));
  return {
    entries: entries.filter((entry) => entry !== undefined),
    next: to < count ? textOf({ seq: to + 1, place: 0 }) : undefined,
  };
}

type Place = { readonly seq: number; readonly place: number };

function placeOf(text = "0.0"): Place {
  const [, seq, place] = /^(\d{1,15})\.(\d{1,9})$/.exec(text) ?? [];
  if (seq !== undefined) return { seq: Number(seq), place: Number(place) };
  throw new Refusal("malformed", `"${text.slice(0, 40)}" is not where a page goes on`);
}

function textOf(place: Place | undefined): string | undefined {
  return place && `${place.seq}.${place.place}`;
}

function positionRows(checkpoint: Checkpoint, settledCycle: number): Row<"positions">[] {
  const { number: cycle, seq, supply, applied, positions } = checkpoint;
  return positions.map(({ member, delta, withdrawn }) => ({
    cycle,
    seq,
    member,
    delta: delta.toString(),
    withdrawn: withdrawn.toString(),
    supply: supply.toString(),
    records: applied,
    settled: cycle <= settledCycle,
  }));
}

function disclosureRow(entry: DisclosureEntry): Row<"disclosures"> {
  const { id, requester, epoch, untilS, approvedBy, isGranted, subject, legalBasis } = entry;
  return {
    request: id,
    requester,
    epoch,
    until: untilS,
    approvals: approvedBy.length,
    approved_by: approvedBy.join(" "),
    granted: isGranted,
    subject,
    legal_basis: legalBasis,
  };
}

function caseRow(entry: CaseEntry): Row<"cases"> {
  const { caseId, kind, status, claimant, accused, amount, deadlineS, argument, answer, debts } =
    entry;
  return {
    case: caseId,
    kind,
    status,
    claimant,
    accused,
    amount: amount.toString(),
    deadline: isCaseEnded(status) || deadlineS === 0 ? null : deadlineS,
    argument,
    answer,
    debts: debts.length,
  };
}
