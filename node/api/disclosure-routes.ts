/** The route about disclosures: whose approval each has, as the audit log on chain shows everyone. Of whom, it does not. */
import { type Static, Type } from "typebox";
import type { DisclosureEntry, EpochEntry } from "../chain/audit-log.ts";
import { call, type Route } from "../service/route.ts";

/** The audit log, as it is asked. */
export type DisclosureDesk = {
  readonly counts: () => Promise<{ readonly requests: number; readonly grants: number }>;
  readonly disclosure: (id: number) => Promise<DisclosureEntry | undefined>;
  readonly epoch: (epoch: number) => Promise<EpochEntry | undefined>;
};

export type DisclosureAnswers = {
  /** Absent where the network keeps no such log. */
  readonly desk: DisclosureDesk | undefined;
};

/** Requests in one answer: each is asked of the chain. */
const PAGE = 32;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const DisclosureRow = Type.Object({
  id: count("Number of the request, from 1"),
  requester: Type.String({ description: "Account that asks" }),
  epoch: count("Of the audit key that it is sealed to"),
  threshold: count("Holders that open together: so many approvals grant it"),
  holders: count("Holders of shares of that key"),
  approvedBy: Type.Array(Type.Integer(), { description: "Numbers of the holders that approved" }),
  untilS: count("Last second at which it may be approved or answered"),
  subject: Type.String({ description: "Hash of what is to be opened, with a salt" }),
  legalBasis: Type.String({ description: "Hash of the legal basis" }),
  isGranted: Type.Boolean({ description: "Granted, and not ended" }),
});

export const Disclosures = Type.Object({
  requests: count("How many there ever were"),
  grants: count("How many of them were granted"),
  disclosures: Type.Array(DisclosureRow, { description: `The latest ${PAGE}, the latest first` }),
});

export type DisclosureRow = Static<typeof DisclosureRow>;
export type Disclosures = Static<typeof Disclosures>;

export function disclosureRoutes(answers: () => DisclosureAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/disclosures",
      summary: "Who asked for identities, on what basis, and which holders agreed; never of whom",
      reply: Disclosures,
      timeoutMs: 60_000,
      handle: () => latestOf(answers().desk),
    }),
  ];
}

async function latestOf(desk: DisclosureDesk | undefined): Promise<Disclosures> {
  if (desk === undefined) return { requests: 0, grants: 0, disclosures: [] };
  const { requests, grants } = await desk.counts();
  const ids = Array.from({ length: Math.min(requests, PAGE) }, (_, i) => requests - i);
  const rows = await Promise.all(ids.map((id) => rowOf(desk, id)));
  return { requests, grants, disclosures: rows.flatMap((row) => row ?? []) };
}

async function rowOf(desk: DisclosureDesk, id: number): Promise<DisclosureRow | undefined> {
  const entry = await desk.disclosure(id);
  const epoch = entry && (await desk.epoch(entry.epoch));
  if (entry === undefined || epoch === undefined) return undefined;
  const { requester, approvedBy, untilS, subject, legalBasis, isGranted } = entry;
  return {
    id,
    requester,
    epoch: epoch.epoch,
    threshold: epoch.threshold,
    holders: epoch.holders.length,
    approvedBy: [...approvedBy],
    untilS,
    subject,
    legalBasis,
    isGranted,
  };
}
