/**
 * The one door to Ajv: checks a value against a schema made with typebox, fills in the defaults that
 * the schema states, and says in plain words what is wrong and where. Values themselves are never
 * repeated in a problem: they may be secrets.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { TSchema } from "typebox";
import { nearest } from "./nearest.ts";

export type Problem = {
  /** From the root to the value that is wrong or missing, or to the object that holds a wrong key. */
  readonly path: readonly string[];
  /** The key of that object which does not belong there. */
  readonly unknownKey?: string;
  /** Without the path. */
  readonly text: string;
};

/** The problem in one line, such as `http.port must be integer, is string`. @param root what is checked. */
export function problemText({ path, text }: Problem, root?: string): string {
  const place = [...(root === undefined ? [] : [root]), ...path].join(".");
  return place === "" ? text : `${place} ${text}`;
}

export type SchemaCheckOptions = {
  /** Finds all problems instead of the first: for operators, not for strangers. */
  readonly all?: boolean;
  /** Takes "7" for 7, as in query strings. */
  readonly coerce?: boolean;
};

/**
 * A function that fills defaults into `value` and returns what is wrong with it: nothing if all is well.
 * The schema is compiled when a value is first checked: most routes of most processes are never asked.
 */
export function compileSchema(
  schema: TSchema,
  options: SchemaCheckOptions = {},
): (value: unknown) => Problem[] {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= compiled(schema, options);
    return validate(value) ? [] : problemsOf(validate.errors ?? []);
  };
}

type Compiler = { readonly ajv: Ajv2020; readonly known: Map<string, ValidateFunction> };
const compilers = new Map<string, Compiler>();

/** Compiled once a process, however often its schema is made again: servers make theirs from their routes. */
function compiled(schema: TSchema, options: SchemaCheckOptions): ValidateFunction {
  const { ajv, known } = compilerFor(options);
  const text = JSON.stringify(schema);
  const found = known.get(text);
  if (found !== undefined) return found;
  // A default of the whole is for whoever holds the schema: Ajv has nowhere to put it.
  const validate = ajv.compile({ ...schema, default: undefined });
  known.set(text, validate);
  return validate;
}

/**
 * The schemas are our own, made by typebox: they are not held against the schema of schemas, whose compiling
 * would take longer than all of theirs.
 */
function compilerFor({ all = false, coerce = false }: SchemaCheckOptions): Compiler {
  const name = `${all} ${coerce}`;
  const found = compilers.get(name);
  if (found !== undefined) return found;
  const ajv = new Ajv2020({
    allErrors: all,
    coerceTypes: coerce,
    useDefaults: true,
    verbose: true,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
  const compiler = { ajv, known: new Map() };
  compilers.set(name, compiler);
  return compiler;
}

function problemsOf(errors: readonly ErrorObject[]): Problem[] {
  // A choice that fails reports each of its branches, too.
  const choices = errors
    .filter((error) => error.keyword === "anyOf")
    .map((error) => `${error.schemaPath}/`);
  return errors
    .filter((error) => !choices.some((choice) => error.schemaPath.startsWith(choice)))
    .map(problemOf);
}

function problemOf(error: ErrorObject): Problem {
  const path = error.instancePath.split("/").slice(1).map(unescape);
  if (error.keyword === "additionalProperties") {
    const { additionalProperty: unknownKey } = error.params as { additionalProperty: string };
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
    const near = nearest(unknownKey, known);
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    return { path, unknownKey, text: `"${unknownKey}" is not known${hint}` };
  }
  if (error.keyword === "required") {
    const { missingProperty } = error.params as { missingProperty: string };
    return { path: [...path, missingProperty], text: "is missing" };
  }
  return { path, text: textOf(error) };
}

function textOf({ keyword, message, schema, parentSchema, data }: ErrorObject): string {
  if (keyword === "type") return `${message}, is ${typeName(data)}`;
  const choices = keyword === "enum" ? (schema as unknown[]) : constantsOf(parentSchema);
  if (choices !== undefined) return `must be one of ${choices.join(", ")}`;
  return message ?? `fails "${keyword}"`;
}

/** The values of a choice among constants. */
function constantsOf(schema: object | undefined): unknown[] | undefined {
  const { anyOf } = (schema ?? {}) as { anyOf?: readonly object[] };
  const constants = anyOf?.flatMap((branch) => ("const" in branch ? [branch.const] : []));
  return constants?.length === anyOf?.length ? constants : undefined;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** A step of a JSON pointer (RFC 6901). */
function unescape(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}
