/** The routes about traces, of a node that keeps the index for them. */
import { Type } from "typebox";
import type { Owner } from "../../protocol/key.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { call, type Route } from "../service/route.ts";
import type { LogPlace } from "../trace/index-rows.ts";
import { parseStart } from "../trace/start.ts";
import type { Traces } from "../trace/trace.ts";
import { OwnerName } from "./schema.ts";
import * as Api from "./trace-schema.ts";

export type TraceAnswers = {
  /** Absent on a node that keeps no index. */
  readonly traces: Pick<Traces, "index" | "tracer" | "records"> | undefined;
  /** The last event folded. */
  readonly seq: () => number;
};

const DEPTH = 8;
const NODES = 128;
const RECORDS = 100;

export function traceRoutes(answers: () => TraceAnswers): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/trace",
      summary: "Where money came from and where it went, as a graph, a page at a time",
      query: Api.TraceQuestion,
      reply: Api.Trace,
      timeoutMs: 60_000,
      handle: ({ query }) => traced(answers(), query),
    }),
    call({
      method: "GET",
      path: "/v1/owners/:owner/records",
      summary:
        "Records that an owner signed or was paid by, the latest first; with another owner, those that both had a part in",
      params: Type.Object({ owner: OwnerName }),
      query: Api.OwnerRecordsQuestion,
      reply: Api.OwnerRecords,
      handle: ({ params, query }) => recordsOf(answers(), params.owner as Owner, query),
    }),
    call({
      method: "GET",
      path: "/v1/flows/:cycle",
      summary: "What the records of a cycle moved between members",
      params: Type.Object({ cycle: Type.Integer({ minimum: 1 }) }),
      reply: Api.Flows,
      async handle({ params: { cycle } }) {
        const { index } = tracesOf(answers());
        const flows = await index.flows(cycle);
        return {
          cycle,
          indexedSeq: index.seq,
          flows: flows.map((flow) => ({ ...flow, amount: flow.amount.toString() })),
        };
      },
    }),
  ];
}

async function traced(answers: TraceAnswers, question: Api.TraceQuestion): Promise<Api.Trace> {
  const { from, direction = "both", depth = DEPTH, limit = NODES, after } = question;
  const { tracer, index } = tracesOf(answers);
  const { starts, next, nodes, edges, forks } = await tracer.trace(parseStart(from), {
    direction,
    depthMax: depth,
    nodesMax: limit,
    after: after === undefined ? undefined : placeOf(after),
  });
  return {
    seq: answers.seq(),
    indexedSeq: index.seq,
    starts: [...starts],
    nodes: nodes.map((node) => present({ ...node, amount: node.amount.toString() })),
    edges: edges.map((edge) => present({ ...edge, amount: edge.amount.toString() })),
    forks: forks.map((fork) => ({
      ...fork,
      amount: fork.amount.toString(),
      records: [...fork.records],
    })),
    ...(next === undefined ? {} : { next: textOf(next) }),
  };
}

async function recordsOf(
  answers: TraceAnswers,
  owner: Owner,
  { with: other, limit = RECORDS, after }: Api.OwnerRecordsQuestion,
): Promise<Api.OwnerRecords> {
  const { records: ofOwners, index } = tracesOf(answers);
  const { records, next } = await ofOwners.page(owner, {
    limit,
    other: other as Owner | undefined,
    after: after === undefined ? undefined : placeOf(after),
  });
  return {
    indexedSeq: index.seq,
    records: records.map(({ outputs, ...record }) =>
      present({
        ...record,
        outputs: outputs.map((output) => ({ ...output, amount: output.amount.toString() })),
      }),
    ),
    ...(next === undefined ? {} : { next: textOf(next) }),
  };
}

/** @throws Refusal `not-found`. */
function tracesOf({ traces }: TraceAnswers): NonNullable<TraceAnswers["traces"]> {
  if (traces !== undefined) return traces;
  throw new Refusal(
    "not-found",
    "this node keeps no index for traces: ask an observer, or set trace.index in its node.yaml",
  );
}

function textOf({ seq, place }: LogPlace): string {
  return `${seq}.${place}`;
}

function placeOf(text: string): LogPlace {
  const [seq, place] = text.split(".").map(Number) as [number, number];
  return { seq, place };
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without what is undefined. */
function present<T extends object>(row: T): Present<T> {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== undefined),
  ) as Present<T>;
}
