/** Who imports whom: the graph of the repository's own files, and of the packages they name. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** What each file imports: paths from the repository's root for our own, names for packages. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const folders = ["protocol", "device", "node", "gateway", "web", "scripts", "test"];

/** Every form in which a module is named: static, for its effects, dynamic, as a worker, resolved. */
const forms = [
  /^\s*(?:import|export)\s[^;"']*?\sfrom\s+"([^"]+)"/gm,
  /^\s*import\s+"([^"]+)"/gm,
  /\bimport\(\s*"([^"]+)"/g,
  /\bnew URL\(\s*"(\.[^"]+\.[mc]?[tj]s)"/g,
  /\brequire(?:\.resolve)?\(\s*"([^"]+)"/g,
];

/** @param prepare changes a source before it is read for imports. */
export function readImportGraph(prepare = (source: string) => source): ImportGraph {
  const files = folders.flatMap(sourcesIn).concat("hardhat.config.ts");
  return new Map(
    files.map((file) => [file, importsOf(file, prepare(readFileSync(join(root, file), "utf8")))]),
  );
}

/** A source without what is imported as a type only, which is not there when it runs. */
export function withoutTypes(source: string): string {
  return source.replace(/^\s*(?:import|export)\s+type\s[^;"']*?\sfrom\s+"[^"]+";?$/gm, "");
}

/** What a source text imports, its own files as paths from the root. */
export function importsOf(file: string, source: string): string[] {
  const names = forms.flatMap((form) => [...source.matchAll(form)].map((match) => match[1]!));
  return names.map((name) => (name.startsWith(".") ? posix.join(posix.dirname(file), name) : name));
}

/** A source without the files that it names by URL: workers and processes. */
export function withoutStarted(source: string): string {
  return source.replace(/\bnew URL\(\s*"[^"]+"/g, "");
}

/** All that a file reaches through our own files, by the shortest way there. */
export function reach(graph: ImportGraph, from: string): Map<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[from, [from]]]);
  for (const [file, way] of ways) {
    for (const next of graph.get(file) ?? []) {
      if (!ways.has(next)) ways.set(next, [...way, next]);
    }
  }
  return ways;
}

/** One way round for each file that reaches itself. */
export function cycles(graph: ImportGraph): string[] {
  const found: string[] = [];
  for (const [file, imports] of graph) {
    for (const next of imports) {
      const way = graph.has(next) ? reach(graph, next).get(file) : undefined;
      if (way !== undefined) found.push([file, ...way].join(" → "));
    }
  }
  return found;
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[mc]?[tj]sx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !dirname(file).split("/").includes("dist"));
}
