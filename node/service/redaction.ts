/**
 * What goes into a log: a plain copy, in which secrets are blotted out by the name they bear, at any
 * depth, and bytes show their length alone. Sizes are bounded, so that no log line grows with input.
 */

const REDACTED = "[redacted]";

/** A name that has one of these words in it, in any spelling, bears a secret. */
const SECRET_WORDS = new Set([
  "pin",
  "secret",
  "password",
  "passphrase",
  "passcode",
  "preimage",
  "privatekey",
  "mnemonic",
  "seed",
  "scalar",
  "credential",
  "credentials",
  "authorization",
  "cookie",
  "bearer",
  "apikey",
]);

const DEPTH_MAX = 8;
const ITEMS_MAX = 100;
const TEXT_MAX = 10_000;

/** Whether a field of this name is kept out of logs: `privateKey`, `PRIVATE_KEY`, `userPIN`. */
function isSecretName(name: string): boolean {
  // Words of camelCase, snake_case and SHOUTING.
  const words =
    name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g)?.map((word) => word.toLowerCase()) ?? [];
  return words.some(
    (word, i) => SECRET_WORDS.has(word) || SECRET_WORDS.has(word + (words[i + 1] ?? "")),
  );
}

/** A copy of `fields` that may be logged. */
export function redact(fields: object): Record<string, unknown> {
  return copyFields(fields, DEPTH_MAX);
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === "string")
    return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "[deeper]";
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return copyError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return copyFields(Object.fromEntries(value), depth - 1);
  if (value instanceof Set) return copy([...value], depth);
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => copy(item, depth - 1));
  if ("toJSON" in value && typeof value.toJSON === "function")
    return copy(value.toJSON(), depth - 1);
  return copyFields(value, depth - 1);
}

function copyFields(fields: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(fields).slice(0, ITEMS_MAX);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isSecretName(name) ? REDACTED : copy(value, depth)]),
  );
}

function copyError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = error;
  return {
    name,
    message: copy(message, depth),
    ...copyFields(rest, depth - 1),
    ...(cause === undefined ? {} : { cause: copy(cause, depth - 1) }),
    stack: copy(stack, depth),
  };
}
