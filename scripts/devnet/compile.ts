/**
 * What a devnet is made of that is no source: the contracts' artifacts, which a deployment reads, and the pages that
 * gateways serve. Made in processes of their own, so that a command loads no compiler.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Compiles the contracts where they are missing or out of date. @throws Error with what the compiler says. */
export function compileContracts(): void {
  run("../build.ts", ["--deployed"], "the contracts do not compile");
}

/** @throws Error with what the bundler says. */
export function bundlePages(): void {
  run("../pages.ts", [], "the pages cannot be bundled");
}

function run(script: string, args: readonly string[], failure: string): void {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${failure}:\n${stdout}${stderr}`);
}
