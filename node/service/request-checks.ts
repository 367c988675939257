/** What is asked of a request before a route hears of it, and the words in which it is turned down. */
import type { TSchema } from "typebox";
import { Refusal } from "../../protocol/refusal.ts";
import { compileSchema, problemText } from "./schema-check.ts";
import { StoreAwayError } from "./store-errors.ts";

/** Checks one part of a request: params, querystring or body. Texts of all but the body are converted. */
export function validator(schema: TSchema, part: string) {
  const problemsOf = compileSchema(schema, { coerce: part !== "body" });
  const name = part === "querystring" ? "query" : part;
  return (value: unknown) => {
    const [problem] = problemsOf(value);
    const text = problem === undefined ? endlessText(value, name) : problemText(problem, name);
    return text === undefined ? { value } : { error: new Refusal("malformed", text) };
  };
}

/** "1e999" becomes Infinity, to which Ajv applies no bounds. JSON has no such number; bytes have none at all. */
function endlessText(value: unknown, name: string): string | undefined {
  if (value instanceof Uint8Array) return undefined;
  // Texts are let be: an id in hexadecimal may well read 12e34567.
  const endless = Object.entries(value ?? {}).find(
    ([, each]) => typeof each === "number" && Math.abs(each) === Infinity,
  );
  return endless === undefined ? undefined : `${name}.${endless[0]} must be finite`;
}

/** @param header Content-Type as it came. */
export function checkMediaType(header: string | undefined, wanted: string): void {
  const given = header?.split(";")[0]?.trim().toLowerCase();
  if (given === wanted) return;
  throw new Refusal(
    "malformed",
    `the body must be ${wanted}${given === undefined ? "" : `, is ${given}`}`,
  );
}

/** The number in a Last-Event-ID header. */
export function eventIdIn(header: string | string[] | undefined): number | undefined {
  if (header === undefined || header === "") return undefined;
  const id = Number(header);
  if (/^\d+$/.test(String(header)) && Number.isSafeInteger(id)) return id;
  throw new Refusal("malformed", "Last-Event-ID is not the number of an event");
}

/**
 * What fastify turns down before our code sees it, in our words, and what has no answer while a database is away;
 * `undefined` for errors of ours.
 */
export function refusalIn(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreAwayError) return new Refusal("unavailable", "the store is away");
  const {
    code = "",
    statusCode = 500,
    message,
  } = error as { code?: string; statusCode?: number; message: string };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new Refusal("too-large", "the body is larger than this route takes");
  // A parameter longer than any of ours never reaches its schema.
  if (statusCode === 414) return new Refusal("malformed", "a part of the path is too long");
  if (code.startsWith("FST_ERR_CTP_") || code === "FST_ERR_BAD_URL" || statusCode === 400) {
    return new Refusal("malformed", message);
  }
  return undefined;
}
