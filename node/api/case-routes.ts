/** The route about cases: what has not ended, and what it means. */
import type { Language } from "../../protocol/refusal-words.ts";
import type { CaseEntry } from "../chain/disputes.ts";
import { type CaseContext, explainCase } from "../explain-case.ts";
import { call, type Route } from "../service/route.ts";
import * as Api from "./schema.ts";

export type CaseAnswers = {
  /** Those that have not ended; none where the network has no contract that keeps them. */
  readonly open: (language?: Language) => Api.CaseRow[];
};

export function caseRoutes(answers: () => CaseAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/cases",
      summary: "Cases that have not ended, and what each means in plain words",
      query: Api.InLanguage,
      reply: Api.Cases,
      handle: ({ query }) => ({ cases: answers().open(query.language) }),
    }),
  ];
}

export function caseRow(entry: CaseEntry, context: CaseContext, language?: Language): Api.CaseRow {
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
    sentences: explainCase(entry, context, language),
  };
}
