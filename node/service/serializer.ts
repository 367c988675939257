/** How an answer becomes JSON by its schema: what the schema does not name stays inside. */
import buildSerializer, { type Schema } from "fast-json-stringify";

type Serializer = (value: unknown) => string;

/** Built once a process, however often the schema is made again. */
const built = new Map<string, Serializer>();

/** One that is built when it first has to write: most answers of most routes never are. */
export function serializer(schema: unknown): Serializer {
  let serialize: Serializer | undefined;
  return (value) => (serialize ??= builtFor(schema as Schema))(value);
}

function builtFor(schema: Schema): Serializer {
  const text = JSON.stringify(schema);
  const found = built.get(text);
  if (found !== undefined) return found;
  const serialize = buildSerializer(schema);
  built.set(text, serialize);
  return serialize;
}
