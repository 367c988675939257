/**
 * The adapter, built from sources in which every place of a defect can be either way: as it stands, or as
 * the defect has it. The copy is made here; the product has no such choice.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";
import type { Adapter } from "../../../../device/adapter/adapter.ts";
import type { purseBench } from "../../../../device/adapter/benches.ts";
import { root } from "../../../support/imports.ts";
import type { Defect } from "./defects.ts";
import type { MakeAdapter } from "./memory-bench.ts";

export type DefectiveAdapter = {
  readonly makeAdapter: MakeAdapter;
  /** Has this defect from now on; none, if it is not given. */
  choose(name?: string): void;
  /** Whole from now on, and tells of each place at which a defect would have made a difference. */
  watch(differs: (name: string) => void): void;
};

/** What the built file exports. */
type Built = Omit<DefectiveAdapter, "makeAdapter"> & {
  readonly Adapter: typeof Adapter;
  readonly purseBench: typeof purseBench;
};

/** @param folder for the built file. */
export async function buildDefective(
  defects: readonly Defect[],
  folder: string,
): Promise<DefectiveAdapter> {
  const entry = `
    export { Adapter } from "./device/adapter/adapter.ts";
    export { purseBench } from "./device/adapter/benches.ts";`;
  const built = (await import(await buildWith(defects, entry, folder))) as Built;
  return {
    makeAdapter: (bench, cutPower) => new built.Adapter(built.purseBench(bench, cutPower)),
    choose: (name) => built.choose(name),
    watch: (differs) => built.watch(differs),
  };
}

/** @returns the command that runs this SDK's purse with a defect, to be followed by its folder. */
export async function buildDefectiveProgram(defect: Defect, folder: string): Promise<string[]> {
  const entry = `import "./device/adapter/software-purse.ts";`;
  return [process.execPath, await buildWith([defect], entry, folder, defect.name)];
}

/** @returns the path of the built file. */
async function buildWith(
  defects: readonly Defect[],
  entry: string,
  folder: string,
  chosen?: string,
): Promise<string> {
  const outfile = join(folder, "defective.mjs");
  await build({
    stdin: { contents: entry, resolveDir: root },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    banner: { js: `let chosen__ = ${JSON.stringify(chosen)};${CHOICE}` },
    plugins: [
      {
        name: "defects",
        setup: (plugin) =>
          plugin.onLoad({ filter: /\/(device|protocol)\/.*\.ts$/ }, ({ path }) => {
            const file = relative(root, path);
            const here = defects.filter((each) => each.file === file);
            return { contents: spoil(readFileSync(path, "utf8"), here), loader: "ts" };
          }),
      },
    ],
  });
  return outfile;
}

/** What the built file decides by, at its head. */
const CHOICE = `
import { isDeepStrictEqual as isSame__ } from "node:util";
let differs__;
export function choose(name) { chosen__ = name; differs__ = undefined; }
export function watch(differs) { chosen__ = undefined; differs__ = differs; }
function watched__(name, whole, spoilt) { if (!isSame__(whole, spoilt)) differs__(name); return whole; }
`;

function spoil(source: string, defects: readonly Defect[]): string {
  const places = Map.groupBy(defects, ({ expression, followedBy = "" }) => expression + followedBy);
  let text = source;
  for (const [place, here] of places) {
    const { name, file, expression, followedBy = "" } = here[0]!;
    const count = source.split(place).length - 1;
    if (count !== 1) throw new Error(`"${name}": ${file} has ${count} times: ${place}`);
    text = text.replace(place, () => choiceOf(expression, here) + followedBy);
  }
  return text;
}

/** An expression that is as it was, as one of the defects has it, or as it was and watched. */
function choiceOf(expression: string, here: readonly Defect[]): string {
  const ways = here.map(({ name, instead }) => [JSON.stringify(name), `(${instead})`] as const);
  const watched = ways.map(([name, instead]) => `watched__(${name}, (${expression}), ${instead})`);
  const chosen = ways.map(([name, instead]) => `chosen__ === ${name} ? ${instead} : `);
  return `(differs__ ? (${watched.join(", ")}) : ${chosen.join("")}(${expression}))`;
}
