/** Values that a JSON Schema of ours allows, for fast-check; and, now and then, values that it does not. */
import fc from "fast-check";

type Schema = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** What may come in place of what is asked for. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.constantFrom("__proto__", "../..", "%00", "0x", "-1", "1e999", "18446744073709551616"),
  fc.constantFrom<unknown>(-1, 2 ** 53, 0.5, null, [], {}),
);

/** Mostly as the schema says. */
export function nearly(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 5, arbitrary: valueOf(schema, nearly) },
    { weight: 1, arbitrary: anything },
  );
}

/** As the schema says. */
export function exactly(schema: Schema): fc.Arbitrary<unknown> {
  return valueOf(schema, exactly);
}

type Inner = (schema: Schema) => fc.Arbitrary<unknown>;

function valueOf(schema: Schema, inner: Inner): fc.Arbitrary<unknown> {
  const { anyOf, allOf, enum: values } = schema;
  if ("const" in schema) return fc.constant(schema.const);
  if (values !== undefined) return fc.constantFrom(...values);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(inner));
  if (allOf !== undefined)
    return fc.tuple(...allOf.map(inner)).map((parts) => Object.assign({}, ...parts) as unknown);
  switch (schema.type) {
    case "string":
      return textOf(schema);
    case "integer":
    case "number":
      return fc.integer({
        min: Math.max(schema.minimum ?? -1000, Number.MIN_SAFE_INTEGER),
        max: Math.min(schema.maximum ?? 1_000_000, Number.MAX_SAFE_INTEGER),
      });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array": {
      const { items = {}, minItems = 0, maxItems = 4 } = schema;
      return fc.array(inner(items), {
        minLength: minItems,
        maxLength: Math.max(minItems, Math.min(maxItems, 4)),
      });
    }
    case "object":
      return objectOf(schema, inner);
    default:
      return anything;
  }
}

function textOf({ pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 200)) });
}

function objectOf({ properties = {}, required = [] }: Schema, inner: Inner): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => [name, inner(schema)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}
