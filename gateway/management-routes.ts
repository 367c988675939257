/**
 * What the gateway's operators do to it while it runs, beside the probes and metrics of their listener: they say how
 * much it logs, and send its callers elsewhere before they stop it.
 */
import { type Static, Type } from "typebox";
import { call, type Route } from "../node/service/route.ts";
import { type Logger, logLevels } from "../node/service/telemetry.ts";
import type { Listeners } from "./listeners.ts";

const NewLog = Type.Object({ level: Type.Enum(logLevels) }, { additionalProperties: false });
const Log = Type.Object({ level: Type.String() });
const NewDrain = Type.Object({ isDraining: Type.Boolean() }, { additionalProperties: false });
const Drain = Type.Object({
  isDraining: Type.Boolean({ description: "Whether callers are sent elsewhere" }),
  underWay: Type.Integer({
    description: "Requests and streams that are not over, of devices, merchants and staff",
  }),
});

export type DrainState = Static<typeof Drain>;

export type ManagementRoutesParts = {
  readonly logger: Pick<Logger, "level">;
  readonly listeners: Pick<Listeners, "drain" | "draining">;
};

export function managementRoutes({ logger, listeners }: ManagementRoutesParts): Route[] {
  return [
    call({
      method: "GET",
      path: "/v1/log",
      summary: "How much is logged",
      refusals: [],
      example: { reply: { level: "info" } },
      reply: Log,
      handle: () => ({ level: logger.level }),
    }),
    call({
      method: "PUT",
      path: "/v1/log",
      summary: "Says how much is logged, until the gateway is stopped",
      refusals: [],
      example: { body: { level: "debug" }, reply: { level: "debug" } },
      body: NewLog,
      reply: Log,
      handle({ body: { level } }) {
        logger.level = level;
        return { level };
      },
    }),
    call({
      method: "GET",
      path: "/v1/drain",
      summary: "Whether callers are sent elsewhere, and how many are still here",
      refusals: [],
      example: { reply: { isDraining: false, underWay: 2 } },
      reply: Drain,
      handle: () => listeners.draining,
    }),
    call({
      method: "PUT",
      path: "/v1/drain",
      summary: "Sends callers elsewhere, or takes them again",
      description:
        "While it drains, /readyz is not ready, streams end, and connections end with the next answer; what comes all the same is answered.",
      refusals: [],
      example: { body: { isDraining: false }, reply: { isDraining: false, underWay: 0 } },
      body: NewDrain,
      reply: Drain,
      handle({ body: { isDraining } }) {
        listeners.drain(isDraining);
        return listeners.draining;
      },
    }),
  ];
}
