/** The node's routes: what each takes and gives, and who answers. */
import { Type } from "typebox";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { decodeLeaves } from "../../protocol/leaf-list.ts";
import { limits } from "../../protocol/limits.ts";
import type { LeafIntake } from "../leaf-intake.ts";
import type { Revoker } from "../revoker.ts";
import type { EventFeed } from "../service/event-feed.ts";
import { bytes, call, events, type Route } from "../service/route.ts";
import { type CaseAnswers, caseRoutes } from "./case-routes.ts";
import { type ConflictAnswers, conflictRoutes } from "./conflict-routes.ts";
import { type DisclosureAnswers, disclosureRoutes } from "./disclosure-routes.ts";
import { type ExportAnswers, exportRoutes } from "./export-routes.ts";
import { type ConsortiumAnswers, consortiumRoutes } from "./consortium-routes.ts";
import { type ProofAnswers, proofRoutes } from "./proof-routes.ts";
import type { Queries } from "./queries.ts";
import * as Api from "./schema.ts";
import { type TraceAnswers, traceRoutes } from "./trace-routes.ts";

/** Who answers. */
export type ApiAnswers = {
  readonly queries: Queries;
  readonly feed: EventFeed<Api.FoldedEvent>;
  readonly evidence: ConflictAnswers;
  readonly cases: CaseAnswers;
  readonly traces: TraceAnswers;
  readonly exports: ExportAnswers;
  readonly proofs: ProofAnswers;
  readonly consortium: ConsortiumAnswers;
  readonly disclosures: DisclosureAnswers;
  /** Absent on an observer, which puts nothing forward and revokes nothing. */
  readonly writer?: ApiWriter | undefined;
};

/** What a member's node does for its gateway. */
export type ApiWriter = {
  readonly intake: Pick<LeafIntake, "submit">;
  readonly revoker: Pick<Revoker, "revoke">;
};

const byId = Type.Object({ id: Api.RecordId });
const byOwner = Type.Object({ owner: Api.OwnerName });

