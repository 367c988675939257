/**
 * What the page asks of its node. The token comes after # in the link that opens the console, where no server and no
 * log sees it; it is kept for this tab alone, and taken out of the address at once.
 */
import type {
  CaseRow,
  Cases,
  CheckpointRow,
  Coins,
  ConflictExplanation,
  ConflictRow,
  Conflicts,
  EnrolmentRow,
  Explanation,
  FoldedEvent,
  MemberRow,
  NodeStatus,
} from "../api/schema.ts";
import type { Language } from "../../protocol/refusal-words.ts";
import type { Consortium } from "../api/consortium-routes.ts";
import type { DisclosureRow, Disclosures } from "../api/disclosure-routes.ts";
import type { InclusionProof, SettlementProof } from "../api/proof-routes.ts";
import type { Flows, Trace, TraceQuestion } from "../api/trace-schema.ts";

export type {
  CaseRow,
  CheckpointRow,
  Coins,
  ConflictExplanation,
  ConflictRow,
  Consortium,
  DisclosureRow,
  EnrolmentRow,
  Explanation,
  Flows,
  FoldedEvent,
  InclusionProof,
  MemberRow,
  NodeStatus,
  SettlementProof,
  Trace,
};

/** What the node said no with: a problem document's code and text. */
export class ApiProblem extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

const KEPT = "token";

/** Takes the token out of the address, if it came with it. */
export function takeToken(): void {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (token === undefined) return;
  sessionStorage.setItem(KEPT, token);
  history.replaceState(null, "", "#/");
}

export function hasToken(): boolean {
  return sessionStorage.getItem(KEPT) !== null;
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEPT);
}

export const api = {
  status: () => get<NodeStatus>("status"),
  members: () => get<MemberRow[]>("members"),
  consortium: () => get<Consortium>("consortium"),
  checkpoints: () => get<CheckpointRow[]>("checkpoints"),
  flows: (cycle: number) => get<Flows>(`flows/${cycle}`),
  conflicts: async () => (await get<Conflicts>("conflicts")).conflicts,
  conflict: (id: string) => get<ConflictExplanation>(`conflicts/${id}`),
  cases: async (language: Language) => (await get<Cases>(`cases?language=${language}`)).cases,
  disclosures: () => get<Disclosures>("disclosures"),
  explain: (id: string, language: Language) =>
    get<Explanation>(`records/${id}/explain?language=${language}`),
  inclusion: (id: string) => get<InclusionProof>(`records/${id}/inclusion`),
  settlement: (cycle: number) => get<SettlementProof>(`checkpoints/${cycle}/settlement`),
  owner: (owner: string) => get<EnrolmentRow>(`owners/${owner}`),
  coinsOf: (owner: string) => get<Coins>(`owners/${owner}/coins`),
  trace: (question: TraceQuestion) =>
    get<Trace>(
      `trace?${new URLSearchParams(Object.entries(question).map(([name, value]) => [name, String(value)])).toString()}`,
    ),
} as const;

/** Events as the node folds them, from now on, until `signal` ends it or the line is cut. */
export async function* events(signal: AbortSignal): AsyncGenerator<FoldedEvent> {
  const answer = await ask("events", { accept: "text/event-stream" }, signal);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = text
        .slice(0, end)
        .split("\n")
        .find((line) => line.startsWith("data:"));
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data.slice(5)) as FoldedEvent;
    }
  }
}

async function get<T>(path: string): Promise<T> {
  return (await (await ask(path)).json()) as T;
}

/** @throws ApiProblem; TypeError where the node does not answer. */
async function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const authorization = `Bearer ${sessionStorage.getItem(KEPT) ?? ""}`;
  const answer = await fetch(`/v1/${path}`, {
    headers: { ...headers, authorization },
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.ok) return answer;
  const problem = (await answer.json()) as { readonly code?: string; readonly detail?: string };
  throw new ApiProblem(problem.code ?? String(answer.status), problem.detail ?? "");
}
