/** The routes about double spends. */
import { Type } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import type { EventFeed } from "../service/event-feed.ts";
import { call, events, type Route } from "../service/route.ts";
import { CONFLICTS_PAGE, type ConflictQueries } from "./conflict-queries.ts";
import * as Api from "./schema.ts";

export type ConflictAnswers = {
  readonly conflicts: ConflictQueries;
  readonly conflictFeed: EventFeed<Api.ConflictRow>;
};

const byId = Type.Object({ id: Api.RecordId });
const evidenceFile = { contentType: "application/json" };

export function conflictRoutes(answers: () => ConflictAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/conflicts",
      summary: `Coins that two records name, at most ${CONFLICTS_PAGE}: of a record, or changed after a number, or the latest first`,
      query: Type.Object({
        record: Type.Optional(Api.RecordId),
        after: Type.Optional(Type.Integer({ minimum: 0 })),
      }),
      reply: Api.Conflicts,
      handle: ({ query: { record, after } }) =>
        answers().conflicts.list({
          ...(record === undefined ? {} : { record: record as Hex }),
          ...(after === undefined ? {} : { after }),
        }),
    }),
    call({
      method: "GET",
      path: "/v1/conflicts/:id",
      summary: "One of them, and what it means for each party in plain words",
      params: byId,
      reply: Api.ConflictExplanation,
      handle: ({ params }) => answers().conflicts.explain(params.id as Hex),
    }),
    call({
      method: "GET",
      path: "/v1/conflicts/:id/evidence",
      summary: "The evidence file of a conflict, or of a record that is in one",
      params: byId,
      reply: evidenceFile,
      timeoutMs: 60_000,
      handle: ({ params }) => answers().conflicts.evidence(params.id as Hex),
    }),
    events({
      path: "/v1/conflicts/events",
      summary: "Conflicts as they are found and move on; Last-Event-ID is a number",
      event: Api.ConflictRow,
      follow({ lastEventId, signal }) {
        const { conflicts, conflictFeed } = answers();
        if (lastEventId !== undefined) conflicts.checkNumber(lastEventId);
        return conflictFeed.follow(lastEventId, signal);
      },
    }),
  ];
}
