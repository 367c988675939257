/**
 * Reads what an operator has written: a YAML or JSON file (JSON is YAML) checked against a schema,
 * which states each default once. Every refusal names file, line and column. Nothing else, and no
 * variable of the environment, changes what the file says.
 */
import { type Static, type TProperties, type TSchema, Type } from "typebox";
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { Refusal } from "../../protocol/refusal.ts";
import { readGivenFile } from "./given-file.ts";
import { compileSchema, type Problem, problemText } from "./schema-check.ts";

/** A file longer than this is no configuration of ours. */
const SIZE_MAX = 1024 * 1024;
/** Who has made more mistakes than this mends these first. */
const PROBLEMS_MAX = 20;

/** An object of the schema that takes no other keys and may be left out where all of it has defaults. */
export function section<P extends TProperties>(properties: P, description?: string) {
  return Type.Object(properties, {
    additionalProperties: false,
    default: {},
    ...(description === undefined ? {} : { description }),
  });
}

/** @throws Refusal `bad-configuration`, one line a problem, each `file:line:column: what is wrong`. */
export async function loadConfig<T extends TSchema>(path: string, schema: T): Promise<Static<T>> {
  const bytes = await readGivenFile(path);
  if (bytes.length > SIZE_MAX)
    throw new Refusal("bad-configuration", `${path} is larger than ${SIZE_MAX} bytes`);
  return parseConfig(bytes.toString("utf8"), path, schema);
}

/** As `loadConfig`, of a text. @param name what to call it in a refusal. */
export function parseConfig<T extends TSchema>(source: string, name: string, schema: T): Static<T> {
  const lines = new LineCounter();
  const document = parseDocument(source, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const faults = [...document.errors, ...document.warnings];
  refuseIf(faults.map((fault) => `${at(fault.pos[0])}: ${fault.message}`));
  visit(document, {
    Alias(_, alias) {
      refuseIf([`${at(alias.range![0])}: aliases are not taken: write the value out`]);
    },
  });
  const value: unknown = document.toJS() ?? {};
  const problems = compileSchema(schema, { all: true })(value)
    .map((problem) => ({
      offset: offsetOf(document, problem),
      text: problem.unknownKey === undefined ? problemText(problem) : problem.text,
    }))
    .toSorted((a, b) => a.offset - b.offset);
  refuseIf(problems.map(({ offset, text }) => `${at(offset)}: ${text}`));
  return value as Static<T>;
}

function refuseIf(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const rest = problems.length - PROBLEMS_MAX;
  const shown = problems.slice(0, PROBLEMS_MAX).concat(rest > 0 ? [`and ${rest} more`] : []);
  throw new Refusal("bad-configuration", shown.join("\n"));
}

/** Where the problem lies in the text: at the unknown key, or at the nearest value that is there. */
function offsetOf(document: Document.Parsed<ParsedNode>, { path, unknownKey }: Problem): number {
  let node: ParsedNode | null = document.contents;
  for (const step of path) {
    const next = isMap(node)
      ? pairOf(node, step)?.value
      : isSeq(node)
        ? node.items[Number(step)]
        : null;
    if (next === null || next === undefined) break;
    node = next;
  }
  const key = isMap(node) && unknownKey !== undefined ? pairOf(node, unknownKey)?.key : undefined;
  return (key ?? node)?.range[0] ?? 0;
}

function pairOf(map: YAMLMap.Parsed, name: string) {
  return map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
}
