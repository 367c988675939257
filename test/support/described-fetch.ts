/**
 * fetch for tests of our servers: whatever is asked and answered must be as the server's own OpenAPI document says.
 * What a test asks wrongly on purpose must be turned down; what is answered well must have been asked well.
 */
import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Fetch } from "../../node/service/mutual-fetch.ts";

type Content = Readonly<Record<string, { readonly schema?: object }>>;
export type Parameter = {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: object;
};
export type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
};
export type OpenApi = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

const PROBLEM_TYPE = "application/problem+json";
/** Served, and no part of the API. */
const pages = /^\/(wallet(\/|$)|pay(\/|$)|docs$)/;

const ajv = new Ajv2020({ strict: false, allErrors: true });
/** Texts of paths and queries are what they can be read as. */
const coercing = new Ajv2020({ strict: false, allErrors: true, coerceTypes: true });
const compiled = new WeakMap<object, ValidateFunction>();
/** By origin. */
const documents = new Map<string, Promise<OpenApi>>();
/** By text: a server that starts again describes itself as before, and what was compiled serves on. */
const described = new Map<string, OpenApi>();

/**
 * As fetch. @param by what asks, where a certificate is to be shown.
 * @throws AssertionError where the document says something else.
 */
export async function describedFetch(
  input: string | URL | Request,
  init: RequestInit = {},
  by: Fetch = fetch as Fetch,
): Promise<Response> {
  assert.ok(!(input instanceof Request), "tests ask by address");
  const url = new URL(input);
  const answer = await by(url.href, init as Parameters<Fetch>[1]);
  const method = (init.method ?? "GET").toLowerCase();
  const found =
    findOperation(await documentOf(url.origin, false, by), url.pathname, method) ??
    // Another server may have the port by now.
    findOperation(await documentOf(url.origin, true, by), url.pathname, method);
  const name = `${method.toUpperCase()} ${url.pathname}`;
  if (found === undefined) {
    const isPage = pages.test(url.pathname);
    const isRefused = answer.status >= 400 && answer.status < 500;
    assert.ok(isPage || isRefused, `${name} is answered, and described nowhere`);
    return answer;
  }
  const wrong = requestFault(found, url, init);
  if (wrong !== undefined) {
    assert.ok(answer.status >= 400, `${name} is answered though it is not as described: ${wrong}`);
  }
  return checkAnswer(name, found.operation, answer);
}

/** The document of the server at this origin, asked for once unless `isAnew`. */
export function documentOf(
  origin: string,
  isAnew = false,
  by: Fetch = fetch as Fetch,
): Promise<OpenApi> {
  const known = documents.get(origin);
  if (known !== undefined && !isAnew) return known;
  const asked = by(`${origin}/openapi.json`).then(async (answer) => {
    assert.equal(answer.status, 200, `${origin} does not describe itself`);
    return parsed(await answer.text());
  });
  documents.set(origin, asked);
  asked.catch(() => documents.delete(origin));
  return asked;
}

function parsed(text: string): OpenApi {
  const document = described.get(text) ?? (JSON.parse(text) as OpenApi);
  described.set(text, document);
  return document;
}

type Found = { readonly operation: Operation; readonly params: Readonly<Record<string, string>> };

function findOperation({ paths }: OpenApi, path: string, method: string): Found | undefined {
  for (const [template, methods] of Object.entries(paths)) {
    const operation = methods[method];
    if (operation === undefined) continue;
    const pattern = template.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (match === null) continue;
    const params = Object.entries(match.groups ?? {});
    return {
      operation,
      params: Object.fromEntries(params.map(([name, value]) => [name, decodeURIComponent(value)])),
    };
  }
  return undefined;
}

/** What of a request is not as described. */
function requestFault({ operation, params }: Found, url: URL, init: RequestInit) {
  const headers = new Headers(init.headers);
  for (const { name, in: place, required, schema } of operation.parameters ?? []) {
    const given = {
      path: params[name],
      query: url.searchParams.get(name) ?? undefined,
      header: headers.get(name) ?? undefined,
    }[place];
    if (given === undefined && required) return `${name} is missing`;
    if (given === undefined) continue;
    const holder = { given };
    const fault = faultIn({ properties: { given: schema } }, schema, holder, coercing);
    if (fault !== undefined) return `${name}: ${fault}`;
  }
  if (operation.requestBody === undefined) return undefined;
  const type = headers.get("content-type") ?? "";
  const content = operation.requestBody.content[type];
  if (content === undefined) return `the body is ${type}`;
  if (type !== "application/json") return undefined;
  assert.ok(typeof init.body === "string", "tests send JSON as text");
  const body: unknown = JSON.parse(init.body);
  return faultIn(content.schema!, content.schema!, body);
}

/** The answer, once it is found to be as described; a stream of events is checked as it comes. */
async function checkAnswer(
  name: string,
  { responses }: Operation,
  answer: Response,
): Promise<Response> {
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  const described = type === PROBLEM_TYPE ? responses["default"] : responses[String(answer.status)];
  assert.ok(
    described !== undefined,
    `${name} answers ${answer.status}, which is described nowhere`,
  );
  if (answer.status === 204) return answer;
  const types = Object.entries(described.content ?? {});
  const content = types.find(([each]) => each.split(";")[0] === type)?.[1];
  assert.ok(content !== undefined, `${name} answers with ${type}, which is described nowhere`);
  const { schema = {} } = content;
  if (type === "text/event-stream") return withCheckedEvents(name, schema, answer);
  if (!type.endsWith("json")) return answer;
  const body: unknown = await answer.clone().json();
  check(name, schema, body);
  if (type === PROBLEM_TYPE) {
    assert.equal((body as { status: number }).status, answer.status, `${name}: status`);
  }
  return answer;
}

function withCheckedEvents(name: string, schema: object, answer: Response): Response {
  let rest = "";
  const lines = new TransformStream<string, string>({
    transform(piece, controller) {
      const whole = (rest + piece).split("\n");
      rest = whole.pop()!;
      for (const line of whole) {
        if (line.startsWith("data: ")) check(name, schema, JSON.parse(line.slice(6)));
      }
      controller.enqueue(piece);
    },
  });
  const body = answer
    .body!.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(lines)
    .pipeThrough(new TextEncoderStream());
  return new Response(body, { status: answer.status, headers: answer.headers });
}

function check(name: string, schema: object, value: unknown): void {
  const fault = faultIn(schema, schema, value);
  assert.equal(fault, undefined, `${name} answers what is not as described: ${fault}`);
}

/** @param key under which the compiled schema is kept. */
function faultIn(schema: object, key: object, value: unknown, by = ajv): string | undefined {
  const validate = compiled.get(key) ?? by.compile(schema);
  compiled.set(key, validate);
  return validate(value) ? undefined : by.errorsText(validate.errors);
}
