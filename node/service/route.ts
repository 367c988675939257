/**
 * What an HTTP server answers to: schemas for all that comes in and goes out, and a function typed by
 * them. The server checks what comes in before the function sees it, and describes both in OpenAPI.
 */
import type { Static, TSchema } from "typebox";
import type { Hex } from "../../protocol/bytes.ts";
import type { RefusalCode } from "../../protocol/refusal.ts";
import type { ServerEvent } from "./event-stream.ts";

/** Bytes of a media type, in place of JSON. */
export type Raw = { readonly contentType: string };
export const bytes: Raw = { contentType: "application/octet-stream" };

/** What a function takes or gives for a schema. */
export type Value<S> = S extends Raw ? Uint8Array : S extends TSchema ? Static<S> : undefined;

export type RouteRequest<Params, Query, Body> = {
  readonly params: Value<Params>;
  readonly query: Value<Query>;
  readonly body: Value<Body>;
  /** Under mutual TLS, SHA-256 of the certificate that the caller showed. */
  readonly certificate: Hex | undefined;
  /** Where the caller is, as far as that is known (caller-address.ts). */
  readonly address: string;
  /** Aborted when the caller has gone or the time is up. */
  readonly signal: AbortSignal;
};

type Description<Params, Query> = {
  /** Parameters start with a colon: /v1/coins/:owner. */
  readonly path: string;
  /** One line for the OpenAPI document. */
  readonly summary: string;
  readonly description?: string;
  /** Left out of the OpenAPI document: a page, no part of the API. */
  readonly isPage?: true;
  readonly params?: Params;
  /** Texts are converted to what the schema asks for. */
  readonly query?: Query;
  /** Who may, where the listener asks who calls (callers.ts); nobody, if it is not said. */
  readonly roles?: readonly string[];
  /** All that it refuses with, beside what any route may (route-schema.ts). Without it, any code. */
  readonly refusals?: readonly RefusalCode[];
};

/** For those who read the description: a request that is good, and what is answered to it. */
export type Example<Params, Query, Body, Reply> = {
  readonly params?: Value<Params>;
  readonly query?: Partial<Value<Query>>;
  readonly body?: Value<Body>;
  readonly reply?: Value<Reply>;
};

export type RouteDefinition<Params, Query, Body, Reply> = Description<Params, Query> & {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: Body;
  /** Fields of a JSON reply that its schema does not name are left out. Without a reply: 204. */
  readonly reply?: Reply;
  readonly example?: Example<Params, Query, Body, Reply>;
  /** Of the reply; 200 if there is one. */
  readonly status?: number;
  /** Of the reply, beside the server's own or in place of them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Asked before the body is read: who is turned away costs least. @throws Refusal. */
  readonly admit?: () => void;
  /** Instead of the server's bounds. */
  readonly bodyMaxBytes?: number;
  readonly timeoutMs?: number;
  /** @throws Refusal, which is answered as a problem; anything else is answered as our error. */
  readonly handle: (
    request: RouteRequest<Params, Query, Body>,
  ) => Value<Reply> | Promise<Value<Reply>>;
};

export type EventsDefinition<Params, Query, Event extends TSchema> = Description<Params, Query> & {
  /** One event's data. */
  readonly event: Event;
  /**
   * Events after `lastEventId`, or new ones alone where it is absent; ends when `signal` is aborted.
   * See event-feed.ts.
   */
  readonly follow: (
    request: Omit<RouteRequest<Params, Query, undefined>, "body" | "certificate" | "address"> & {
      readonly lastEventId: number | undefined;
    },
  ) => AsyncIterable<ServerEvent<Static<Event>>>;
};

type Any = TSchema | undefined;

export type Route =
  | ({ readonly kind: "call" } & RouteDefinition<
      Any,
      Any,
      TSchema | Raw | undefined,
      TSchema | Raw | undefined
    >)
  | ({ readonly kind: "events" } & EventsDefinition<Any, Any, TSchema>);

/** A call that is answered once. */
export function call<
  Params extends TSchema | undefined = undefined,
  Query extends TSchema | undefined = undefined,
  Body extends TSchema | Raw | undefined = undefined,
  Reply extends TSchema | Raw | undefined = undefined,
>(definition: RouteDefinition<Params, Query, Body, Reply>): Route {
  return { kind: "call", ...definition } as unknown as Route;
}

/** A stream of server-sent events. */
export function events<
  Event extends TSchema,
  Params extends TSchema | undefined = undefined,
  Query extends TSchema | undefined = undefined,
>(definition: EventsDefinition<Params, Query, Event>): Route {
  return { kind: "events", ...definition } as unknown as Route;
}

export function isRaw(shape: TSchema | Raw): shape is Raw {
  return "contentType" in shape;
}
