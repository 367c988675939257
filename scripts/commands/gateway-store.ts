/** `tallystick gateway move-store`: moves a gateway's store from its folder into a database that several share, or back. */
import type { Command } from "commander";
import { loadGatewayConfig } from "../../gateway/config-paths.ts";
import { moveBetween } from "../../gateway/moving/movable-stores.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import { say } from "../report.ts";

type Options = { readonly from: string; readonly to: string; readonly json?: true };

export function registerStore(gateway: Command): void {
  gateway
    .command("move-store")
    .description("move its store from the folder into a database, or back; it is not running")
    .requiredOption("--from <file>", "its configuration, which says where the store is")
    .requiredOption("--to <file>", "its next configuration, which says where the store is to be")
    .option("--json", "one JSON value")
    .addHelpText(
      "after",
      `
Stop all processes of the gateway first. Interrupted, it may be repeated; what it is moved from is kept.

  tallystick gateway move-store --from gateway.yaml --to gateway-shared.yaml
  tallystick gateway --config gateway-shared.yaml`,
    )
    .action(move);
}

async function move({ from, to, json }: Options): Promise<void> {
  const logger = makeLogger({ name: "move-store", level: "warn" });
  const configs = [await loadGatewayConfig(from), await loadGatewayConfig(to)] as const;
  const { entries, digest } = await moveBetween(...configs, logger);
  const lines = [
    `${entries} rows are where ${to} has them, each as it was (SHA-256 ${digest}).`,
    `Start the gateway with ${to}. With ${from} it starts no more; what lies there is kept.`,
  ];
  say({ lines, data: { entries, digest } }, json ?? false);
}
