// npm may have been started by an older Node. It then drops optional packages whose "engines" that
// Node does not meet (@nomicfoundation/edr-*: >=22). Lifecycle scripts already run on the pinned
// Node, so npm, now on it too, adds what is missing.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
try {
  require("@nomicfoundation/edr");
} catch {
  const npm = spawnSync("npm", ["install", "--no-save", "--ignore-scripts", "--no-audit"], {
    stdio: "inherit",
  });
  process.exitCode = npm.status ?? 1;
}
