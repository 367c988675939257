/** `tallystick node`: runs a member's node, or an observer's. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { type NodeConfig, NodeConfigSchema } from "../../node/config.ts";
import { Node } from "../../node/node.ts";
import { loadConfig } from "../../node/service/config-file.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { runService } from "../../node/service/process.ts";
import { type LogLevel, makeLogger, Metrics } from "../../node/service/telemetry.ts";
import { parseNetworkFile } from "../../protocol/network-file.ts";

export function registerNode(program: Command): void {
  program
    .command("node")
    .description("run a member's node, or an observer's, until it is stopped")
    .requiredOption("-c, --config <file>", "what to run: a YAML file (docs/OPERATORS.md)")
    .action(async ({ config: path }: { config: string }) => {
      const config = await loadConfig(path, NodeConfigSchema);
      const at = (file: string) => resolve(dirname(path), file);
      const logger = loggerOf(config, at);
      const node = new Node(await partsOf(config, at, logger), {
        ...config,
        data: at(config.data),
      });
      await runService(
        {
          start: () => node.start(),
          stop: () => node.stop(),
          urls: () => ({ api: node.url }),
          failed: node.failed,
        },
        logger,
      );
    });
}

function loggerOf({ member, log }: NodeConfig, at: (file: string) => string) {
  const name = member === undefined ? "observer" : `node ${member}`;
  const level = log.level as LogLevel;
  return makeLogger({ name, level, ...(log.file === undefined ? {} : { file: at(log.file) }) });
}

async function partsOf(
  config: NodeConfig,
  at: (file: string) => string,
  logger: ReturnType<typeof makeLogger>,
) {
  const { peer, validator, nextValidator, operator } = config.keys;
  const account = (file: string | undefined) =>
    file === undefined ? undefined : loadKeyFile(at(file), "secp256k1");
  return {
    network: parseNetworkFile(await readFile(at(config.network), "utf8")),
    keys: {
      peer: await loadKeyFile(at(peer), "Ed25519"),
      validator: await account(validator),
      nextValidator: await account(nextValidator),
      operator: await account(operator),
    },
    logger,
    metrics: new Metrics({ process: true }),
  };
}
