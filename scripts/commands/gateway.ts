/** `tallystick gateway`: runs a member's gateway. */
import type { Command } from "commander";
import { GatewayProcess } from "../../gateway/gateway-process.ts";
import { runService } from "../../node/service/process.ts";

export function registerGateway(program: Command): void {
  program
    .command("gateway")
    .description("run a member's gateway, for its devices and its staff, until it is stopped")
    .requiredOption("-c, --config <file>", "what to run: a YAML file (docs/OPERATORS.md)")
    .action(async ({ config }: { config: string }) => {
      const gateway = await GatewayProcess.load(config);
      await runService(
        {
          start: () => gateway.start(),
          stop: () => gateway.stop(),
          urls: () => gateway.urls(),
          get failed() {
            return gateway.failed;
          },
        },
        gateway.logger,
      );
    });
}
