/**
 * Writes the types by which clients call a gateway (device/api-client.ts), out of the OpenAPI documents that its
 * listeners for devices, staff and merchants serve. The files are committed; a test compares them with what a gateway serves.
 *
 *     node scripts/api-types.ts
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CustomerRoutesParts,
  customerRoutes,
} from "../gateway/authorization/customer-routes.ts";
import { type ServiceRoutesParts, serviceRoutes } from "../gateway/authorization/service-routes.ts";
import { claimRoutes, type ClaimRoutesParts, claimStaffRoutes } from "../gateway/claims/routes.ts";
import { merchantRoutes, type MerchantRoutesParts } from "../gateway/merchants/merchant-routes.ts";
import {
  type MerchantStaffRoutesParts,
  merchantStaffRoutes,
} from "../gateway/merchants/staff-routes.ts";
import { gatewayRoutes, type RoutesParts } from "../gateway/routes.ts";
import { staffRoutes, type StaffRoutesParts } from "../gateway/staff-routes.ts";
import { webhookRoutes, type WebhookRoutesParts } from "../gateway/webhooks/staff-routes.ts";
import { HttpServer } from "../node/service/http-server.ts";
import type { Route } from "../node/service/route.ts";
import { makeLogger, Metrics } from "../node/service/telemetry.ts";

/** As much of OpenAPI 3.1 as our own documents use. */
type Schema = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
};
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
};
type Operation = {
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
};
export type Described = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

const root = join(import.meta.dirname, "..");

/** The files, and what the type in each is called. */
export const apiFiles = {
  devices: { file: join(root, "device/gateway-api.ts"), name: "GatewayApi" },
  staff: { file: join(root, "gateway/staff-api.ts"), name: "StaffApi" },
  merchants: { file: join(root, "gateway/merchant-api.ts"), name: "MerchantApi" },
} as const;

if (import.meta.main) {
  // No route is called: its parts are not looked at.
  const routes = {
    devices: [
      ...gatewayRoutes({} as RoutesParts),
      ...customerRoutes({} as CustomerRoutesParts),
      ...claimRoutes({} as ClaimRoutesParts),
    ],
    staff: [
      ...staffRoutes({ embedded: {} } as StaffRoutesParts),
      ...serviceRoutes({} as ServiceRoutesParts),
      ...merchantStaffRoutes({} as MerchantStaffRoutesParts),
      ...webhookRoutes({} as WebhookRoutesParts),
      ...claimStaffRoutes({} as ClaimRoutesParts),
    ],
    merchants: merchantRoutes({} as MerchantRoutesParts),
  };
  for (const who of ["devices", "staff", "merchants"] as const) {
    const { file, name } = apiFiles[who];
    writeFileSync(file, formatApi(name, await documentOf(routes[who])));
  }
}

async function documentOf(routes: readonly Route[]): Promise<Described> {
  const logger = makeLogger({ name: "api-types", level: "silent" });
  const parts = { routes, logger, metrics: new Metrics(), isProbed: false };
  const server = new HttpServer(parts, { title: "", version: "", port: 0 });
  return (await server.describe()) as Described;
}

/** The text of a file with one type: each route's parameters, body and reply, by method and path. */
export function formatApi(name: string, { paths }: Described): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const fields = fieldsOf(operation);
      if (fields === undefined) return [];
      const summary = operation.summary === undefined ? "" : `  /** ${operation.summary} */\n`;
      return `${summary}  "${method.toUpperCase()} ${path}": {\n${fields.join("")}  };\n`;
    }),
  );
  return formatted(`/**
 * What a gateway's listener answers to, by route. Written by scripts/api-types.ts out of its OpenAPI document;
 * a test compares it with what a gateway serves.
 */
export type ${name} = {
${routes.join("")}};
`);
}

function formatted(source: string): string {
  const { stdout, stderr, status } = spawnSync(
    join(root, "node_modules/.bin/biome"),
    ["format", "--stdin-file-path", "api.ts"],
    { input: source, encoding: "utf8", cwd: root },
  );
  if (status !== 0) throw new Error(`the types cannot be formatted: ${stderr}`);
  return stdout;
}

/** The lines of a route; undefined for one that a call does not end: a stream of events. */
function fieldsOf({ parameters = [], requestBody, responses }: Operation): string[] | undefined {
  const [content] = Object.entries(responses).flatMap(([status, { content: shapes }]) =>
    status === "default" ? [] : [shapes],
  );
  if (content?.["text/event-stream"] !== undefined) return undefined;
  const places = { params: "path", query: "query" } as const;
  const given = Object.entries(places).flatMap(([field, place]) => {
    const own = parameters.filter((parameter) => parameter.in === place);
    if (own.length === 0) return [];
    const isOptional = own.every(({ required }) => required !== true);
    const types = own.map(({ name, required, schema }) => member(name, schema, required === true));
    return `    ${field}${isOptional ? "?" : ""}: { ${types.join("; ")} };\n`;
  });
  const body =
    requestBody === undefined ? [] : [`    body: ${contentType(requestBody.content)};\n`];
  return [...given, ...body, `    reply: ${contentType(content)};\n`];
}

function contentType(content: Content | undefined): string {
  if (content === undefined) return "undefined";
  const json = content["application/json"];
  return json === undefined ? "Uint8Array" : typeOf(json.schema ?? {});
}

function typeOf(schema: Schema): string {
  const { anyOf, allOf, enum: values } = schema;
  if ("const" in schema) return JSON.stringify(schema.const);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (anyOf !== undefined) return anyOf.map(typeOf).join(" | ");
  if (allOf !== undefined) return allOf.map(typeOf).join(" & ");
  switch (schema.type) {
    case "integer":
    case "number":
      return "number";
    case "boolean":
    case "null":
      return schema.type;
    case "string":
      return schema.pattern?.startsWith("^0x") ? "`0x${string}`" : "string";
    case "array":
      return listOf(schema.items ?? {});
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function listOf(items: Schema): string {
  const type = typeOf(items);
  const isChoice =
    items.enum !== undefined || items.anyOf !== undefined || items.allOf !== undefined;
  return `readonly ${isChoice ? `(${type})` : type}[]`;
}

function objectType({ properties, patternProperties, required = [] }: Schema): string {
  const [values] = Object.values(patternProperties ?? {});
  if (values !== undefined) return `{ readonly [name: string]: ${typeOf(values)} }`;
  if (properties === undefined) return "object";
  const fields = Object.entries(properties).map(([name, schema]) =>
    member(name, schema, required.includes(name)),
  );
  return `{ ${fields.join("; ")} }`;
}

function member(name: string, schema: Schema, isRequired: boolean): string {
  return `readonly ${name}${isRequired ? "" : "?"}: ${typeOf(schema)}`;
}
