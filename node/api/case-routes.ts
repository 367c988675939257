/** The route about cases: what has not ended, and what it means. */
import type { CaseEntry } from "../chain/disputes.ts";
import { type CaseContext, explainCase } from "../explain-case.ts";
import { call, type Route } from "../service/route.ts";
import * as Api from "./schema.ts";

export type CaseAnswers = {
  /** Those that have not ended; none where the network has no contract that keeps them. */
  readonly open: () => Api.CaseRow[];
};

export function caseRoutes(answers: () => CaseAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/cases",
      summary: "Cases that have not ended, and what each means in plain words",
      reply: Api.Cases,
      handle: () => ({ cases: answers().open() }),
    }),
  ];
}

export function caseRow(entry: CaseEntry, context: CaseContext): Api.CaseRow {
  const { caseId, kind, status, claimant, accused, amount, deadlineS, argument, answer } = entry;
  return {
    case: caseId,
    kind,
    status,
    claimant,
    accused,
    amount: amount.toString(),
    deadlineS,
    argument,
    answer,
    sentences: explainCase(entry, context),
  };
}
