/**
 * Strict reading of JSON files that people may have written or changed: every field is taken out by name
 * and checked, and what is left over is refused.
 */
import type { Hex } from "./bytes.ts";
import { Refusal } from "./refusal.ts";

/** What has not been taken out of an object yet. */
export type Fields = Record<string, unknown>;

/** Checks a value and gives it its type. @throws Refusal `malformed` naming the field. */
export type Parse<T> = (value: unknown, field: string) => T;

/** @param what as it is called where it is refused, such as "network file". */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(what, `is not JSON: ${(error as Error).message}`);
  }
}

/** A copy of an object, to take fields out of. */
export function fieldsOf(value: unknown, field: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw bad(field, "is not an object");
  return { ...value };
}

/** Takes a field out, so that what is left over is unknown. */
export function take<T>(fields: Fields, name: string, parse: Parse<T>, path = ""): T {
  const value = fields[name];
  delete fields[name];
  return parse(value, path + name);
}

/** To be called last: nothing may be left over. */
export function end(fields: Fields, field: string): void {
  const [unknown] = Object.keys(fields);
  if (unknown !== undefined) throw bad(field, `has an unknown field ${JSON.stringify(unknown)}`);
}

export const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER): Parse<number> =>
  (value, field) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      throw bad(field, `is not an integer from ${min} to ${max}`);
    }
    return value as number;
  };

/** Exactly so many bytes. */
export const hex =
  (length: number): Parse<Hex> =>
  (value, field) => {
    if (!isHex(value) || value.length !== 2 + 2 * length) {
      throw bad(field, `is not 0x and ${2 * length} lower-case hexadecimal digits`);
    }
    return value;
  };

/** At least one byte and at most so many. */
export const hexUpTo =
  (max: number): Parse<Hex> =>
  (value, field) => {
    if (!isHex(value) || value.length < 4 || value.length % 2 !== 0 || value.length > 2 + 2 * max) {
      throw bad(
        field,
        `is not 0x and pairs of lower-case hexadecimal digits for 1 to ${max} bytes`,
      );
    }
    return value;
  };

export const text =
  (max: number): Parse<string> =>
  (value, field) => {
    if (typeof value !== "string" || value.length > max)
      throw bad(field, `is not a text of at most ${max} characters`);
    return value;
  };

export const list =
  <T>(item: Parse<T>, min: number, max: number): Parse<readonly T[]> =>
  (value, field) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      throw bad(field, `is not a list of ${min} to ${max}`);
    }
    return value.map((each, index) => item(each, `${field}[${index}]`));
  };

export function bad(field: string, problem: string): Refusal {
  return new Refusal("malformed", `${field} ${problem}`);
}

function isHex(value: unknown): value is Hex {
  return typeof value === "string" && /^0x[0-9a-f]*$/.test(value);
}
