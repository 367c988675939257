/** What a vector file is made of: good inputs with what they mean, bad ones with how they are refused. */
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** Bytes that decode, and what they decode to. */
export type Good = { readonly name: string; readonly bytes: Hex; readonly expected: unknown };

/** Bytes that are refused, and how: the code, and where it is a matter of form, the field and its offset. */
export type Bad = {
  readonly name: string;
  readonly bytes: Hex;
  readonly expected: { readonly code: string; readonly field?: string; readonly offset?: number };
};

/** The vectors of one format. */
export type Vectors = { readonly good: readonly Good[]; readonly bad: readonly Bad[] };

/** A vector of bytes that decode to the fields given, all of them. */
export function good(name: string, decoded: { readonly bytes: Uint8Array }): Good {
  return { name, bytes: toHex(decoded.bytes), expected: fieldsOf(decoded) };
}

/** What a decoder gives, as JSON carries it. Signed structures keep their encoded form: it is left out. */
export function fieldsOf(decoded: unknown): unknown {
  if (Array.isArray(decoded)) return decoded.map(fieldsOf);
  if (decoded instanceof Uint8Array || typeof decoded !== "object" || decoded === null) {
    return plain(decoded);
  }
  const fields = Object.entries(decoded);
  const isSigned = fields.some(([name]) => /signature$/i.test(name));
  const shown = fields.filter(([name]) => !isSigned || (name !== "bytes" && name !== "body"));
  return Object.fromEntries(shown.map(([name, part]) => [name, fieldsOf(part)]));
}

/** A vector of bytes that `decode` refuses. The vectors are wrong if it takes them. */
export function bad(name: string, input: Uint8Array, decode: (bytes: Uint8Array) => unknown): Bad {
  try {
    decode(input);
  } catch (error) {
    return refused(name, input, error);
  }
  throw new Error(`nothing refuses "${name}"`);
}

/** The same for what has to be opened before it is decoded. */
export async function badAsync(
  name: string,
  input: Uint8Array,
  open: (bytes: Uint8Array) => Promise<unknown>,
): Promise<Bad> {
  try {
    await open(input);
  } catch (error) {
    return refused(name, input, error);
  }
  throw new Error(`nothing refuses "${name}"`);
}

function refused(name: string, input: Uint8Array, error: unknown): Bad {
  if (!(error instanceof Refusal)) throw error;
  return { name, bytes: toHex(input), expected: { code: error.code, ...error.place } };
}

/** A copy with the bytes at `offset` replaced. */
export function patch(input: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const copy = input.slice();
  copy.set(values, offset);
  return copy;
}

/** What any format refuses: every prefix is too short, and one byte more is too long. */
export function badLengths(input: Uint8Array, decode: (bytes: Uint8Array) => unknown): Bad[] {
  return [
    bad("no bytes at all", new Uint8Array(), decode),
    bad("the last byte is missing", input.subarray(0, -1), decode),
    bad("one byte is left over", new Uint8Array([...input, 0]), decode),
  ];
}

/** Plain data that JSON can carry: bytes as hexadecimal, amounts as decimal strings. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}
