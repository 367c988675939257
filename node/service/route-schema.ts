/** A route as fastify checks it and OpenAPI shows it: schemas, an example, and the codes that it refuses with. */
import { type TSchema, Type } from "typebox";
import type { ProblemCode } from "../../protocol/refusal-words.ts";
import { KeyHeader } from "./idempotency-key.ts";
import { PROBLEM_TYPE, Problem } from "./problem.ts";
import { isRaw, type Raw, type Route } from "./route.ts";

/** Bytes, as OpenAPI 3.1 has them: a media type and no schema of JSON. */
const ANY_BYTES = {};

/** What the server itself may say on any route: it is called by a wrong name, it stops, it is late, it is broken. */
const always: readonly ProblemCode[] = ["forbidden", "unavailable", "internal"];

export type RouteTerms = {
  /** Whether callers must say who they are. */
  readonly isAsked?: boolean;
  /** Whether they may name the call by a key of their own. */
  readonly hasKey?: boolean;
};

export function routeSchema(route: Route, terms: RouteTerms = {}): object {
  const { isAsked = false, hasKey = false } = terms;
  const { summary, description, isPage = false, params, query, roles } = route;
  const example = route.kind === "call" ? route.example : undefined;
  return {
    summary,
    hide: isPage,
    ...(isAsked ? { security: [{ token: roles ?? [] }] } : {}),
    ...(description === undefined ? {} : { description }),
    ...(hasKey ? { headers: KeyHeader } : {}),
    ...(params === undefined ? {} : { params: withExamples(params, example?.params) }),
    ...(query === undefined ? {} : { querystring: withExamples(asAsked(query), example?.query) }),
    ...(route.kind === "call" && route.body !== undefined
      ? { body: bodySchema(route.body, example?.body) }
      : {}),
    response: {
      ...replySchema(route),
      default: content("A problem", PROBLEM_TYPE, problemSchema(route, terms)),
    },
  };
}

/** Of each parameter, its part of an example. */
function withExamples(schema: object, example: unknown): object {
  const { properties = {} } = schema as { properties?: Record<string, object> };
  const values = Object.entries((example ?? {}) as Record<string, unknown>);
  const shown = values.map(([name, value]) => [name, { ...properties[name], examples: [value] }]);
  return { ...schema, properties: { ...properties, ...Object.fromEntries(shown) } };
}

function bodySchema(body: TSchema | Raw, example: unknown): object {
  if (isRaw(body)) return { content: { [body.contentType]: { schema: ANY_BYTES } } };
  return { ...asAsked(body), ...exampleOf(example) };
}

/** Whoever asks may leave out what has a default. */
function asAsked(schema: TSchema): TSchema {
  const { properties, required } = schema as {
    properties?: Record<string, { default?: unknown }>;
    required?: string[];
  };
  if (properties === undefined || required === undefined) return schema;
  const demanded = required.filter((name) => properties[name]?.default === undefined);
  return { ...schema, required: demanded } as TSchema;
}

function replySchema(route: Route): object {
  if (route.kind === "events")
    return { 200: content("Events, one at a time", "text/event-stream", route.event) };
  const { reply, status = reply === undefined ? 204 : 200, example } = route;
  if (reply === undefined) return { [status]: Type.Null({ description: "Done" }) };
  if (isRaw(reply)) return { [status]: content("Bytes", reply.contentType, ANY_BYTES) };
  return { [status]: { description: "Done", ...reply, ...exampleOf(example?.reply) } };
}

/** The problem document, with those codes that the route may answer. */
function problemSchema(route: Route, { isAsked, hasKey }: RouteTerms): object {
  if (route.refusals === undefined) return Problem;
  const body = route.kind === "call" ? route.body : undefined;
  const codes = new Set<ProblemCode>([
    ...always,
    ...((route.params ?? route.query ?? body) ? (["malformed"] as const) : []),
    ...(body ? (["too-large"] as const) : []),
    ...(isAsked ? (["unauthorised"] as const) : []),
    ...(hasKey ? (["malformed", "conflict", "busy"] as const) : []),
    ...route.refusals,
  ]);
  const { properties } = Problem;
  const code = { ...properties.code, enum: [...codes].sort() };
  return { ...Problem, properties: { ...properties, code } };
}

function exampleOf(value: unknown): object {
  return value === undefined ? {} : { examples: [value] };
}

function content(description: string, type: string, schema: object): object {
  return { description, content: { [type]: { schema } } };
}