/** @param answers gives who answers now. @throws Refusal `unavailable` while nobody does. */
export function nodeRoutes(
  answers: () => ApiAnswers,
  { isMember }: { readonly isMember: boolean },
): Route[] {
  const queries = () => answers().queries;
  const writer = () => answers().writer!;
  return [
    ...conflictRoutes(() => answers().evidence),
    ...caseRoutes(() => answers().cases),
    ...traceRoutes(() => answers().traces),
    ...exportRoutes(() => answers().exports),
    ...proofRoutes(() => answers().proofs),
    ...consortiumRoutes(() => answers().consortium),
    ...disclosureRoutes(() => answers().disclosures),
    ...(isMember ? [submission(writer), revocation(writer)] : []),
    call({
      method: "POST",
      path: "/v1/records/status",
      summary: "Where records or enrolments are, in the order asked",
      body: Type.Object({
        ids: Type.Array(Api.RecordId, { maxItems: limits.submissionLeavesMax }),
      }),
      reply: Type.Array(Api.RecordStatus),
      bodyMaxBytes: 80 * limits.submissionLeavesMax,
      handle: ({ body }) => queries().statuses(body.ids as Hex[]),
    }),
    call({
      method: "GET",
      path: "/v1/records/:id/explain",
      summary: "Why a record is where it is, in plain words",
      params: byId,
      query: Api.InLanguage,
      reply: Api.Explanation,
      handle: ({ params, query }) => queries().explain(params.id as Hex, query.language),
    }),
    call({
      method: "GET",
      path: "/v1/records/:id/leaf",
      summary: "The bytes of a record or enrolment",
      params: byId,
      reply: bytes,
      handle: ({ params }) => queries().leaf(params.id as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/records/:id/statement",
      summary: "The file that shows that a record applied, to whoever has the network file alone",
      params: byId,
      reply: { contentType: "application/json" },
      timeoutMs: 60_000,
      handle: ({ params }) => queries().statement(params.id as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/batches/:root",
      summary: "The leaves of a sequenced batch, for whoever folds the history again",
      params: Type.Object({ root: Api.BatchRoot }),
      reply: bytes,
      handle: ({ params }) => queries().batch(params.root as Hex),
    }),
    call({
      method: "POST",
      path: "/v1/coins",
      summary: "Those of the outpoints that are unspent",
      body: Type.Object({ outpoints: Type.Array(Api.OutpointName, { maxItems: 1_024 }) }),
      reply: Api.Coins,
      handle: ({ body }) => queries().coins(body.outpoints as Hex[]),
    }),
    call({
      method: "GET",
      path: "/v1/coins/:outpoint/history",
      summary:
        "The file that shows where a coin comes from, spent or not: back to deposits, bounded",
      params: Type.Object({ outpoint: Api.OutpointName }),
      reply: { contentType: "application/json" },
      timeoutMs: 60_000,
      handle: ({ params }) => queries().history(params.outpoint as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/owners/:owner",
      summary: "Where a key is enrolled, and what it holds",
      params: byOwner,
      reply: Api.EnrolmentRow,
      handle: ({ params }) => queries().owner(params.owner as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/owners/:owner/enrolment",
      summary: "The bytes of the enrolment of a key, with the identity sealed in it",
      params: byOwner,
      reply: bytes,
      handle: ({ params }) => queries().enrolment(params.owner as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/owners/:owner/coins",
      summary: "Coins of an owner, at most 1,000, in no order that lasts",
      params: byOwner,
      reply: Api.Coins,
      handle: ({ params }) => queries().coinsOf(params.owner as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/members",
      summary: "The members with custody, reserves and what is under way",
      reply: Type.Array(Api.MemberRow),
      handle: () => queries().members(),
    }),
    call({
      method: "GET",
      path: "/v1/members/:member/revocations",
      summary: "The owners a member has revoked",
      params: Type.Object({ member: Api.MemberNumber }),
      reply: Api.Revocations,
      handle: ({ params }) => queries().revocations(params.member),
    }),
    call({
      method: "GET",
      path: "/v1/members/:member/claims",
      summary: "Coins that wait at a member for whoever shows their secret, a stretch of all coins",
      params: Type.Object({ member: Api.MemberNumber }),
      query: Type.Object({
        from: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 }),
      }),
      reply: Api.Claims,
      handle: ({ params, query }) => queries().claimsAt(params.member, query.from),
    }),
    call({
      method: "GET",
      path: "/v1/status",
      summary: "How this node is",
      reply: Api.NodeStatus,
      handle: () => queries().status(),
    }),
    call({
      method: "GET",
      path: "/v1/checkpoints",
      summary: "The checkpoints this node came to, the latest first",
      reply: Type.Array(Api.CheckpointRow),
      handle: () => queries().checkpoints(),
    }),
    call({
      method: "GET",
      path: "/v1/cycles/:cycle",
      summary: "When a cycle closed and settled",
      params: Type.Object({ cycle: Type.Integer({ minimum: 1 }) }),
      reply: Api.CycleTimes,
      handle: ({ params: { cycle } }) => queries().cycleTimes(cycle),
    }),
    call({
      method: "GET",
      path: "/v1/identities",
      summary:
        "The identities of money, with the ledger's side from a full scan and the chain's from the contracts",
      reply: Api.Identities,
      timeoutMs: 120_000,
      handle: () => queries().identities(),
    }),
    events({
      path: "/v1/events",
      summary: "Events of the ledger as they are folded; Last-Event-ID is a seq",
      event: Api.FoldedEvent,
      follow: ({ lastEventId, signal }) => answers().feed.follow(lastEventId, signal),
    }),
  ];
}

function submission(writer: () => ApiWriter): Route {
  return call({
    method: "POST",
    path: "/v1/leaves",
    summary: "Hands leaves in: count u16 × (length u32 | bytes), in any order, any number of times",
    body: bytes,
    reply: Api.Submission,
    status: 202,
    bodyMaxBytes: limits.batchBytesMax + 4 * limits.submissionLeavesMax + 2,
    async handle({ body }) {
      return { results: await writer().intake.submit(decodeLeaves(body)) };
    },
  });
}

function revocation(writer: () => ApiWriter): Route {
  return call({
    method: "POST",
    path: "/v1/revocations",
    summary: "Writes to the chain whom the member's own revocation list names",
    body: Api.NewRevocations,
    reply: Api.Revoked,
    bodyMaxBytes: 2 * limits.gatewayAnswerMax + 64 * limits.revokedAtOnceMax,
    async handle({ body: { owners, list } }) {
      await writer().revoker.revoke(owners as Hex[], fromHex(list as Hex));
      return { owners };
    },
  });
}
