/** The contracts' artifacts, which a deployment reads: compiled where they are missing or out of date. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const build = fileURLToPath(new URL("../build.ts", import.meta.url));

/** @throws Error with what the compiler says. */
export function compileContracts(): void {
  const run = spawnSync(process.execPath, [build, "--deployed"], { encoding: "utf8" });
  if (run.status !== 0)
    throw new Error(`the contracts do not compile:\n${run.stdout}${run.stderr}`);
}
