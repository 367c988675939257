/** A route as fastify checks it and OpenAPI shows it. */
import { type TSchema, Type } from "typebox";
import { PROBLEM_TYPE, Problem } from "./problem.ts";
import { isRaw, type Raw, type Route } from "./route.ts";

/** Bytes, as OpenAPI 3.1 has them: a media type and no schema of JSON. */
const ANY_BYTES = {};

export function routeSchema(route: Route): object {
  const { summary, description, isPage = false, params, query } = route;
  return {
    summary,
    hide: isPage,
    ...(description === undefined ? {} : { description }),
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(route.kind === "call" && route.body !== undefined ? { body: bodySchema(route.body) } : {}),
    response: {
      ...replySchema(route),
      default: content("A problem", PROBLEM_TYPE, Problem),
    },
  };
}

function bodySchema(body: TSchema | Raw): object {
  return isRaw(body) ? { content: { [body.contentType]: { schema: ANY_BYTES } } } : body;
}

function replySchema(route: Route): object {
  if (route.kind === "events")
    return { 200: content("Events, one at a time", "text/event-stream", route.event) };
  const { reply, status = reply === undefined ? 204 : 200 } = route;
  if (reply === undefined) return { [status]: Type.Null({ description: "Done" }) };
  if (isRaw(reply)) return { [status]: content("Bytes", reply.contentType, ANY_BYTES) };
  return { [status]: { description: "Done", ...reply } };
}

function content(description: string, type: string, schema: object): object {
  return { description, content: { [type]: { schema } } };
}
