/** Who answers what the API is asked, and what becomes of each event that the API tells of. */
import type { NetworkFile } from "../protocol/network-file.ts";
import type { MemberId } from "../protocol/output.ts";
import type { Verifier } from "../protocol/signature.ts";
import type { Domain } from "../protocol/typed-data.ts";
import { type CaseAnswers, caseRow } from "./api/case-routes.ts";
import { ConflictQueries, eventOf } from "./api/conflict-queries.ts";
import type { ConflictAnswers } from "./api/conflict-routes.ts";
import type { DisclosureDesk } from "./api/disclosure-routes.ts";
import type { ExportAnswers } from "./api/export-routes.ts";
import { eventOfFolded } from "./api/folded-event.ts";
import { Queries } from "./api/queries.ts";
import type { ApiAnswers } from "./api/routes.ts";
import { countDisclosures, readDisclosure, readEpoch } from "./chain/audit-log.ts";
import type { ChainClient } from "./chain/chain-client.ts";
import type { SettledState } from "./checkpoints/settled-state.ts";
import type { Directory } from "./directory.ts";
import { AppliedProofs } from "./evidence/applied-proofs.ts";
import type { Evidence } from "./evidence/evidence.ts";
import { EvidenceExport } from "./evidence/evidence-export.ts";
import { SettlementExport } from "./evidence/settlement-export.ts";
import { HistoryExport } from "./evidence/history-export.ts";
import { ExportPages } from "./export/pages.ts";
import type { Host } from "./gossip/host.ts";
import type { HealthWatch } from "./health-watch.ts";
import type { LeafIntake } from "./leaf-intake.ts";
import type { PendingPool } from "./pending-pool.ts";
import type { Replica } from "./replica.ts";
import { Revoker } from "./revoker.ts";
import { EventFeed } from "./service/event-feed.ts";
import type { LeafStore } from "./store/leaf-store.ts";
import type { Traces } from "./trace/trace.ts";
import type { LeafVerifier } from "./verification/verifier.ts";

export type ApiAnswersParts = {
  readonly network: NetworkFile;
  readonly domain: Domain;
  readonly context: { readonly networkId: Uint8Array; readonly verifier: Verifier };
  readonly chain: ChainClient;
  readonly host: Pick<Host, "connected">;
  readonly verifier: Pick<LeafVerifier, "verified">;
  readonly directory: Directory;
  readonly pool: PendingPool;
  readonly leaves: LeafStore;
  readonly replica: Replica;
  readonly settledState: SettledState;
  readonly intake: LeafIntake;
  readonly evidence: Evidence;
  readonly health: HealthWatch;
  /** Absent on a node that keeps no index for them. */
  readonly traces: Traces | undefined;
};

/** @param member none for an observer, which puts nothing forward. */
export function makeApiAnswers(parts: ApiAnswersParts, member: MemberId | undefined): ApiAnswers {
  const { network, context, chain, host, verifier, replica, settledState, intake, health } = parts;
  const { store } = replica;
  const settlements = new SettlementExport({
    store,
    proofs: new AppliedProofs((cycle) => store.appliedIn(cycle)),
    settledCycle: (cycle, block) => chain.settledCycle(cycle, block),
  });
  const evidence = conflictAnswers(parts, settlements);
  const queries = new Queries({
    ...parts,
    ...evidence,
    settlements,
    histories: new HistoryExport({ ...parts, networkId: network.networkId, store }),
    member,
    peers: () => host.connected(),
    verified: () => verifier.verified,
  });
  const feed = new EventFeed({ history: (seq) => queries.eventsAfter(seq) });
  replica.onFolded((folded) => feed.publish(eventOfFolded(folded)));
  const traces = { traces: parts.traces, seq: () => replica.state.seq };
  const cases = caseAnswers(parts);
  const answers = {
    queries,
    feed,
    evidence,
    cases,
    traces,
    exports: exportAnswers(parts),
    proofs: { networkId: network.networkId, settlements, settledState, store },
    disclosures: { desk: disclosureDesk(parts) },
    consortium: { network, members: () => health.members(), now: Date.now },
  };
  if (member === undefined) return answers;
  const revoker = new Revoker({ ...context, member, state: replica.state, chain });
  return { ...answers, writer: { intake, revoker } };
}

function disclosureDesk({
  network,
  chain: { reader },
}: Pick<ApiAnswersParts, "network" | "chain">): DisclosureDesk | undefined {
  if (network.contracts.auditLog === undefined) return undefined;
  return {
    counts: () => countDisclosures(reader),
    disclosure: (id) => readDisclosure(reader, id),
    epoch: (epoch) => readEpoch(reader, epoch),
  };
}

function exportAnswers({ network, chain, leaves, replica }: ApiAnswersParts): ExportAnswers {
  const { store, state } = replica;
  const hasCases = network.contracts.disputes !== undefined;
  const pages = new ExportPages({
    disclosures: disclosureDesk({ network, chain }),
    store,
    leaves,
    custodianOf: (owner) => state.memberOf(owner),
    settledCycle: () => state.parameters.settledCycle,
    caseCount: async () => (hasCases ? await chain.reader.caseCount() : 0),
    caseOf: (caseId) => chain.reader.case(caseId),
  });
  return { pages };
}

function caseAnswers({ network, chain, evidence }: ApiAnswersParts): CaseAnswers {
  const { currency } = network;
  return {
    open: (language) => {
      const { claimPeriodS } = chain.parameters;
      const context = { currency, claimPeriodS, now: Date.now() };
      return (evidence.cases?.open() ?? []).map((entry) => caseRow(entry, context, language));
    },
  };
}

function conflictAnswers(
  { network, chain, pool, replica, evidence: { book } }: ApiAnswersParts,
  settlements: SettlementExport,
): ConflictAnswers {
  const { store, state } = replica;
  const exporter = new EvidenceExport({
    networkId: network.networkId,
    book,
    store,
    settlements,
  });
  const conflicts = new ConflictQueries({
    book,
    exporter,
    pool,
    context: ({ spend: { owner, custodian } }) => ({
      currency: network.currency,
      openCycle: state.parameters.openCycle,
      reclaimDelayS: state.reclaimDelayS,
      penaltyPercent: chain.parameters.penaltyPercent,
      canPay: network.contracts.disputes !== undefined,
      isVault: state.member(custodian)?.treasuryOwners.includes(owner) === true,
    }),
  });
  const conflictFeed = new EventFeed({ history: (number) => conflicts.changesAfter(number) });
  book.onChange((conflict) => conflictFeed.publish(eventOf(conflict)));
  return { conflicts, conflictFeed };
}
