/**
 * What servers answer besides their own routes: that the process lives, whether it is ready and its metrics, where
 * operators are to find them; and each the description of its routes, for programs and for people.
 */
import { Type } from "typebox";
import { utf8 } from "../../protocol/bytes.ts";
import { NotReady } from "./problem.ts";
import { type OpenApiDocument, referenceHeaders, referencePage } from "./reference-page.ts";
import { call, type Route } from "./route.ts";
import type { Logger, Metrics } from "./telemetry.ts";

/** By name, a function that says why a part is not ready; `undefined` if it is. */
export type ReadinessChecks = Readonly<
  Record<string, () => string | undefined | Promise<string | undefined>>
>;

export type HealthRoutesParts = {
  readonly metrics: Metrics;
  readonly checks: ReadinessChecks;
  readonly logger: Logger;
};

const Health = Type.Object({ status: Type.Literal("ok"), checks: Type.Array(Type.String()) });

export function healthRoutes({ metrics, checks, logger }: HealthRoutesParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/livez",
      summary: "Whether the process runs",
      refusals: [],
      reply: Type.Object({ status: Type.Literal("ok") }),
      handle: () => ({ status: "ok" as const }),
    }),
    call({
      method: "GET",
      path: "/readyz",
      summary: "Whether it can do its work; if not, which part cannot",
      refusals: [],
      reply: Health,
      async handle() {
        const failed = await failures(checks, logger);
        if (Object.keys(failed).length > 0) throw new NotReady(failed);
        return { status: "ok" as const, checks: Object.keys(checks) };
      },
    }),
    call({
      method: "GET",
      path: "/metrics",
      summary: "Metrics in Prometheus's text format",
      refusals: [],
      reply: { contentType: metrics.contentType },
      handle: async () => utf8.encode(await metrics.text()),
    }),
  ];
}

export function descriptionRoutes(openapi: () => object): Route[] {
  return [
    call({
      method: "GET",
      path: "/openapi.json",
      summary: "This description",
      refusals: [],
      reply: Type.Unsafe<object>({ type: "object", additionalProperties: true }),
      handle: () => openapi(),
    }),
    call({
      method: "GET",
      path: "/docs",
      summary: "This description as a page",
      isPage: true,
      reply: { contentType: "text/html; charset=utf-8" },
      headers: referenceHeaders,
      handle: () => utf8.encode(referencePage(openapi() as OpenApiDocument)),
    }),
  ];
}

async function failures(checks: ReadinessChecks, logger: Logger): Promise<Record<string, string>> {
  const results = await Promise.all(
    Object.entries(checks).map(
      async ([name, check]) => [name, await outcome(name, check, logger)] as const,
    ),
  );
  return Object.fromEntries(
    results.filter((result): result is [string, string] => result[1] !== undefined),
  );
}

async function outcome(
  name: string,
  check: ReadinessChecks[string],
  logger: Logger,
): Promise<string | undefined> {
  try {
    return await check();
  } catch (error) {
    logger.error({ err: error, check: name }, "a readiness check failed");
    return "the check failed";
  }
}
