/** `tallystick node`: runs a member's node, or an observer's. */
import type { Command } from "commander";
import { NodeProcess } from "../../node/node-process.ts";
import { runService } from "../../node/service/process.ts";

export function registerNode(program: Command): void {
  program
    .command("node")
    .description("run a member's node, or an observer's, until it is stopped")
    .requiredOption("-c, --config <file>", "what to run: a YAML file (docs/OPERATORS.md)")
    .action(async ({ config }: { config: string }) => {
      await runService(() => NodeProcess.load(config));
    });
}
