/**
 * Packs what a device maker installs: the SDK, the parts of the protocol that it needs, and the conformance
 * kit, as one npm package.
 *
 *     node scripts/pack-device.ts [folder]     dist by default; prints the tarball's path
 *
 * Each file is transpiled by itself and keeps its place; nothing is bundled. So the entries of the package
 * share one `Purse` and one `Refusal`, a maker's bundler leaves out what is not used, `#sha256` and its like are
 * decided where the package runs, and whoever reads or debugs it finds the files of this repository.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

export const PACKAGE = "tallystick-device";

/** What can be imported, and the file it stands for. */
const entries = {
  ".": "device/index.ts",
  "./node": "device/node.ts",
  "./browser": "device/browser/index.ts",
  "./qr": "device/qr/index.ts",
  "./nfc": "device/nfc/index.ts",
  "./adapter": "device/adapter/index.ts",
  "./conformance": "device/conformance/index.ts",
} as const;

/** What can be run. */
const programs = {
  "tallystick-conformance": "device/conformance/bin.ts",
  "tallystick-purse": "device/adapter/software-purse.ts",
} as const;

/** What has two ends: which one is taken is decided by who resolves it. */
const ends = {
  "#hex": { node: "protocol/hex-node.ts", default: "protocol/hex-portable.ts" },
  "#sha256": { node: "protocol/sha256-node.ts", default: "protocol/sha256-portable.ts" },
  "#point": { node: "protocol/point-node.ts", default: "protocol/point-portable.ts" },
  "#argon2": { node: "device/argon2-node.ts", default: "device/argon2-portable.ts" },
} as const;

/** The oldest that has all that is used: `crypto.hash`. */
const NODE_MIN = "20.12";
const TARGET = "es2022";

const root = join(import.meta.dirname, "..");
const { version, license, dependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as { version: string; license: string; dependencies: Record<string, string> };

if (import.meta.main) {
  process.stdout.write(`${await packDevice(resolve(process.argv[2] ?? join(root, "dist")))}\n`);
}

/** @returns the tarball's path, in `folder`; what is in it lies beside it, unpacked. */
export async function packDevice(folder: string): Promise<string> {
  const unpacked = join(folder, PACKAGE);
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  const { files, packages } = await readImports();
  await transpile(files, unpacked);
  declare(unpacked);
  writeFileSync(join(unpacked, "package.json"), json(manifest(packages)));
  cpSync(join(root, "LICENSE"), join(unpacked, "LICENSE"));
  cpSync(join(root, "docs/DEVICE-MAKERS.md"), join(unpacked, "README.md"));
  cpSync(join(root, "docs/SPEC.md"), join(unpacked, "SPEC.md"));
  cpSync(join(root, "test/vectors"), join(unpacked, "vectors"), { recursive: true });
  run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], unpacked);
  return join(folder, `${PACKAGE}-${version}.tgz`);
}

/** Our own files that the entries reach, and the packages that these import. */
async function readImports(): Promise<{ files: string[]; packages: string[] }> {
  const { metafile } = await build({
    entryPoints: [entries, programs, ...Object.values(ends)].flatMap((files) =>
      Object.values(files),
    ),
    absWorkingDir: root,
    bundle: true,
    packages: "external",
    external: Object.keys(ends),
    platform: "node",
    format: "esm",
    outdir: "unused",
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const packages = imports
    .filter(({ path, external }) => external === true && !/^(node:|#)/.test(path))
    .map(({ path }) => /^(@[^/]+\/)?[^/]+/.exec(path)![0]);
  return { files: Object.keys(metafile.inputs), packages: [...new Set(packages)].sort() };
}

/** Maps name the sources as if they lay where the output does, and bring their text. */
async function transpile(files: readonly string[], folder: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [...files],
    absWorkingDir: root,
    outbase: root,
    outdir: root,
    format: "esm",
    target: TARGET,
    sourcemap: "linked",
    write: false,
  });
  for (const { path, text } of outputFiles) {
    const place = join(folder, relative(root, path));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, path.endsWith(".js") ? pointToJs(text) : text);
  }
}

function declare(folder: string): void {
  const project = join(folder, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir: folder,
    // One program declares for Node and for browsers.
    lib: ["es2024", "esnext.array", "dom", "dom.iterable", "dom.asynciterable"],
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
  };
  const files = Object.values(entries).map((file) => join(root, file));
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: [], files };
  writeFileSync(project, json(config));
  run(join(root, "node_modules/.bin/tsc"), ["--project", project], root);
  rmSync(project);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(folder, name);
    writeFileSync(path, pointToJs(readFileSync(path, "utf8")));
  }
}

/** Our own files are named as they are called in the package. */
function pointToJs(text: string): string {
  return text.replace(/((?:\bfrom|\bimport|\bimport\() *"\.[^"\n]*)\.ts"/g, '$1.js"');
}

function manifest(packages: readonly string[]): object {
  return {
    name: PACKAGE,
    version,
    description: "Pay and be paid offline: the purse of Tallystick for phones, cards and terminals",
    license,
    type: "module",
    sideEffects: false,
    engines: { node: `>=${NODE_MIN}` },
    exports: Object.fromEntries(
      Object.entries(entries).map(([name, file]) => [
        name,
        { types: emitted(file, ".d.ts"), default: emitted(file, ".js") },
      ]),
    ),
    imports: Object.fromEntries(
      Object.entries(ends).map(([name, end]) => [
        name,
        { node: emitted(end.node, ".js"), default: emitted(end.default, ".js") },
      ]),
    ),
    bin: Object.fromEntries(
      Object.entries(programs).map(([name, file]) => [name, emitted(file, ".js")]),
    ),
    dependencies: Object.fromEntries(packages.map((name) => [name, dependencies[name]])),
  };
}

function emitted(file: string, extension: ".js" | ".d.ts"): string {
  return `./${file.replace(/\.ts$/, extension)}`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** @returns what it prints. @throws Error with what it says instead. */
function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw new Error(`${program} does not start`, { cause: error });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}:\n${stdout}${stderr}`);
  return stdout;
}
